"""The job `files`: a statement's JSON, CSV and PDF, written to the object store before a row names them."""

import asyncio
import hashlib
from functools import partial

from services.paa_billing.jobs.failures import NamedWork
from services.paa_billing.model.issued import FileForm, FileKept, Rendering
from services.paa_billing.settings import Resources
from services.paa_billing.statements import (
    canonical_json,
    digest_of,
    issue_statement,
    read_draft,
    render_csv,
    render_pdf,
)
from services.paa_billing.store import leases, statements
from shared.errors import NextgenError
from shared.messaging.bench import Bench
from shared.messaging.leases import while_extending
from shared.metrics import RENDERINGS_FAILING
from shared.objects import key_for, put_object

FOLDER = "statements"


class StatementChangedError(NextgenError):
    """What the draft becomes now isn't what was issued: its digest is another."""


async def make_next_files(bench: Bench[Resources]) -> bool:
    """Make the files of one statement; no if none waits. Done twice, the same bytes lie at the same keys."""
    claimed = await _claim(bench)
    if claimed is None:
        return False
    with NamedWork("files", statement_id=str(claimed.statement_id), attempts=claimed.attempts):
        files = await while_extending(
            _make(bench, claimed), partial(_extend, bench, claimed), bench.resources.lease_seconds
        )
        async with bench.transaction() as work:
            await statements.insert_files(work.connection, claimed.statement_id, files)
            await statements.delete_rendering(work.connection, claimed.statement_id)
    return True


async def _claim(bench: Bench[Resources]) -> Rendering | None:
    async with bench.transaction() as work:
        claimed = await leases.lease_rendering(work.connection, bench.resources.lease_seconds)
        # Those begun before come last: while there are others, nobody need count.
        if claimed is None or claimed.attempts > 1:
            RENDERINGS_FAILING.set(await leases.count_failing_renderings(work.connection))
    return claimed


async def _extend(bench: Bench[Resources], claimed: Rendering) -> None:
    async with bench.transaction() as work:
        await leases.extend_rendering(work.connection, claimed, bench.resources.lease_seconds)


async def _make(bench: Bench[Resources], claimed: Rendering) -> list[FileKept]:
    canonical = await asyncio.to_thread(_as_issued, claimed)
    processes = bench.resources.processes
    contents: dict[FileForm, bytes] = {
        "json": canonical,
        "csv": await processes.run(render_csv, canonical),
        "pdf": await processes.run(render_pdf, canonical),
    }
    return [await _write(bench, form, content) for form, content in contents.items()]


def _as_issued(claimed: Rendering) -> bytes:
    statement = issue_statement(read_draft(claimed.draft), claimed.number, claimed.issued_at)
    canonical = canonical_json(statement)
    if digest_of(canonical) != claimed.sha256:
        raise StatementChangedError(str(claimed.statement_id))
    return canonical


async def _write(bench: Bench[Resources], form: FileForm, content: bytes) -> FileKept:
    key = key_for(FOLDER, content, form)
    await put_object(bench.resources.objects, key, content)
    return FileKept(form=form, key=key, sha256=hashlib.sha256(content).hexdigest())

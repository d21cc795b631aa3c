"""The job `files`: a statement's JSON, CSV and PDF, written to the object store before a row names them."""

import asyncio
import hashlib

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
from services.paa_billing.store import statements
from shared.errors import NextgenError
from shared.messaging.bench import Bench
from shared.objects import key_for, put_object

LEASE_SECONDS = 300.0
FOLDER = "statements"


class StatementChangedError(NextgenError):
    """What the draft becomes now isn't what was issued: its digest is another."""


async def make_next_files(bench: Bench[Resources]) -> bool:
    """Make the files of one statement; no if none waits. Done twice, the same bytes lie at the same keys."""
    async with bench.transaction() as work:
        claimed = await statements.lease_rendering(work.connection, LEASE_SECONDS)
    if claimed is None:
        return False
    canonical = await asyncio.to_thread(_as_issued, claimed)
    processes = bench.resources.processes
    contents: dict[FileForm, bytes] = {
        "json": canonical,
        "csv": await processes.run(render_csv, canonical),
        "pdf": await processes.run(render_pdf, canonical),
    }
    files = [await _write(bench, form, content) for form, content in contents.items()]
    async with bench.transaction() as work:
        await statements.insert_files(work.connection, claimed.statement_id, files)
        await statements.delete_rendering(work.connection, claimed.statement_id)
    return True


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

"""Issuing: numbers without gaps, statements and their events, a chunk of payers in one transaction."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.paa_billing.jobs.failures import of_payers
from services.paa_billing.model.closes import Close
from services.paa_billing.model.issued import IssuedStatement
from services.paa_billing.settings import Resources
from services.paa_billing.statements import canonical_json, digest_of, issue_statement, read_draft
from services.paa_billing.store import closes, statements
from shared.messages.paa_billing import StatementIssued
from shared.messaging.bench import Bench
from shared.messaging.ids import child_id
from shared.messaging.unit_of_work import UnitOfWork
from shared.money import Cents


async def issue_chunk(bench: Bench[Resources], close: Close) -> bool:
    """Issue the statements of the next payers, always in the same order; no if none is left.

    A chunk's event ids are made from its first payer, so that no two chunks share one: if another worker
    has issued that payer meanwhile, this step does nothing.
    """
    async with bench.transaction() as work:
        first = await closes.list_sealed(work.connection, close.quarter, 1)
    if not first:
        return False
    async with bench.transaction(
        caused_by=close.command_id,
        correlation_id=close.correlation_id,
        step=f"issue {close.quarter} from {first[0]}",
    ) as work:
        await closes.lock_issuing(work.connection)
        payer_ids = await closes.list_sealed(
            work.connection, close.quarter, bench.resources.close_chunk_payers
        )
        if payer_ids[:1] == first:
            with of_payers("issue", close, payer_ids):
                await _issue(work, close, payer_ids)
    return True


async def _issue(work: UnitOfWork[Resources], close: Close, payer_ids: list[UUID]) -> None:
    drafts = await statements.list_drafts(work.connection, close.quarter, payer_ids)
    last_number = await statements.find_last_number(work.connection)
    issued_at = max(work.now, close.cut_off_at)
    issued = await asyncio.to_thread(_issue_all, drafts, close, last_number, issued_at)
    administrators = await statements.list_administrators(work.connection, payer_ids)
    await statements.insert_statements(work.connection, issued)
    await statements.insert_renderings(work.connection, [each.id for each in issued])
    await closes.mark_issued(work.connection, close.quarter, payer_ids)
    for each in issued:
        recipients = administrators.get(each.payer_id, (each.payer_id,))
        work.emit(_announce(each, recipients))


def _issue_all(
    drafts: Mapping[UUID, bytes], close: Close, last_number: int, issued_at: datetime
) -> list[IssuedStatement]:
    return [
        _issue_one(payer_id, draft, close, number, issued_at)
        for number, (payer_id, draft) in enumerate(drafts.items(), start=last_number + 1)
    ]


def _issue_one(
    payer_id: UUID, draft: bytes, close: Close, number: int, issued_at: datetime
) -> IssuedStatement:
    statement = issue_statement(read_draft(draft), number, issued_at)
    return IssuedStatement(
        id=child_id(close.command_id, f"statement of {payer_id}", 0),
        number=number,
        quarter=close.quarter,
        payer_id=payer_id,
        payer_name=statement.payer.name,
        kind=statement.kind,
        total_cents=Cents(statement.totals.charged_cents),
        waived_cents=Cents(statement.totals.waived_cents),
        newly_due_cents=Cents(statement.totals.newly_due_cents),
        balance_cents=Cents(statement.totals.balance_cents),
        due_on=statement.due_on,
        issued_at=issued_at,
        sha256=digest_of(canonical_json(statement)),
    )


def _announce(statement: IssuedStatement, recipient_ids: tuple[UUID, ...]) -> StatementIssued:
    return StatementIssued(
        statement_id=statement.id,
        number=statement.number,
        kind=statement.kind,
        payer_id=statement.payer_id,
        quarter=str(statement.quarter),
        total_cents=statement.total_cents,
        due_cents=statement.due_cents,
        due_on=statement.due_on,
        sha256=statement.sha256,
        recipient_ids=recipient_ids,
    )

"""Handles the decision on a conflict."""

from services.linking.handlers.links import end_link
from services.linking.model import Link
from services.linking.rules.conflicts import decide_conflict, end_by_conflict
from services.linking.rules.looks import uses_of
from services.linking.settings import Resources
from services.linking.store import conflicts, filing_accounts, links
from shared.messages.base import NotAllowed
from shared.messages.linking.conflicts import ConflictNotSettled, ConflictSettled, SettleConflict
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def settle_conflict(
    command: SettleConflict, work: Work
) -> ConflictSettled | ConflictNotSettled | NotAllowed:
    """Leave the filing account with its holder, or end that link; locks filing account, then link."""
    link = await _hold_link(command, work)
    conflict = await conflicts.find_conflict(work.connection, command.conflict_id)

    outcome = decide_conflict(command, work.assertion, conflict, link, work.now)

    if isinstance(outcome, ConflictSettled):
        await _save(outcome, link, command.remark.strip(), work)
    return outcome


async def _hold_link(command: SettleConflict, work: Work) -> Link | None:
    found = await conflicts.find_conflict(work.connection, command.conflict_id)
    if found is None:
        return None
    await filing_accounts.lock_filing_account(work.connection, found.filing_account_id)
    link_id = await conflicts.find_open_link_id(
        work.connection, found.filing_account_id, found.holder_account_id
    )
    link = None if link_id is None else await links.lock_link(work.connection, link_id)
    return link if link is not None and link.unlinked_at is None else None


async def _save(settled: ConflictSettled, link: Link | None, remark: str, work: Work) -> None:
    await conflicts.settle_conflict(work.connection, settled, remark)
    parties = (settled.holder_account_id, settled.claimant_account_id)
    for use in uses_of(parties, work.assertion, settled.court_id, "settle_conflict", work.now):
        work.emit(use)
    end = end_by_conflict(settled, link, remark, work.now)
    if end is not None:
        await end_link(end, work)
        work.emit(end)

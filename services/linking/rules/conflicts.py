"""Decides on conflicts: whose a filing account is, that two people claim."""

from datetime import datetime

from services.linking.model import Link
from services.linking.model.cases import Conflict
from services.linking.rules.courts import why_not_staff
from services.linking.rules.links import ended
from shared.assertion import Assertion
from shared.messages.base import NotAllowed
from shared.messages.linking import FilingAccountUnlinked
from shared.messages.linking.conflicts import ConflictNotSettled, ConflictSettled, SettleConflict


def decide_conflict(
    command: SettleConflict, assertion: Assertion, conflict: Conflict | None, link: Link | None, now: datetime
) -> ConflictSettled | ConflictNotSettled | NotAllowed:
    """What staff decided; a conflict whose holder has no link any more is settled by that."""
    if assertion.generation == "legacy":
        return NotAllowed(reason="upgrade_first")
    if conflict is None or not assertion.holds("court_staff", conflict.court_id):
        return ConflictNotSettled(reason="conflict_not_found")
    if (not_allowed := why_not_staff(assertion, conflict.court_id)) is not None:
        return not_allowed
    if assertion.account_id in (conflict.holder_account_id, conflict.claimant_account_id):
        return NotAllowed(reason="not_yours")
    if conflict.settled_at is not None or link is None:
        return ConflictNotSettled(reason="already_settled")
    if not command.remark.strip():
        return ConflictNotSettled(reason="remark_missing")
    return ConflictSettled(
        conflict_id=conflict.id,
        court_id=conflict.court_id,
        filing_account_id=conflict.filing_account_id,
        role=link.role,
        holder_account_id=conflict.holder_account_id,
        claimant_account_id=conflict.claimant_account_id,
        decision=command.decision,
        settled_at=now,
        actor_account_id=assertion.account_id,
    )


def end_by_conflict(
    settled: ConflictSettled, link: Link | None, remark: str, now: datetime
) -> FilingAccountUnlinked | None:
    """The end of the holder's link, if that was decided."""
    if link is None or settled.decision != "unlink_holder":
        return None
    return ended(link, now, by_court=True, remark=remark, actor_account_id=settled.actor_account_id)

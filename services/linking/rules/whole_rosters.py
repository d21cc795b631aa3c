"""Decides when a court's whole roster may be loaded and when it is finished, and who is told of it."""

from datetime import datetime
from functools import partial
from uuid import UUID

from services.linking.model.rosters import LinkedLogin, Roster
from shared.messages.linking import (
    FilingAccountGone,
    FilingAccountReturned,
    FinishRoster,
    FinishRosterByOperator,
    RosterCounts,
    RosterFinished,
    RosterNotFinished,
    RosterNotOpen,
)

LAST_LINE = 10_000_000
ALWAYS_MAY_GO = 10
"""So many filing accounts may go with any roster: a share of few is nobody."""


def own_roster(roster: Roster | None, court_id: str, roster_id: UUID) -> Roster | RosterNotOpen:
    """The court's roster, open or not; whatever is another court's is not there."""
    if roster is None or roster.court_id != court_id:
        return RosterNotOpen(roster_id=roster_id, reason="not_found")
    return roster


def open_roster(roster: Roster | None, court_id: str, roster_id: UUID) -> Roster | RosterNotOpen:
    """The court's roster, if more of it may be loaded."""
    found = own_roster(roster, court_id, roster_id)
    if isinstance(found, RosterNotOpen) or found.state == "open":
        return found
    return RosterNotOpen(roster_id=roster_id, reason=found.state)


def decide_finish(
    command: FinishRoster | FinishRosterByOperator,
    roster: Roster,
    counts: RosterCounts,
    present: int,
    unnamed_present: int,
    percent: int,
) -> RosterNotFinished | None:
    """Why a roster stays open, or None.

    `present`: the court's filing accounts that aren't gone; `unnamed_present`: those that the roster doesn't
    name. A file that lost its end looks complete to who reads it, so that many may not go unasked.
    """
    going = 0 if counts.unnamed else unnamed_present
    may_go = max(ALWAYS_MAY_GO, present * percent // 100)
    refused = partial(
        RosterNotFinished, roster_id=roster.id, rows_seen=counts.rows, would_be_gone=unnamed_present
    )
    if command.row_count == 0:
        return refused(reason="no_rows")
    if command.row_count != counts.rows:
        return refused(reason="rows_missing")
    if going > may_go and not command.is_large_removal_meant:
        return refused(reason="too_many_gone")
    return None


def finished(
    roster: Roster, counts: RosterCounts, gone: int, gone_while_linked: int, actor: UUID | None, now: datetime
) -> RosterFinished:
    """The end of a roster."""
    return RosterFinished(
        roster_id=roster.id,
        court_id=roster.court_id,
        counts=counts,
        gone=gone,
        gone_while_linked=gone_while_linked,
        finished_at=now,
        actor_account_id=actor,
        remark=roster.remark,
    )


def gone(link: LinkedLogin, court_id: str, actor: UUID | None, now: datetime) -> FilingAccountGone:
    """A linked filing account that its court's roster doesn't name any more."""
    return FilingAccountGone(
        link_id=link.link_id,
        account_id=link.account_id,
        court_id=court_id,
        filing_account_id=link.filing_account_id,
        role=link.role,
        gone_at=now,
        actor_account_id=actor,
    )


def returned(link: LinkedLogin, court_id: str, actor: UUID | None, now: datetime) -> FilingAccountReturned:
    """A linked filing account that had gone and is named again."""
    return FilingAccountReturned(
        link_id=link.link_id,
        account_id=link.account_id,
        court_id=court_id,
        filing_account_id=link.filing_account_id,
        role=link.role,
        returned_at=now,
        actor_account_id=actor,
    )

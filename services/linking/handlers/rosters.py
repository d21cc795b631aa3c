"""Handles whole rosters: where one begins and ends, and what its court may see of it."""

from uuid import UUID

from services.linking.model.rosters import Roster
from services.linking.rules.courts import why_not_staff
from services.linking.rules.whole_rosters import decide_finish, finished, gone, open_roster, own_roster
from services.linking.settings import Resources
from services.linking.store import codes, proofs, rosters
from shared.messages.base import NotAllowed
from shared.messages.linking import (
    BeginRoster,
    BeginRosterByOperator,
    FinishRoster,
    FinishRosterByOperator,
    RosterBegun,
    RosterCounts,
    RosterFinished,
    RosterNotFinished,
    RosterNotOpen,
    RosterProgress,
    RosterRefusalPage,
    RosterRefusals,
    RosterRefused,
    RosterShown,
)
from shared.messages.linking.rosters import ROWS_A_PAGE
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def begin_roster(command: BeginRoster, work: Work) -> RosterBegun | RosterRefused | NotAllowed:
    """Begin a roster of the asker's court."""
    if (refusal := why_not_staff(work.assertion, command.court_id)) is not None:
        return refusal
    return await _begin(command.court_id, work.assertion.account_id, "", work)


async def begin_roster_by_operator(command: BeginRosterByOperator, work: Work) -> RosterBegun | RosterRefused:
    """Begin a roster that a court has handed over."""
    return await _begin(command.court_id, None, command.remark, work)


async def finish_roster(
    command: FinishRoster, work: Work
) -> RosterFinished | RosterNotFinished | RosterNotOpen | NotAllowed:
    """Finish a roster of the asker's court."""
    if (refusal := why_not_staff(work.assertion, command.court_id)) is not None:
        return refusal
    return await _finish(command, work.assertion.account_id, work)


async def finish_roster_by_operator(
    command: FinishRosterByOperator, work: Work
) -> RosterFinished | RosterNotFinished | RosterNotOpen:
    """Finish a roster that a court has handed over."""
    return await _finish(command, None, work)


async def roster_progress(query: RosterProgress, work: Work) -> RosterShown | RosterNotOpen | NotAllowed:
    """How far a roster is."""
    if (refusal := why_not_staff(work.assertion, query.court_id)) is not None:
        return refusal
    found = await rosters.find_roster(work.connection, query.roster_id)
    roster = own_roster(found, query.court_id, query.roster_id)
    if isinstance(roster, RosterNotOpen):
        return roster
    return RosterShown(
        roster_id=roster.id,
        court_id=roster.court_id,
        state=roster.state,
        begun_at=roster.begun_at,
        counts=roster.counts or await rosters.count_rows(work.connection, roster.id),
        gone=roster.gone_count,
    )


async def roster_refusals(
    query: RosterRefusals, work: Work
) -> RosterRefusalPage | RosterNotOpen | NotAllowed:
    """A page of the rows that were refused."""
    if (refusal := why_not_staff(work.assertion, query.court_id)) is not None:
        return refusal
    found = await rosters.find_roster(work.connection, query.roster_id)
    roster = own_roster(found, query.court_id, query.roster_id)
    if isinstance(roster, RosterNotOpen):
        return roster
    rows = await rosters.list_refusals(work.connection, roster.id, query.after_line, ROWS_A_PAGE + 1)
    return RosterRefusalPage(
        roster_id=roster.id, refused=rows[:ROWS_A_PAGE], has_more=len(rows) > ROWS_A_PAGE
    )


async def _begin(court_id: str, actor: UUID | None, remark: str, work: Work) -> RosterBegun | RosterRefused:
    if not await rosters.lock_beginning(work.connection, court_id):
        return RosterRefused(reason="court_not_known")
    if (before := await rosters.lock_open_roster(work.connection, court_id)) is not None:
        await rosters.replace_roster(work.connection, before, work.now)
        await rosters.delete_rows(work.connection, before)
    await rosters.delete_refusals_of_court(work.connection, court_id)
    roster = Roster(
        id=work.new_id(),
        court_id=court_id,
        begun_at=work.now,
        begun_by_account_id=actor,
        remark=remark,
        state="open",
        ended_at=None,
        counts=None,
        gone_count=None,
    )
    await rosters.insert_roster(work.connection, roster)
    return RosterBegun(roster_id=roster.id, court_id=court_id)


async def _finish(
    command: FinishRoster | FinishRosterByOperator, actor: UUID | None, work: Work
) -> RosterFinished | RosterNotFinished | RosterNotOpen:
    roster = open_roster(
        await rosters.lock_roster(work.connection, command.roster_id), command.court_id, command.roster_id
    )
    if isinstance(roster, RosterNotOpen):
        return roster
    counts = await rosters.count_rows(work.connection, roster.id)
    present, unnamed = await rosters.count_unnamed(work.connection, roster.court_id, roster.id)
    percent = work.resources.policies.linking.roster_gone_percent

    refused = decide_finish(command, roster, counts, present, unnamed, percent)

    if refused is not None:
        return refused
    return await _settle(roster, counts, actor, work)


async def _settle(roster: Roster, counts: RosterCounts, actor: UUID | None, work: Work) -> RosterFinished:
    """Mark who is gone, unless a row that couldn't be read may be theirs."""
    dropped: list[UUID] = []
    if not counts.unnamed:
        dropped = await rosters.mark_gone(work.connection, roster.court_id, roster.id, work.now)
    await proofs.end_proofs(work.connection, dropped, work.now)
    await codes.end_codes(work.connection, dropped, work.now)
    links = await rosters.list_open_links(work.connection, dropped)
    for link in links:
        work.emit(gone(link, roster.court_id, actor, work.now))
    outcome = finished(roster, counts, len(dropped), len(links), actor, work.now)
    await rosters.finish_roster(work.connection, outcome)
    await rosters.delete_rows(work.connection, roster.id)
    return outcome

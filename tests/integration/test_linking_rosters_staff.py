"""Who loads a court's roster and sees what came of it: its staff, and the operator who is handed a file."""

from uuid import uuid4

import pytest

from shared.messages.base import NotAllowed
from shared.messages.linking import (
    BeginRoster,
    BeginRosterByOperator,
    FinishRoster,
    FinishRosterByOperator,
    LoadRosterByOperator,
    RosterBegun,
    RosterFinished,
    RosterLoaded,
    RosterNotOpen,
    RosterProgress,
    RosterRefusals,
    RosterRefused,
)
from shared.messaging.ids import new_id
from tests.integration.linking_builders import COURT, Make, a_roster, a_row, a_workplace, staff
from tests.integration.roster_builders import begun
from tests.messaging import Workplace, an_assertion


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def test_the_operator_loads_what_a_court_hands_over(place: Workplace) -> None:
    piece = a_roster(place.clock(), a_row())
    start = BeginRosterByOperator(court_id=COURT, remark="root@ops: by courier from the clerk")
    message_id = new_id(place.clock())

    roster = await place.send(start, sender="operator", message_id=message_id)
    again = await place.send(start, sender="operator", message_id=message_id)
    load = LoadRosterByOperator(
        court_id=COURT, roster_id=roster.roster_id, rows=piece.rows, verifiers=piece.verifiers
    )
    loaded = await place.send(load, sender="operator")
    finish = FinishRosterByOperator(court_id=COURT, roster_id=roster.roster_id, row_count=1)
    finished = await place.send(finish, sender="operator")

    assert isinstance(roster, RosterBegun)
    assert again == roster
    assert isinstance(loaded, RosterLoaded)
    assert (finished.actor_account_id, finished.remark) == (None, start.remark)
    assert await place.emitted(RosterFinished) == [finished]
    assert await place.send(finish, sender="operator") == RosterNotOpen(
        roster_id=roster.roster_id, reason="finished"
    )
    nowhere = BeginRosterByOperator(court_id="zzbk", remark="x")
    assert await place.send(nowhere, sender="operator") == RosterRefused(reason="court_not_known")


async def test_a_roster_is_its_own_courts_alone(place: Workplace) -> None:
    whole = await begun(place)
    mine, theirs = staff(place, "waebk"), whole.roster_id
    asked = (
        FinishRoster(court_id="waebk", roster_id=theirs, row_count=0),
        RosterProgress(court_id="waebk", roster_id=theirs),
        RosterRefusals(court_id="waebk", roster_id=theirs),
        a_roster(place.clock(), a_row(), court_id="waebk", roster_id=theirs),
        RosterProgress(court_id="waebk", roster_id=uuid4()),
    )

    answers = [await place.send(message, by=mine) for message in asked]
    by_strangers = [
        await place.send(message, by=an_assertion("linking"))
        for message in (*asked, BeginRoster(court_id="waebk"))
    ]

    assert {type(answer) for answer in answers} == {RosterNotOpen}
    assert {answer.reason for answer in answers} == {"not_found"}
    assert by_strangers == [NotAllowed(reason="role_missing")] * 6
    assert await place.pool.fetchval("SELECT count(*) FROM filing_accounts") == 0


async def test_staff_see_progress_and_read_refused_rows_in_pages(place: Workplace) -> None:
    whole = await begun(place)
    wrong = [{"line": line, "field": "", "reason": "is not CSV"} for line in range(2, 602)]
    for start in range(0, 600, 200):
        await whole.load(unreadable=tuple(wrong[start : start + 200]))

    first = await whole.refusals()
    second = await whole.refusals(first.refused[-1].line)
    shown = await whole.shown()

    assert (len(first.refused), first.has_more, len(second.refused), second.has_more) == (
        500,
        True,
        100,
        False,
    )
    assert [row.line for row in (*first.refused, *second.refused)] == list(range(2, 602))
    assert (shown.state, shown.counts.refused, shown.gone) == ("open", 600, None)
    await whole.finish(600)
    assert ((await whole.shown()).state, (await whole.shown()).gone) == ("finished", 0)
    await begun(place)
    assert (await whole.refusals()).refused == ()

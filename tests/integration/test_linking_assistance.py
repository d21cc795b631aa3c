"""Assistance sessions: a court offers, moves and calls them off, and everyone booked is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.messages.base import NotAllowed
from shared.messages.linking import CourtNotFound
from shared.messages.linking.assistance import (
    AssistanceSessionCancelled,
    AssistanceSessionChanged,
    CancelAssistanceSession,
    ChangeAssistanceSession,
    ListAssistanceSessions,
    ScheduleAssistanceSession,
)
from tests.integration.assistance_builders import (
    GUAM,
    TEN,
    TEN_AT,
    a_session,
    book,
    booked,
    cancel,
    change,
    listed,
    refused,
    schedule,
)
from tests.integration.linking_builders import COURT, Make, a_workplace, somebody, staff
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def test_a_session_is_at_the_courts_own_time_and_anybody_with_an_account_sees_it(
    place: Workplace,
) -> None:
    here, guam = await a_session(place), await a_session(place, GUAM)
    who = somebody(place, generation="legacy", email_verified=False)

    (shown,) = await listed(place, who)

    assert (here.starts_at, guam.starts_at) == (TEN_AT, datetime(2024, 2, 21, 0, 0, tzinfo=UTC))
    assert (shown.place, shown.capacity, shown.places_left, shown.booking_id) == ("Room 2", 5, 5, None)
    assert shown.starts_at == TEN_AT


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"local_time": "2024-03-10T02:30"}, "time_does_not_exist"),
        ({"local_time": "2024-02-01T13:00"}, "in_the_past"),
        ({"court_id": "zzbk"}, "court_not_known"),
    ],
)
async def test_a_session_that_cannot_be_is_refused(
    place: Workplace, how: dict[str, Any], reason: str
) -> None:
    assert await schedule(place, **how, by=staff(place, None)) == refused(reason)


async def test_only_the_courts_own_staff_with_a_second_factor_schedule_change_and_cancel(
    place: Workplace,
) -> None:
    session = await a_session(place)
    ids = {"court_id": COURT, "assistance_session_id": session.assistance_session_id}
    commands = (
        ScheduleAssistanceSession(court_id=COURT, local_time=TEN, place="Here", capacity=1),
        ChangeAssistanceSession(**ids, capacity=1),
        CancelAssistanceSession(**ids),
    )
    askers = (somebody(place), staff(place, "nyebk"), staff(place, level=1))

    answers = [[await place.send(command, by=by) for command in commands] for by in askers]
    elsewhere = ChangeAssistanceSession(**{**ids, "court_id": "nyebk"}, capacity=1)
    through_another = await place.send(elsewhere, by=staff(place, "nyebk"))

    missing, low = NotAllowed(reason="role_missing"), NotAllowed(reason="session_level_too_low")
    assert answers == [[missing] * 3, [missing] * 3, [low] * 3]
    assert through_another == refused("session_not_found")


async def test_a_session_that_is_moved_keeps_its_bookings_and_tells_everyone_booked(
    place: Workplace,
) -> None:
    session, people = await a_session(place), [somebody(place) for _ in range(3)]
    for who in people:
        await booked(place, who, session)

    moved = await change(place, session, local_time="2024-02-23T14:00", place="Room 7")
    larger = await change(place, session, capacity=9)

    ids = tuple(sorted(who.account_id for who in people))
    assert isinstance(moved, AssistanceSessionChanged)
    assert (moved.starts_at, moved.place) == (datetime(2024, 2, 23, 19, 0, tzinfo=UTC), "Room 7")
    assert (moved.recipient_ids, larger.recipient_ids) == (ids, ())
    assert await place.emitted(AssistanceSessionChanged) == [moved, larger]
    (shown,) = await listed(place, people[0])
    assert (shown.starts_at, shown.place, shown.places_left) == (moved.starts_at, "Room 7", 6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"capacity": 1}, "fewer_places_than_bookings"),
        ({"local_time": "2024-03-10T02:30"}, "time_does_not_exist"),
        ({"local_time": "2024-01-10T02:30"}, "in_the_past"),
        ({"capacity": 5, "place": "Room 2", "local_time": TEN}, "nothing_to_change"),
        ({}, "nothing_to_change"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(
    place: Workplace, changes: dict[str, Any], reason: str
) -> None:
    session = await a_session(place)
    for _ in range(2):
        await booked(place, somebody(place), session)

    assert await change(place, session, **changes) == refused(reason)


async def test_a_session_that_is_called_off_tells_everyone_booked_and_frees_them(place: Workplace) -> None:
    session, people = await a_session(place), [somebody(place) for _ in range(3)]
    for who in people:
        await booked(place, who, session)

    called_off = await cancel(place, session)

    assert isinstance(called_off, AssistanceSessionCancelled)
    assert called_off.recipient_ids == tuple(sorted(who.account_id for who in people))
    assert await place.emitted(AssistanceSessionCancelled) == [called_off]
    not_found = refused("session_not_found")
    assert await cancel(place, session) == await book(place, people[0], session) == not_found
    assert await listed(place, people[0]) == ()
    await booked(place, people[0], await a_session(place))


async def test_a_court_that_is_not_known_lists_nothing(place: Workplace) -> None:
    missing = await place.send(ListAssistanceSessions(court_id="zzbk"), by=somebody(place))

    assert missing == CourtNotFound(court_id="zzbk")

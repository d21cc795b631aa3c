"""Places in assistance sessions: one for a person and court, and never more than there are."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import asyncpg
import pytest

from shared.messages.accounts import AccountErased
from shared.messages.linking.assistance import (
    AssistanceSessionBooked,
    BookingCancelled,
    CancelBooking,
)
from tests.integration.assistance_builders import (
    GUAM,
    TEN_AT,
    a_session,
    again,
    book,
    booked,
    cancel,
    change,
    listed,
    refused,
)
from tests.integration.linking_builders import Make, a_workplace, account_changed, somebody
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def at_once(*asked: Coroutine[Any, Any, Any]) -> list[Any]:
    """Do all at the same time, and answer what comes of each."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in asked]
    return [task.result() for task in tasks]


async def test_a_legacy_account_books_a_place_for_help_with_upgrading(place: Workplace) -> None:
    session = await a_session(place)
    legacy = somebody(place, generation="legacy", email_verified=False, level=1)

    booking = await booked(place, legacy, session)

    assert (booking.account_id, booking.starts_at, booking.place) == (legacy.account_id, TEN_AT, "Room 2")
    assert await place.emitted(AssistanceSessionBooked) == [booking]
    (shown,) = await listed(place, legacy)
    assert (shown.places_left, shown.booking_id) == (4, booking.booking_id)


async def test_a_person_books_one_session_at_a_court_and_others_at_others(place: Workplace) -> None:
    who = somebody(place)
    first, second = await a_session(place), await a_session(place, local_time="2024-02-22T10:00")
    guam = await a_session(place, GUAM)
    await booked(place, who, first)

    assert await book(place, who, first) == refused("already_booked_at_court")
    assert await book(place, who, second) == refused("already_booked_at_court")
    await booked(place, who, guam)
    place.clock.now = TEN_AT
    await booked(place, again(place, who), second)


async def test_who_books_twice_at_once_has_one_place(place: Workplace) -> None:
    who = somebody(place)
    sessions = [await a_session(place, local_time=f"2024-02-2{day}T10:00") for day in range(1, 6)]

    answers = await at_once(*(book(place, who, session) for session in sessions))

    assert sum(isinstance(answer, AssistanceSessionBooked) for answer in answers) == 1
    assert answers.count(refused("already_booked_at_court")) == 4


async def test_twenty_people_at_once_get_the_five_places_there_are(place: Workplace) -> None:
    session = await a_session(place, capacity=5)
    people = [somebody(place) for _ in range(20)]

    answers = await at_once(*(book(place, who, session) for who in people))

    assert sum(isinstance(answer, AssistanceSessionBooked) for answer in answers) == 5
    assert answers.count(refused("no_place_left")) == 15
    assert [shown.places_left for shown in await listed(place, people[0])] == [0]


async def test_the_database_itself_holds_the_capacity(place: Workplace) -> None:
    session = await a_session(place, capacity=1)
    await booked(place, somebody(place), session)

    with pytest.raises(asyncpg.CheckViolationError):
        await place.pool.execute("UPDATE assistance_sessions SET booked_count = booked_count + 1")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"status": "deactivated"}, "account_not_active"), ({"kind": "paa"}, "not_an_individual")],
)
async def test_who_is_no_active_individual_books_nothing(
    place: Workplace, changes: dict[str, Any], reason: str
) -> None:
    session, who = await a_session(place), somebody(place)
    await place.send(account_changed(who.account_id, version=2, **changes))

    assert await book(place, who, session) == refused(reason)


async def test_a_place_that_is_given_back_is_free_again(place: Workplace) -> None:
    session, first, second = await a_session(place, capacity=1), somebody(place), somebody(place)
    booking = await booked(place, first, session)
    give_back = CancelBooking(booking_id=booking.booking_id)

    by_another = await place.send(give_back, by=second)
    given_back = await place.send(give_back, by=first)
    once_more = await place.send(give_back, by=first)

    assert by_another == refused("booking_not_found")
    assert isinstance(given_back, BookingCancelled)
    assert await place.emitted(BookingCancelled) == [given_back]
    assert once_more == refused("booking_over")
    await booked(place, second, session)


async def test_a_session_that_has_begun_is_neither_booked_nor_given_back_nor_changed(
    place: Workplace,
) -> None:
    session, who = await a_session(place), somebody(place)
    booking = await booked(place, who, session)
    place.clock.now = TEN_AT

    give_back = await place.send(CancelBooking(booking_id=booking.booking_id), by=again(place, who))

    over = refused("session_over")
    assert give_back == over
    assert await book(place, somebody(place), session) == over
    assert await change(place, session, capacity=9) == over
    assert await cancel(place, session) == over
    assert await listed(place, again(place, who)) == ()


async def test_calling_off_and_booking_at_once_leave_nobody_booked_untold(place: Workplace) -> None:
    session, people = await a_session(place, capacity=20), [somebody(place) for _ in range(10)]

    *answers, called_off = await at_once(
        *(book(place, who, session) for who in people), cancel(place, session)
    )

    got = {answer.account_id for answer in answers if isinstance(answer, AssistanceSessionBooked)}
    assert set(called_off.recipient_ids) == got
    assert await place.pool.fetchval("SELECT count(*) FROM bookings WHERE ended_at IS NULL") == 0


async def test_an_erased_account_gives_its_places_back(place: Workplace) -> None:
    session, guam, who = await a_session(place, capacity=1), await a_session(place, GUAM), somebody(place)
    await booked(place, who, session)
    await booked(place, who, guam)

    await place.send(AccountErased(account_id=who.account_id))

    await booked(place, somebody(place), session)
    assert [shown.places_left for shown in await listed(place, somebody(place), GUAM)] == [5]

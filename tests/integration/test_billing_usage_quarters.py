"""In which quarter a use is billed, also while that is being closed, and by which schedule it is priced."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.paa_billing.model import Quarter
from services.paa_billing.service import SERVICE
from services.paa_billing.store import quarters
from shared.messaging.registry import Service
from tests.billing import (
    a_person,
    a_use,
    lines_of,
    opened,
    report,
    resources,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def close(place: Workplace, quarter: str) -> None:
    await place.pool.execute(
        "UPDATE quarters SET state = 'closing', cut_off_at = $2 WHERE quarter = $1", quarter, place.clock()
    )


async def test_the_price_is_that_of_the_schedule_at_the_instant_of_use_in_the_business_zone(
    place: Workplace,
) -> None:
    person = await a_person(place)
    new_year = datetime(2020, 1, 1, 6, 0, tzinfo=UTC)

    await report(
        place,
        a_use(person, new_year - MICROSECOND, usage_id="u1"),
        a_use(person, new_year, usage_id="u2"),
    )

    assert [line["schedule_effective_on"].isoformat() for line in await lines_of(place)] == [
        "2012-04-01",
        "2020-01-01",
    ]
    assert [line["used_quarter"] for line in await lines_of(place)] == ["2019-Q4", "2020-Q1"]


async def test_a_use_is_billed_in_its_own_quarter_while_that_is_open(place: Workplace) -> None:
    person = await a_person(place)
    at_the_edge = datetime(2024, 4, 1, 5, 0, tzinfo=UTC)  # midnight in Chicago
    place.clock.now = at_the_edge + timedelta(days=3)

    await report(
        place,
        a_use(person, at_the_edge - MICROSECOND, usage_id="u1"),
        a_use(person, at_the_edge, usage_id="u2"),
    )
    await close(place, "2024-Q1")
    await report(place, a_use(person, at_the_edge - MICROSECOND, usage_id="u3"))

    assert [(line["used_quarter"], line["billed_quarter"]) for line in await lines_of(place)] == [
        ("2024-Q1", "2024-Q1"),
        ("2024-Q2", "2024-Q2"),
        ("2024-Q1", "2024-Q2"),
    ]


async def test_what_was_used_before_the_books_began_is_billed_in_their_first_quarter(
    place: Workplace,
) -> None:
    await report(place, a_use(await a_person(place), datetime(2015, 5, 5, tzinfo=UTC)))

    (line,) = await lines_of(place)
    assert (line["used_quarter"], line["billed_quarter"]) == ("2015-Q2", "2024-Q1")


async def test_a_first_use_reported_ahead_over_the_edge_begins_the_present_quarter_too(
    place: Workplace,
) -> None:
    person = await a_person(place)
    at_the_edge = datetime(2024, 4, 1, 5, 0, tzinfo=UTC)  # midnight in Chicago
    place.clock.now = at_the_edge - timedelta(minutes=2)

    await report(place, a_use(person, at_the_edge + timedelta(minutes=1), usage_id="ahead"))
    await report(place, a_use(person, at_the_edge - timedelta(minutes=3), usage_id="present"))

    assert [(line["used_quarter"], line["billed_quarter"]) for line in await lines_of(place)] == [
        ("2024-Q2", "2024-Q2"),
        ("2024-Q1", "2024-Q1"),
    ]


async def test_quarters_without_a_use_are_begun_too(place: Workplace) -> None:
    person = await a_person(place)
    place.clock.forward(days=250)

    await report(place, a_use(person, place.clock()))

    rows = await place.pool.fetch("SELECT quarter, state FROM quarters ORDER BY quarter")
    assert [tuple(row) for row in rows] == [
        ("2024-Q1", "open"),
        ("2024-Q2", "open"),
        ("2024-Q3", "open"),
        ("2024-Q4", "open"),
    ]


async def test_a_close_waits_for_the_intakes_under_way_and_later_ones_go_to_the_next_quarter(
    place: Workplace,
) -> None:
    person = await a_person(place)
    place.clock.forward(days=62)
    first = Quarter(2024, 1)
    await report(place, a_use(person, NOON, usage_id="u0"))

    async with place.pool.acquire() as intake, place.pool.acquire() as closing, asyncio.TaskGroup() as group:
        under_way, close_step = intake.transaction(), closing.transaction()
        await under_way.start()
        await quarters.share_quarters(intake, [first])
        await close_step.start()
        locking = group.create_task(quarters.lock_quarter(closing, first))
        await until_waiting(place, 1)
        late = group.create_task(report(place, a_use(person, NOON, usage_id="u1")))
        await until_waiting(place, 2)
        await under_way.commit()
        await locking
        await closing.execute(
            "UPDATE quarters SET state = 'closing', cut_off_at = starts_at WHERE quarter = '2024-Q1'"
        )
        await close_step.commit()
        await late

    assert [(line["usage_id"], line["billed_quarter"]) for line in await lines_of(place)] == [
        ("u0", "2024-Q1"),
        ("u1", "2024-Q2"),
    ]


async def until_waiting(place: Workplace, count: int) -> None:
    """Wait until so many wait for a quarter's lock in this database."""
    waiting = """
        SELECT count(*) FROM pg_locks
         WHERE classid = 1905 AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
    async with asyncio.timeout(5):
        while await place.pool.fetchval(waiting) != count:
            pass

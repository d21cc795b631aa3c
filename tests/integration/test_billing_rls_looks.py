"""A firm's looks: each is recorded before anything is read, and shown to those looked at."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from services.paa_billing.service import SERVICE
from services.paa_billing.store.looks import Look, as_firm
from shared.messages.paa_billing import FirmUsage, WhoLooked
from shared.messaging.registry import Service
from tests.billing import FirmHolder, Holder, a_firm, a_person, a_use, join, opened, report, resources
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
QUARTER = "2024-Q1"


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def a_firm_with_a_member(place: Workplace, name: str) -> tuple[FirmHolder, Holder]:
    firm, person = await a_firm(place, name), await a_person(place, last_name=f"Of {name}")
    await join(place, firm, person)
    await report(place, a_use(person, description=f"by {name}"))
    return firm, person


async def seen_by(place: Workplace, firm: Holder, **query: Any) -> list[str]:
    shown = await place.send(FirmUsage(quarter=QUARTER, **query), by=firm.asks(place.clock()))
    return [line.description for line in shown.lines]


async def test_each_look_is_recorded_and_shown_to_those_looked_at(place: Workplace) -> None:
    firm, person = await a_firm_with_a_member(place, "First")
    _, stranger = await a_firm_with_a_member(place, "Second")
    place.clock.forward(minutes=1)

    await seen_by(place, firm)

    looks = (await place.send(WhoLooked(), by=person.asks(place.clock()))).looks
    assert [(each.firm_name, each.administrator_id, each.quarter, each.looked_at) for each in looks] == [
        ("First", firm.account_id, QUARTER, place.clock())
    ]
    assert (await place.send(WhoLooked(), by=stranger.asks(place.clock()))).looks == ()


async def test_a_look_is_recorded_even_if_the_reading_fails(place: Workplace) -> None:
    firm, _ = await a_firm_with_a_member(place, "First")
    look = Look(paa_id=firm.paa_id, administrator_id=firm.account_id, kind="usage", quarter=QUARTER)

    with pytest.raises(asyncpg.DivisionByZeroError):
        async with as_firm(place.bench, look) as connection:
            await connection.execute("SELECT 1 / 0")

    assert await place.pool.fetchval("SELECT count(*) FROM firm_looks") == 1


async def test_nothing_is_read_if_the_look_can_not_be_recorded(place: Workplace) -> None:
    firm, _ = await a_firm_with_a_member(place, "First")
    look = Look(paa_id=firm.account_id, administrator_id=firm.account_id, kind="usage", quarter=QUARTER)
    has_read = False

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with as_firm(place.bench, look):
            has_read = True

    assert not has_read

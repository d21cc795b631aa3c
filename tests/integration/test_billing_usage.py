"""Usage intake: each use becomes one priced line, however often and by whomever it is reported."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.paa_billing.data import load_fee_schedules
from services.paa_billing.service import SERVICE
from services.paa_billing.store import schedules
from shared.errors import SettingsError
from shared.messages.paa_billing import (
    UsageBatchSettled,
    UsageQuarantined,
)
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from shared.money import Cents
from tests.billing import (
    COURT,
    a_batch,
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


async def test_a_use_becomes_a_priced_line(place: Workplace) -> None:
    person = await a_person(place)

    settled = await report(place, a_use(person, usage_id="u1", pages=40))

    assert (settled.booked, settled.duplicate, settled.waiting, settled.quarantined) == (1, 0, 0, ())
    (line,) = await lines_of(place)
    assert (line["gross_cents"], line["exempt_cents"], line["payer_id"]) == (300, 0, person.account_id)
    assert line["reasons"] == ["per_page", "capped_at_30_pages"]
    assert (line["used_quarter"], line["billed_quarter"]) == ("2024-Q1", "2024-Q1")
    assert line["schedule_effective_on"].isoformat() == "2020-01-01"
    assert line["paa_id"] is None


async def test_the_answer_is_addressed_to_the_court(place: Workplace) -> None:
    await report(place, a_use(await a_person(place)))

    routes = await place.pool.fetch("SELECT routing_key FROM outbox WHERE type LIKE '%settled%'")

    assert [row["routing_key"] for row in routes] == [f"{UsageBatchSettled.message_name()}.{COURT}"]


async def test_a_court_can_not_report_for_another(place: Workplace) -> None:
    batch = a_batch(a_use(await a_person(place)), court_id="nysbk")

    judgement, _ = await place.judge(batch, sender=COURT)

    assert judgement.verdict is Verdict.PARK
    assert await lines_of(place) == []


async def test_the_same_use_reported_again_has_no_effect(place: Workplace) -> None:
    person = await a_person(place)
    use = a_use(person, usage_id="u1", used_at=NOON)
    written_otherwise = dict(reversed(use.items())) | {"used_at": "2024-02-01T12:00:00-06:00"}

    await report(place, use)
    again = await report(place, use, written_otherwise, b" " + msgspec.json.encode(use))

    assert (again.booked, again.duplicate, again.quarantined) == (0, 3, ())
    assert len(await lines_of(place)) == 1


async def test_an_id_with_another_content_is_quarantined(place: Workplace) -> None:
    person = await a_person(place)
    await report(place, a_use(person, usage_id="u1", pages=1))

    settled = await report(place, a_use(person, usage_id="u1", pages=2), a_use(person, usage_id="u2"))

    refused = UsageQuarantined(index=0, usage_id="u1", field="usage_id", reason="id_used_for_another_use")
    assert (settled.booked, settled.quarantined) == (1, (refused,))
    assert [line["page_count"] for line in await lines_of(place)] == [1, 3]


async def test_of_two_uses_with_one_id_in_a_batch_the_first_counts(place: Workplace) -> None:
    person = await a_person(place)
    first, second = a_use(person, usage_id="u1", pages=1), a_use(person, usage_id="u1", pages=2)

    settled = await report(place, first, second, first)

    assert (settled.booked, settled.duplicate) == (1, 1)
    assert [each.index for each in settled.quarantined] == [1]
    assert [line["page_count"] for line in await lines_of(place)] == [1]


async def test_another_courts_equal_id_is_another_use(place: Workplace) -> None:
    person = await a_person(place)
    use = a_use(person, usage_id="u1")

    for court in ("ncwbk", "nysbk"):
        assert (await report(place, use, court_id=court)).booked == 1

    assert [line["court_id"] for line in await lines_of(place)] == ["ncwbk", "nysbk"]


async def test_two_batches_with_the_same_ids_at_once_book_each_use_once(place: Workplace) -> None:
    people = [await a_person(place) for _ in range(3)]
    uses = [a_use(people[n % 3], usage_id=f"u{n:02}") for n in range(40)]

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(report(place, *batch))
            for batch in (uses, uses[::-1], uses[20:] + uses[:20], uses[::2])
        ]
    settled = [task.result() for task in tasks]

    assert sum(each.booked for each in settled) == 40
    assert sum(each.duplicate for each in settled) == 100
    assert all(each.quarantined == () for each in settled)
    assert len(await lines_of(place)) == 40


async def test_a_fee_schedule_that_differs_from_the_one_kept_stops_the_start(workplace_of: Make) -> None:
    place = await workplace_of(SERVICE, resources())
    (old, *_) = load_fee_schedules()
    async with place.pool.acquire() as connection:
        await schedules.insert_schedules(connection, [replace(old, page_cents=Cents(1))])

    with pytest.raises(SettingsError, match=old.effective_on.isoformat()):
        await opened(place)

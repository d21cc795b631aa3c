"""Batches that share a transaction are booked in one pass, and each gets an answer of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import RecordUsage, UsageBatchSettled
from shared.messaging.envelope import Envelope
from shared.messaging.groups import GroupUndoneError, Member, judge_group, read_member
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.billing import COURT, a_batch, a_person, a_use, lines_of, opened, report, resources
from tests.integration.test_billing_usage_payers import until_somebody_waits_for
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
ANOTHER_COURT = "nysbk"


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


def member(place: Workplace, batch: RecordUsage, sender: str = "") -> Member:
    """A batch as it arrives from its court."""
    message_id = new_id(NOON)
    envelope = Envelope(
        message_id=message_id,
        type=batch.message_name(),
        sender=sender or batch.court_id,
        time=NOON,
        correlation_id=message_id,
    )
    read = read_member(place.bench, "paa_billing.bulk", envelope, msgspec.json.encode(batch))
    assert read is not None
    return read


async def answers(place: Workplace, batches: Sequence[RecordUsage]) -> list[tuple[int, int, int, int]]:
    """Of each batch: how many were booked, duplicates, waiting, quarantined."""
    settled = {each.batch_id: each for each in await place.emitted(UsageBatchSettled)}
    found = [settled[batch.batch_id] for batch in batches]
    return [(each.booked, each.duplicate, each.waiting, len(each.quarantined)) for each in found]


async def test_each_batch_of_a_group_is_told_what_became_of_its_own_uses(place: Workplace) -> None:
    person = await a_person(place)
    first = [a_use(person, usage_id="u1"), a_use(person, usage_id="u2", pages=-1)]
    second = [a_use("9999999", usage_id="u3"), a_use(person, usage_id="u4"), a_use(person, usage_id="u5")]
    batches = [a_batch(*first), a_batch(*second)]

    judged = await judge_group(place.bench, [member(place, batch) for batch in batches])

    assert [each and each.verdict for each in judged] == [Verdict.ACKNOWLEDGE] * 2
    assert await answers(place, batches) == [(1, 0, 0, 1), (2, 0, 1, 0)]
    assert [line["usage_id"] for line in await lines_of(place)] == ["u1", "u4", "u5"]


async def test_of_one_id_in_two_batches_of_a_group_the_first_counts(place: Workplace) -> None:
    person = await a_person(place)
    use, other = a_use(person, usage_id="u1", pages=1), a_use(person, usage_id="u1", pages=2)
    batches = [a_batch(use), a_batch(other, use), a_batch(other, court_id=ANOTHER_COURT)]

    await judge_group(place.bench, [member(place, batch) for batch in batches])

    assert await answers(place, batches) == [(1, 0, 0, 0), (0, 1, 0, 1), (1, 0, 0, 0)]
    lines = await lines_of(place)
    assert [(line["court_id"], line["page_count"]) for line in lines] == [(COURT, 1), (ANOTHER_COURT, 2)]


async def test_a_batch_under_another_courts_login_undoes_its_group(place: Workplace) -> None:
    person = await a_person(place)
    good, foreign = a_batch(a_use(person)), a_batch(a_use(person), court_id=ANOTHER_COURT)

    with pytest.raises(GroupUndoneError):
        await judge_group(place.bench, [member(place, good), member(place, foreign, sender=COURT)])

    assert await lines_of(place) == []


@pytest.mark.parametrize(("pages", "answer"), [(3, (1, 1, 0, 0)), (4, (1, 0, 0, 1))])
async def test_an_id_that_is_taken_while_a_batch_is_booked_is_compared_with_it(
    place: Workplace, pages: int, answer: tuple[int, int, int, int]
) -> None:
    person = await a_person(place)
    use = a_use(person, usage_id="u1", pages=3)
    batch = a_batch(a_use(person, usage_id="u0"), a_use(person, usage_id="u1", pages=pages))
    await report(place, use, court_id=ANOTHER_COURT)

    async with place.pool.acquire() as taking, asyncio.TaskGroup() as group:
        under_way = taking.transaction()
        await under_way.start()
        await taking.execute(
            """
            INSERT INTO usage_ids (court_id, usage_id, digest, billed_quarter)
            SELECT $1, usage_id, digest, billed_quarter FROM usage_ids WHERE court_id = $2
            """,
            COURT,
            ANOTHER_COURT,
        )
        booking = group.create_task(judge_group(place.bench, [member(place, batch)]))
        await until_somebody_waits_for(place, taking)
        await under_way.commit()
        await booking

    assert await answers(place, [batch]) == [answer]
    assert [line["usage_id"] for line in await lines_of(place)] == ["u0", "u1"]

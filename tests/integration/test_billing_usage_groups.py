"""Batches that share a transaction are booked in one pass, and each gets an answer of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import UsageBatchSettled
from shared.messaging.groups import GroupUndoneError, judge_group
from shared.messaging.registry import Service
from tests.billing import (
    COURT,
    a_batch,
    a_member,
    a_person,
    a_use,
    lines_of,
    opened,
    report,
    report_together,
    resources,
)
from tests.integration.test_billing_usage_payers import until_somebody_waits_for
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
ANOTHER_COURT = "nysbk"


def counts(settled: UsageBatchSettled) -> tuple[int, int, int, int]:
    """How many were booked, duplicates, waiting, quarantined."""
    return (settled.booked, settled.duplicate, settled.waiting, len(settled.quarantined))


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_each_batch_of_a_group_is_told_what_became_of_its_own_uses(place: Workplace) -> None:
    person = await a_person(place)
    first = [a_use(person, usage_id="u1"), a_use(person, usage_id="u2", pages=-1)]
    second = [a_use("9999999", usage_id="u3"), a_use(person, usage_id="u4"), a_use(person, usage_id="u5")]
    batches = [a_batch(*first), a_batch(*second)]

    settled = await report_together(place, *batches)

    assert [counts(each) for each in settled] == [(1, 0, 0, 1), (2, 0, 1, 0)]
    assert [line["usage_id"] for line in await lines_of(place)] == ["u1", "u4", "u5"]


async def test_of_one_id_in_two_batches_of_a_group_the_first_counts(place: Workplace) -> None:
    person = await a_person(place)
    use, other = a_use(person, usage_id="u1", pages=1), a_use(person, usage_id="u1", pages=2)
    batches = [a_batch(use), a_batch(other, use), a_batch(other, court_id=ANOTHER_COURT)]

    settled = await report_together(place, *batches)

    assert [counts(each) for each in settled] == [(1, 0, 0, 0), (0, 1, 0, 1), (1, 0, 0, 0)]
    lines = await lines_of(place)
    assert [(line["court_id"], line["page_count"]) for line in lines] == [(COURT, 1), (ANOTHER_COURT, 2)]


async def test_a_batch_under_another_courts_login_undoes_its_group(place: Workplace) -> None:
    person = await a_person(place)
    good, foreign = a_batch(a_use(person)), a_batch(a_use(person), court_id=ANOTHER_COURT)

    with pytest.raises(GroupUndoneError):
        await judge_group(place.bench, [a_member(place, good), a_member(place, foreign, sender=COURT)])

    assert await lines_of(place) == []


@pytest.mark.parametrize("are_together", [True, False], ids=["in one group", "apart"])
async def test_a_refused_use_takes_no_id_so_that_it_can_be_reported_corrected(
    place: Workplace, are_together: bool
) -> None:
    person = await a_person(place)
    faulty = a_use(person, usage_id="u1", pages=None)
    batches = [a_batch(faulty), a_batch(a_use(person, usage_id="u1", pages=4)), a_batch(faulty)]

    if are_together:
        settled = await report_together(place, *batches)
    else:
        settled = [(await report_together(place, batch))[0] for batch in batches]

    assert [each.booked for each in settled] == [0, 1, 0]
    reasons = [[refused.reason for refused in each.quarantined] for each in settled]
    assert reasons == [["size_missing"], [], ["id_used_for_another_use"]]
    assert [line["page_count"] for line in await lines_of(place)] == [4]


async def test_of_one_id_in_a_batch_the_first_that_is_not_refused_counts(place: Workplace) -> None:
    person = await a_person(place)
    faulty, right = a_use(person, usage_id="u1", pages=None), a_use(person, usage_id="u1", pages=4)

    settled = await report(place, faulty, right, faulty, right)

    assert counts(settled) == (1, 1, 0, 2)
    assert [line["page_count"] for line in await lines_of(place)] == [4]


@asynccontextmanager
async def taken_meanwhile(place: Workplace, use: dict[str, Any]) -> AsyncIterator[None]:
    """Another transaction takes this use's id, and commits once what is done within waits for it."""
    await report(place, use, court_id=ANOTHER_COURT)
    async with place.pool.acquire() as taking:
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
        async with asyncio.TaskGroup() as group:
            group.create_task(_commit_once_awaited(place, taking, under_way))
            yield


async def _commit_once_awaited(place: Workplace, taking: Any, under_way: Any) -> None:
    await until_somebody_waits_for(place, taking)
    await under_way.commit()


@pytest.mark.parametrize(("pages", "answer"), [(3, (1, 1, 0, 0)), (4, (1, 0, 0, 1))])
async def test_an_id_that_is_taken_while_a_batch_is_booked_is_compared_with_it(
    place: Workplace, pages: int, answer: tuple[int, int, int, int]
) -> None:
    person = await a_person(place)
    batch = a_batch(a_use(person, usage_id="u0"), a_use(person, usage_id="u1", pages=pages))

    async with taken_meanwhile(place, a_use(person, usage_id="u1", pages=3)):
        (settled,) = await report_together(place, batch)

    assert counts(settled) == answer
    assert [line["usage_id"] for line in await lines_of(place)] == ["u0", "u1"]


async def test_all_reports_of_an_id_that_is_taken_meanwhile_are_compared_with_who_took_it(
    place: Workplace,
) -> None:
    person = await a_person(place)
    batches = [a_batch(a_use(person, usage_id="u1", pages=pages)) for pages in (4, 4, 3)]

    async with taken_meanwhile(place, a_use(person, usage_id="u1", pages=3)):
        settled = await report_together(place, *batches)

    duplicate, conflict = (0, 1, 0, 0), (0, 0, 0, 1)
    assert [counts(each) for each in settled] == [conflict, conflict, duplicate]


async def test_an_id_that_another_batch_leaves_waiting_meanwhile_is_compared_with_it(
    place: Workplace,
) -> None:
    unknown = [a_use("9999999", usage_id="u1", pages=pages) for pages in (3, 4)]
    batches = [a_batch(unknown[n], a_use(await a_person(place), usage_id="u0")) for n in (0, 1)]

    async with asyncio.TaskGroup() as group:
        booking = [group.create_task(report_together(place, batch)) for batch in batches]

    found = [counts(task.result()[0]) for task in booking]
    assert sorted(found) == [(0, 0, 0, 2), (1, 0, 1, 0)]

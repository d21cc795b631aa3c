"""However a close is interrupted, shared, or cut into chunks, the same statements come of it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.paa_billing.jobs import close_next_chunk
from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import StatementIssued
from shared.messaging.registry import Service
from tests.billing import opened, report
from tests.closing import (
    CLOSING_DAY,
    DyingPool,
    KilledError,
    World,
    a_world,
    begin_close,
    close,
    drafts_of,
    finish_close,
    in_chunks_of,
    statements_of,
    tell,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
WORKER_SECONDS = 60


async def a_place(workplace_of: Make, world: World, chunk: int) -> Workplace:
    """A workplace where the world is known and five minutes have passed."""
    place = await opened(await workplace_of(SERVICE, in_chunks_of(chunk)))
    await tell(place, world)
    place.clock.forward(minutes=5)
    return place


async def closed_at_once(workplace_of: Make, world: World) -> dict[UUID, bytes]:
    """What nobody disturbs: all uses in one batch, all payers in one chunk."""
    place = await a_place(workplace_of, world, 1000)
    await report(place, *world.uses())
    await close(place)
    return await drafts_of(place)


async def check_announced(place: Workplace) -> None:
    """Each statement is announced once, with its own number, in the order of the numbers."""
    documents = await statements_of(place)
    events = await place.emitted(StatementIssued)
    assert sorted((each.number, each.payer_id) for each in events) == [
        (each.number, each.payer.id) for each in documents
    ]


async def test_a_close_whose_worker_dies_at_every_statement_gives_the_same(workplace_of: Make) -> None:
    world = a_world()
    undisturbed = await closed_at_once(workplace_of, world)
    place = await a_place(workplace_of, world, 2)
    await report(place, *world.uses())
    place.clock.now = CLOSING_DAY
    await begin_close(place)

    deaths = 0
    while (died := await step_that_dies_at_every_statement(place)) is not None:
        deaths += died

    assert deaths > 60
    assert await drafts_of(place) == undisturbed
    await check_announced(place)


async def step_that_dies_at_every_statement(place: Workplace) -> int | None:
    """Let a worker die at the first statement of a step, the next at the second, until one gets through."""
    for statements in itertools.count(1):
        pool: Any = DyingPool(place.pool, statements)
        try:
            has_worked = await close_next_chunk(replace(place.bench, pool=pool))
        except KilledError:
            await forget_leases(place)
        else:
            return statements - 1 if has_worked else None
    return None


async def forget_leases(place: Workplace) -> None:
    """What the time of a lease does when its worker is dead."""
    await place.pool.execute("UPDATE closing_payers SET leased_until = NULL")


async def test_three_workers_at_once_give_the_same(workplace_of: Make) -> None:
    world = a_world()
    undisturbed = await closed_at_once(workplace_of, world)
    place = await a_place(workplace_of, world, 1)
    await report(place, *world.uses())
    place.clock.now = CLOSING_DAY
    await begin_close(place)

    async with asyncio.timeout(WORKER_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(work_until_closed(place))

    assert await drafts_of(place) == undisturbed
    await check_announced(place)
    payers = [each.payer.id for each in await statements_of(place)]
    assert payers == sorted(payers)


async def work_until_closed(place: Workplace) -> None:
    while await place.pool.fetchval("SELECT state FROM quarters WHERE quarter = '2024-Q1'") != "closed":
        await close_next_chunk(place.bench)


async def test_a_worker_whose_lease_ran_out_changes_nothing_that_another_has_sealed(
    workplace_of: Make,
) -> None:
    world = a_world()
    undisturbed = await closed_at_once(workplace_of, world)
    place = await a_settled_place(workplace_of, world)

    overtaken: Any = OvertakenPool(place, another_seals)
    await close_next_chunk(replace(place.bench, pool=overtaken))
    assert overtaken.given == 4
    await finish_close(place)

    assert await drafts_of(place) == undisturbed


async def test_a_draft_of_a_settlement_that_was_taken_back_meanwhile_is_not_kept(workplace_of: Make) -> None:
    world = a_world()
    undisturbed = await closed_at_once(workplace_of, world)
    place = await a_settled_place(workplace_of, world)

    overtaken: Any = OvertakenPool(place, all_are_parked_and_settled_anew)
    await close_next_chunk(replace(place.bench, pool=overtaken))

    assert overtaken.given == 4
    assert await drafts_of(place) == {}
    await finish_close(place)
    assert await drafts_of(place) == undisturbed
    await check_announced(place)


async def a_settled_place(workplace_of: Make, world: World) -> Workplace:
    """A close whose payers are all settled and none sealed."""
    place = await a_place(workplace_of, world, 1000)
    await report(place, *world.uses())
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    await settle_all(place)
    return place


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_uses_in_any_order_and_batches_give_the_same_statements(
    workplace_of: Make, data: st.DataObject
) -> None:
    world = a_world()
    uses = world.uses()
    order = data.draw(st.permutations(uses))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(uses) - 1), max_size=6)))
    undisturbed = await closed_at_once(workplace_of, world)
    place = await a_place(workplace_of, world, data.draw(st.integers(1, 5)))

    for begin, end in itertools.pairwise([0, *cuts, len(uses)]):
        await report(place, *order[begin:end])
        place.clock.forward(seconds=1)
    await close(place)

    assert await drafts_of(place) == undisturbed
    await check_announced(place)


class OvertakenPool:
    """A pool that lets something else happen before it gives its fourth connection."""

    def __init__(self, place: Workplace, happening: Callable[[Workplace], Awaitable[None]]) -> None:
        self.place, self.happening, self.given = place, happening, 0

    @asynccontextmanager
    async def acquire(self, **how: Any) -> AsyncIterator[Any]:
        self.given += 1
        if self.given == 4:
            await self.happening(self.place)
        async with self.place.pool.acquire(**how) as connection:
            yield connection


async def another_seals(place: Workplace) -> None:
    await forget_leases(place)
    assert await close_next_chunk(place.bench)


async def all_are_parked_and_settled_anew(place: Workplace) -> None:
    await forget_leases(place)
    await place.pool.execute(
        """
        UPDATE closing_payers
           SET stage = 'parked', stage_before = 'settled', reason = 'balances_disagree'
         WHERE stage = 'settled'
        """
    )
    await begin_close(place)
    await settle_all(place)


async def settle_all(place: Workplace) -> None:
    while await place.pool.fetchval("SELECT state FROM quarters WHERE quarter = '2024-Q1'") == "closing":
        await close_next_chunk(place.bench)


@pytest.mark.parametrize("chunk", [1, 3])
async def test_the_size_of_chunks_makes_no_difference(workplace_of: Make, chunk: int) -> None:
    world = a_world()
    undisturbed = await closed_at_once(workplace_of, world)
    place = await a_place(workplace_of, world, chunk)
    await report(place, *world.uses())

    await close(place)

    assert await drafts_of(place) == undisturbed

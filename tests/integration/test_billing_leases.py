"""Leased work of a close: others wait while it goes on, take it over soon after a death, and see it fail."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.paa_billing.jobs import close_next_chunk, make_next_files
from services.paa_billing.model import Quarter
from services.paa_billing.service import SERVICE
from services.paa_billing.store import leases
from shared.messaging.registry import Service
from tests.billing import a_person, a_use, opened, report
from tests.closing import CLOSING_DAY, QUARTER, FailingPool, begin_close, close, do_one_step, in_chunks_of
from tests.installation import until
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
LEASE_SECONDS = 3.0


class SlowProcesses:
    """Work for other processors that doesn't end before it is let."""

    def __init__(self) -> None:
        self.has_begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def run(self, *_: Any) -> Any:
        self.has_begun.set()
        await self.may_end.wait()
        return b"a file"


class FailingProcesses:
    """Processes in which nothing succeeds."""

    async def run(self, *_: Any) -> Any:
        raise ArithmeticError("the sum of the lines of Ada Member")


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, in_chunks_of(10)))


async def invoices(place: Workplace, count: int = 1) -> None:
    for _ in range(count):
        await report(place, a_use(await a_person(place), kind="transcript", pages=400))
    await close(place)


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def failed(work: str) -> float:
    return measured("nextgen_job_failures_total", work=work)


async def test_a_rendering_that_takes_longer_than_its_lease_stays_with_its_worker(place: Workplace) -> None:
    await invoices(place)
    slow: Any = SlowProcesses()
    bench = replace(
        place.bench, resources=replace(place.resources, processes=slow, lease_seconds=LEASE_SECONDS)
    )

    async with asyncio.TaskGroup() as group:
        group.create_task(make_next_files(bench))
        await slow.has_begun.wait()
        first_end = await lease_end(place)

        async def is_extended_beyond_the_first() -> bool:
            return bool(
                await place.pool.fetchval(
                    "SELECT clock_timestamp() > $1 AND leased_until > $1 FROM statement_renderings", first_end
                )
            )

        await until(is_extended_beyond_the_first, "its lease is extended")
        claimed_by_another = await make_next_files(place.bench)
        slow.may_end.set()

    assert not claimed_by_another
    assert await place.pool.fetchval("SELECT count(*) FROM statement_files") == 3


async def lease_end(place: Workplace) -> Any:
    return await place.pool.fetchval("SELECT leased_until FROM statement_renderings")


async def test_a_dead_workers_leases_end_within_half_a_minute(place: Workplace) -> None:
    await invoices(place)

    async with place.pool.acquire() as connection:
        await leases.lease_rendering(connection, place.resources.lease_seconds)

    seconds = "SELECT extract(epoch FROM leased_until - clock_timestamp())::float8 FROM statement_renderings"
    assert 0 < await place.pool.fetchval(seconds) <= 30


async def test_a_lease_that_another_has_taken_since_is_not_extended(place: Workplace) -> None:
    await invoices(place)

    async with place.pool.acquire() as connection:
        first = await leases.lease_rendering(connection, 0)
        second = await leases.lease_rendering(connection, 60)
        assert first is not None
        assert second is not None
        end = await lease_end(place)
        await leases.extend_rendering(connection, first, 3600)
        assert await lease_end(place) == end
        await leases.extend_rendering(connection, second, 3600)
        assert await lease_end(place) > end


async def test_leased_payers_are_extended_until_they_are_sealed(place: Workplace) -> None:
    await report(place, a_use(await a_person(place), pages=1))
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    while not await place.pool.fetchval("SELECT EXISTS (SELECT FROM quarters WHERE state = 'settled')"):
        await do_one_step(place)
    quarter, ends = Quarter.parse(QUARTER), "SELECT leased_until FROM closing_payers"

    async with place.pool.acquire() as connection:
        (payer,) = await leases.lease_settled(connection, quarter, 10, 60)
        before = await connection.fetchval(ends)
        await leases.extend_settled(connection, quarter, [payer.payer_id], 3600)
        extended = await connection.fetchval(ends)
        await connection.execute("UPDATE closing_payers SET leased_until = NULL")
    await place.work_off("close")
    async with place.pool.acquire() as connection:
        await leases.extend_settled(connection, quarter, [payer.payer_id], 3600)

    assert extended > before
    assert await place.pool.fetchval(ends) is None


async def test_a_rendering_that_fails_again_and_again_is_named_and_counted(place: Workplace) -> None:
    await invoices(place)
    failing: Any = FailingProcesses()
    bench = replace(place.bench, resources=replace(place.resources, processes=failing))
    statement_id, before = await place.pool.fetchval("SELECT id FROM statements"), failed("files")

    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(ArithmeticError):
                await make_next_files(bench)
            await place.pool.execute("UPDATE statement_renderings SET leased_until = NULL")

    told = [(line["statement_id"], line["attempts"]) for line in logs if line["event"] == "job_failed"]
    assert told == [(str(statement_id), attempt) for attempt in (1, 2, 3)]
    assert "sum of the lines" not in str(logs)
    assert (failed("files") - before, measured("nextgen_statement_renderings_failing")) == (3, 1)


async def test_a_rendering_that_is_made_at_last_fails_no_more(place: Workplace) -> None:
    await invoices(place)
    mended: Any = SlowProcesses()
    mended.may_end.set()

    async with place.pool.acquire() as connection:
        for _ in range(2):
            await leases.lease_rendering(connection, 0)
    while await make_next_files(replace(place.bench, resources=replace(place.resources, processes=mended))):
        pass

    assert measured("nextgen_statement_renderings_failing") == 0


@pytest.mark.parametrize(
    ("work", "broken"),
    [
        ("settle", "INSERT INTO ledger_entries"),
        ("seal", "INSERT INTO statement_drafts"),
        ("issue", "INSERT INTO statement_renderings"),
    ],
)
async def test_a_chunk_that_fails_is_named_by_its_payers(place: Workplace, work: str, broken: str) -> None:
    people = [await a_person(place) for _ in range(3)]
    await report(place, *(a_use(person, kind="transcript", pages=400) for person in people))
    place.clock.now, before = CLOSING_DAY, failed(work)
    await begin_close(place)
    pool: Any = FailingPool(place.pool, broken)

    with capture_logs() as logs, pytest.raises(ArithmeticError):
        while await close_next_chunk(replace(place.bench, pool=pool)):
            pass

    (told,) = [line for line in logs if line["event"] == "job_failed"]
    ids = sorted(str(person.account_id) for person in people)
    named = (told["work"], told["quarter"], told["payers"], told["first_payer_id"], told["last_payer_id"])
    assert named == (work, QUARTER, 3, ids[0], ids[-1])
    assert failed(work) - before == 1

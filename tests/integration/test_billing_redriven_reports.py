"""A machine's batch that was parked by our mistake goes back on its way, with the assertion it came with."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.local.servers import Servers
from services.paa_billing.service import SERVICE
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.errors import PoisonError
from shared.messages.paa_billing.reporting import ReportUsage
from shared.messaging.broker import connect
from shared.messaging.ids import new_id
from shared.messaging.parked import ParkedRow, Selection, find_parked, list_parked
from shared.messaging.redrives import find_obstacle, outgoing_of
from shared.messaging.registry import Service, read_contracts
from shared.runtime import Process
from tests.billing import COURT, resources
from tests.installation import Installation, asking, running, until
from tests.messaging import an_assertion_of_a_court, signed

LONG_AGO = real_clock().replace(year=2000)


async def fail(batches: Sequence[Any]) -> None:
    """A mistake of ours."""
    raise PoisonError("a mistake of ours")


MISTAKEN: Service[Any] = replace(SERVICE, bulk={**SERVICE.bulk, ReportUsage: fail})


async def test_a_batch_parked_by_our_mistake_is_redriven_and_settled_once(
    servers: Servers, database_of: Callable[[str], Awaitable[str]], tmp_path: Path
) -> None:
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build(read_contracts().values())
    url = await database_of("paa_billing")
    pool = await open_pool(url, size=8, name="test")
    try:
        async with running(process_of(installation, MISTAKEN, pool, url)):
            batch_id = await tell(installation)
            parked: ParkedRow = await until(lambda: parked_in(pool), "the batch is parked")
        state_before = await state_of(pool, batch_id)
        obstacle = find_obstacle(parked, LONG_AGO, None, real_clock())
        async with connect(installation.broker_url("paa_billing"), name="test") as connection:
            await (await connection.open_publisher()).publish(outgoing_of(parked))
        async with running(process_of(installation, SERVICE, pool, url)):
            await until(lambda: is_settled(pool, batch_id), "the batch is settled")
    finally:
        pool.terminate()
        installation.remove()

    assert (state_before, obstacle) == ("parked", "")


def process_of(installation: Installation, service: Service[Any], pool: Pool, url: str) -> Process:
    bench = installation.bench(service, pool, real_clock, resources())
    return Process(bench, installation.settings("paa_billing", url))


async def tell(installation: Installation) -> UUID:
    """Hand over an empty batch as the edge does; answers its id."""
    now = real_clock()
    batch = ReportUsage(court_id=COURT, batch_id=new_id(now), records=[])
    message_id = new_id(now)
    asserted = an_assertion_of_a_court("paa_billing", now, for_message_id=message_id)
    async with asking(installation, real_clock) as requests:
        await requests.tell(
            batch, assertion=signed(asserted), message_id=message_id, correlation_id=message_id
        )
    return batch.batch_id


async def parked_in(pool: Pool) -> ParkedRow | None:
    async with pool.acquire() as connection:
        rows = await list_parked(connection, Selection(), 1)
        return await find_parked(connection, rows[0].id) if rows else None


async def state_of(pool: Pool, batch_id: UUID) -> str | None:
    state: str | None = await pool.fetchval(
        "SELECT state FROM reported_batches WHERE batch_id = $1", batch_id
    )
    return state


async def is_settled(pool: Pool, batch_id: UUID) -> bool:
    return await state_of(pool, batch_id) == "settled"

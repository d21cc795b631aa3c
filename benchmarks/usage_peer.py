"""The peer of usage intake: FastStream, with the same reading, prices and look-ups, and `executemany`."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import msgspec
import uvloop
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitMessage, RabbitQueue

from services.paa_billing.model import Quarter
from services.paa_billing.model.intake import BillingFacts, PricedUse, ReportedUse
from services.paa_billing.rules.booking import billed_in, sort_out
from services.paa_billing.rules.records import read_records
from services.paa_billing.store import accounts, memberships, quarters, schedules, usage
from shared.clock import real_clock
from shared.database import Connection
from shared.messages.paa_billing import RecordUsage, UsageBatchSettled
from shared.messaging.consumer import BULK_GROUP, BULK_WORKERS
from shared.messaging.ids import new_id
from shared.policies import Policies, read_policies

QUEUE, ANSWERS = "benchmark.usage", "benchmark.answers"
PREFETCH_COUNT = 2 * BULK_WORKERS * BULK_GROUP
"""As the service has it; and as many connections as the service has workers for bulk."""
INSERT_LINE = """
    WITH claimed AS (
        INSERT INTO usage_ids (court_id, usage_id, digest, billed_quarter) VALUES ($1, $2, $3, $4)
        ON CONFLICT (court_id, usage_id) DO NOTHING
        RETURNING court_id, usage_id, billed_quarter
    )
    INSERT INTO usage_lines (court_id, usage_id, billed_quarter, id, account_id, payer_id, paa_id, used_at,
                             recorded_at, kind, page_count, byte_count, record_count, description,
                             case_number, client_code, schedule_effective_on, gross_cents, exempt_cents,
                             exemption_id, reasons, used_quarter)
    SELECT court_id, usage_id, billed_quarter, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
           $18, $19, $20, $21, $22, $23
      FROM claimed
    """


async def book(connection: Connection, policies: Policies, body: bytes) -> UsageBatchSettled:
    """Book a batch in the transaction of this connection."""
    command, now = RecordUsage.from_json(body), real_clock()
    ahead = timedelta(minutes=policies.billing.usage_ahead_minutes)
    read = read_records([bytes(raw) for raw in command.records], command.batch_id, now, ahead)
    uses = [each for each in read if isinstance(each, ReportedUse)]
    kept = await usage.find_digests(connection, [(command.court_id, use.usage_id) for use in uses])
    facts = await _gather_facts(connection, policies, uses)
    found = sort_out(uses, kept[command.court_id], command.court_id, facts)
    open_quarters = await quarters.list_open_quarters(connection)
    await quarters.share_quarters(connection, open_quarters)
    # In the order of their ids, so that two batches never wait for each other.
    priced = sorted(found.priced, key=lambda each: each.use.usage_id)
    await connection.executemany(
        INSERT_LINE, [_row(each, command.court_id, open_quarters) for each in priced]
    )
    return UsageBatchSettled(
        court_id=command.court_id,
        batch_id=command.batch_id,
        booked=len(priced),
        duplicate=found.duplicates,
        waiting=0,
    )


async def _gather_facts(
    connection: Connection, policies: Policies, uses: Sequence[ReportedUse]
) -> BillingFacts:
    known = await accounts.share_accounts(connection, sorted({use.account_number for use in uses}))
    account_ids = [account.account_id for account in known.values()]
    of_account = defaultdict(list)
    for each in await memberships.list_memberships(connection, account_ids):
        of_account[each.account_id].append(each)
    exempted = await schedules.list_exemptions(connection, account_ids)
    return BillingFacts(
        zone=policies.zone,
        schedules=await schedules.list_schedules(connection),
        accounts=known,
        exemptions={each.account_id: (each,) for each in exempted},
        memberships={account_id: tuple(found) for account_id, found in of_account.items()},
    )


def _row(priced: PricedUse, court_id: str, open_quarters: Sequence[Quarter]) -> tuple[object, ...]:
    use, price = priced.use, priced.price
    return (
        court_id,
        use.usage_id,
        use.digest,
        str(billed_in(priced.used_quarter, open_quarters)),
        new_id(real_clock()),
        priced.account_id,
        priced.paa_id or priced.account_id,
        priced.paa_id,
        use.used_at,
        real_clock(),
        use.kind,
        use.page_count,
        use.byte_count,
        use.record_count,
        use.description,
        use.case_number,
        use.client_code,
        priced.schedule_effective_on,
        price.gross_cents,
        price.exempt_cents,
        priced.exemption_id,
        price.reasons,
        str(priced.used_quarter),
    )


async def keep_bytes(message: RabbitMessage) -> bytes:
    """The body as it came: FastStream would decode the JSON once more."""
    return message.body


async def main() -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    policies = read_policies()
    broker = RabbitBroker(
        os.environ["BENCHMARK_BROKER_URL"],
        default_channel=Channel(prefetch_count=PREFETCH_COUNT),
        decoder=keep_bytes,
        logger=None,
    )
    queues = [RabbitQueue(name, queue_type=QueueType.QUORUM, durable=True) for name in (QUEUE, ANSWERS)]
    database_url = os.environ["BENCHMARK_DATABASE_URL"]
    async with asyncpg.create_pool(database_url, min_size=0, max_size=BULK_WORKERS) as pool:

        @broker.subscriber(queues[0])
        async def record_usage(message: RabbitMessage) -> None:
            async with pool.acquire() as connection, connection.transaction():
                answer = await book(connection, policies, message.body)
            await broker.publish(msgspec.json.encode(answer), queue=queues[1], persist=True)

        await broker.connect()
        await broker.declare_queue(queues[1])
        await broker.start()
        await stopping.wait()
        await broker.stop()


if __name__ == "__main__":
    uvloop.run(main())

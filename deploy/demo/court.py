"""A court's machine: it reports usage with its own broker login, and reads what became of its batches."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from deploy.demo.desk import DemoError
from deploy.tool.stories import Story
from shared.messages.paa_billing import RecordUsage, UsageBatchSettled, UsageRecord
from shared.messaging.broker import Delivery, connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.registry import decode

RESULT_SECONDS = 60.0
BATCH_SIZE = 500


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a court reported, and what it was told."""

    court_id: str
    message_id: UUID
    settled: UsageBatchSettled


async def report_usage(story: Story, court_id: str, uses: Sequence[UsageRecord]) -> list[Report]:
    """Report uses in batches, and wait until each is settled."""
    results: asyncio.Queue[UsageBatchSettled] = asyncio.Queue()

    async def take(delivery: Delivery) -> None:
        settled = decode(delivery.type, delivery.body)
        await delivery.acknowledge()
        if isinstance(settled, UsageBatchSettled):
            await results.put(settled)

    reports = []
    async with connect(story.broker_url(court_id), name=f"court {court_id}") as connection:
        subscription = await connection.open_subscription(prefetch_count=10)
        await subscription.consume(f"courts.{court_id}.results", take)
        publisher = await connection.open_publisher()
        for start in range(0, len(uses), BATCH_SIZE):
            outgoing, batch_id = _batch(story, court_id, uses[start : start + BATCH_SIZE])
            await publisher.publish(outgoing)
            settled = await _result_of(results, batch_id, court_id)
            reports.append(Report(court_id=court_id, message_id=outgoing.message_id, settled=settled))
    return reports


def _batch(story: Story, court_id: str, uses: Sequence[UsageRecord]) -> tuple[Outgoing, UUID]:
    now = story.clock()
    message_id, batch_id = new_id(now), new_id(now)
    command = RecordUsage(
        court_id=court_id,
        batch_id=batch_id,
        records=[msgspec.Raw(msgspec.json.encode(use)) for use in uses],
    )
    name = command.message_name()
    outgoing = Outgoing(
        message_id=message_id,
        type=name,
        exchange="courts",
        routing_key=f"{name}.{story.instance}-{court_id}",
        body=msgspec.json.encode(command),
        time=now,
        correlation_id=message_id,
    )
    return outgoing, batch_id


async def _result_of(
    results: "asyncio.Queue[UsageBatchSettled]", batch_id: UUID, court_id: str
) -> UsageBatchSettled:
    """The result of this batch; results of earlier ones that nobody has read are passed over."""
    try:
        async with asyncio.timeout(RESULT_SECONDS):
            while True:
                settled = await results.get()
                if settled.batch_id == batch_id:
                    return settled
    except TimeoutError:
        raise DemoError(f"{court_id}: batch not settled within {timedelta(seconds=RESULT_SECONDS)}") from None

"""A court's machine that reports until the broker confirms, and afterwards reads all that it was told."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from deploy.tool.stories import Story
from shared.errors import PublishError
from shared.messages.paa_billing import RecordUsage, UsageBatchSettled, UsageRecord
from shared.messaging.broker import Delivery, connect
from shared.messaging.broker.deliveries import LOST
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.registry import decode

PATIENCE_SECONDS = 150.0
CONFIRM_SECONDS = 5.0
PAUSE_SECONDS = 0.1


@dataclass
class Told:
    """What a court's results queue said of its batches: every distinct answer to each."""

    answers: dict[UUID, list[UsageBatchSettled]] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, settled: UsageBatchSettled) -> None:
        known = self.answers.setdefault(settled.batch_id, [])
        if settled not in known:
            known.append(settled)
        self.arrived.set()


@dataclass
class Court:
    """One court's machine. `confirmed` are the batches that the broker has accepted."""

    story: Story
    court_id: str
    confirmed: list[UUID] = field(default_factory=list)
    unconfirmed: int = 0

    async def report(self, batches: Sequence[Sequence[UsageRecord]]) -> None:
        """Publish batches one after the other, each until it is confirmed, on new connections if need be."""
        waiting = [self._outgoing(batch) for batch in batches]
        self.unconfirmed += len(waiting)
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while waiting:
            try:
                async with connect(self.story.broker_url(self.court_id), name=self.court_id) as connection:
                    publisher = await connection.open_publisher()
                    while waiting:
                        batch_id, outgoing = waiting[0]
                        await publisher.publish(outgoing, CONFIRM_SECONDS)
                        waiting.pop(0)
                        self.confirmed.append(batch_id)
                        self.unconfirmed -= 1
            except (PublishError, TimeoutError, *LOST):
                assert time.monotonic() < give_up_at, f"{self.court_id} can't report"
                await asyncio.sleep(PAUSE_SECONDS)

    async def read_results(self) -> Told:
        """All answers in the results queue, once there is one for each confirmed batch and no more come."""
        told = Told()

        async def take(delivery: Delivery) -> None:
            settled = decode(delivery.type, delivery.body)
            assert isinstance(settled, UsageBatchSettled)
            told.take(settled)
            await delivery.acknowledge()

        async with connect(self.story.broker_url(self.court_id), name=self.court_id) as connection:
            subscription = await connection.open_subscription(prefetch_count=100)
            await subscription.consume(f"courts.{self.court_id}.results", take)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not set(self.confirmed) <= set(told.answers):
                    await told.arrived.wait()
                    told.arrived.clear()
        return told

    def _outgoing(self, records: Sequence[UsageRecord]) -> tuple[UUID, Outgoing]:
        now = self.story.clock()
        message_id, batch_id = new_id(now), new_id(now)
        command = RecordUsage(
            court_id=self.court_id,
            batch_id=batch_id,
            records=[msgspec.Raw(msgspec.json.encode(record)) for record in records],
        )
        name = command.message_name()
        return batch_id, Outgoing(
            message_id=message_id,
            type=name,
            exchange="courts",
            routing_key=f"{name}.{self.story.instance}-{self.court_id}",
            body=msgspec.json.encode(command),
            time=now,
            correlation_id=message_id,
        )

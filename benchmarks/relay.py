"""The relay: outbox rows to confirmed messages, beside what the client library can publish at most."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import aiormq
import msgspec
from pamqp.commands import Basic

from benchmarks.installation import BenchmarkError, open_installation, read_conditions
from benchmarks.notes import LISTENER, OWNER, SERVICE, TEXT, NoteAnnounced
from benchmarks.report import Figures, Goal, Report, compare, main
from deploy.tool.stories import Story
from shared.clock import real_clock
from shared.database import OwnConnection, Pool, open_connection, open_pool, transaction
from shared.messaging import outbox
from shared.messaging.bench import Bench
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.publishing import Publishing
from shared.messaging.relay import BATCH_SIZE, PARTITIONS_AHEAD, PARTITIONS_BEHIND, relay_batch
from shared.messaging.wakeup import Wakeup
from shared.runtime import keep_running

ROUNDS = 7
MESSAGES = 2_000
"""Messages that each side brings to the broker in a round."""
GOAL = Goal(bound=0.7, is_upper=False)
WARM_UP_MESSAGES = 500
LONGEST_SECONDS = 30
QUEUE = f"{LISTENER}.events"
PERSISTENT = 2


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What publishes: the relay with what it works with, and a bare channel with confirms."""

    bench: Bench[None]
    relaying: OwnConnection
    publishing: Publishing
    bare: aiormq.Channel
    listening: aiormq.abc.AbstractChannel


async def measure(rounds: int = ROUNDS, messages: int = MESSAGES) -> Report:
    """Publish equal messages with both in turns, and compare confirmed messages a second."""
    ours: list[Figures] = []
    limit: list[Figures] = []
    async with open_installation() as story:
        conditions = await read_conditions(story)
        async with _open_sides(story) as sides:
            await _relay(sides, WARM_UP_MESSAGES)
            await _publish_bare(sides, WARM_UP_MESSAGES)
            for place in range(rounds):
                if place % 2 == 0:
                    ours.append({"confirmed_per_second": await _relay(sides, messages)})
                limit.append({"confirmed_per_second": await _publish_bare(sides, messages)})
                if place % 2 == 1:
                    ours.append({"confirmed_per_second": await _relay(sides, messages)})
    comparison = compare(
        f"{messages} messages", ours, limit, beside="limit", compared="confirmed_per_second", goal=GOAL
    )
    return Report(benchmark="relay", conditions=conditions, comparisons=(comparison,))


async def _relay(sides: Sides, count: int) -> float:
    """Confirmed messages a second, from the outbox, batch by batch."""
    announced = _announcements(count)
    async with transaction(sides.bench.pool) as connection:
        await outbox.insert_messages(connection, announced)
    moved, started = 0, time.perf_counter()
    async with asyncio.timeout(LONGEST_SECONDS):
        while moved < count:
            moved += await relay_batch(sides.bench, sides.relaying, sides.publishing)
    seconds = time.perf_counter() - started
    await _take_from_queue(sides, count)
    return count / seconds


async def _publish_bare(sides: Sides, count: int) -> float:
    """Confirmed messages a second, from memory: the same bodies in batches of the same size."""
    announced = _announcements(count)
    started = time.perf_counter()
    async with asyncio.timeout(LONGEST_SECONDS):
        for first in range(0, count, BATCH_SIZE):
            await _publish_batch(sides.bare, announced[first : first + BATCH_SIZE])
    seconds = time.perf_counter() - started
    await _take_from_queue(sides, count)
    return count / seconds


async def _publish_batch(channel: aiormq.Channel, batch: Sequence[Outgoing]) -> None:
    """Write all, then await all confirms: the client library knows no faster way."""
    async with asyncio.TaskGroup() as group:
        for each in batch:
            properties = Basic.Properties(delivery_mode=PERSISTENT, message_id=str(each.message_id))
            group.create_task(
                channel.basic_publish(
                    each.body,
                    exchange=each.exchange,
                    routing_key=each.routing_key,
                    properties=properties,
                    mandatory=True,
                    wait=False,
                )
            )


async def _take_from_queue(sides: Sides, expected: int) -> None:
    """Empty the listener's queue; it held what was confirmed, and no message twice."""
    purged = await sides.listening.queue_purge(QUEUE)
    if purged.message_count != expected:
        raise BenchmarkError(f"{expected} messages were confirmed, but {purged.message_count} arrived")


def _announcements(count: int) -> list[Outgoing]:
    now = real_clock()
    ids = [new_id(now) for _ in range(count)]
    return [
        Outgoing(
            message_id=each,
            type=NoteAnnounced.message_name(),
            exchange=OWNER,
            routing_key=NoteAnnounced.message_name(),
            body=msgspec.json.encode(NoteAnnounced(note_id=each, text=TEXT)),
            time=now,
            correlation_id=each,
        )
        for each in ids
    ]


@asynccontextmanager
async def _open_sides(story: Story) -> AsyncIterator[Sides]:
    pool = await open_pool(story.database_url(OWNER), size=2, name="benchmark")
    relaying = await open_connection(story.database_url(OWNER), name="benchmark relay")
    now = real_clock()
    await outbox.ensure_partitions(relaying, now - PARTITIONS_BEHIND, now + PARTITIONS_AHEAD)
    publishing = Publishing(story.broker_url(OWNER), "benchmark")
    bare = await aiormq.connect(story.broker_url(OWNER))
    listening = await aiormq.connect(story.broker_url(LISTENER))
    try:
        async with asyncio.TaskGroup() as group:
            opening = group.create_task(keep_running(publishing.keep_open, name="publishing"))
            yield Sides(
                bench=_bench(story, pool),
                relaying=relaying,
                publishing=publishing,
                bare=cast(aiormq.Channel, await bare.channel(publisher_confirms=True)),
                listening=await listening.channel(),
            )
            opening.cancel()
    finally:
        await bare.close()
        await listening.close()
        relaying.terminate()
        pool.terminate()


def _bench(story: Story, pool: Pool) -> Bench[None]:
    return Bench(
        pool=pool,
        clock=real_clock,
        service=SERVICE,
        seals=story.seals(OWNER),
        resources=None,
        outbox_filled=Wakeup(),
        assertion_keys={},
    )


if __name__ == "__main__":
    main(measure, __doc__)

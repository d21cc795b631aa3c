"""Single messages: a command to its committed effect, and its event to that of a second service."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import msgspec

from benchmarks import bare_steps, hearing, notes
from benchmarks.installation import (
    BenchmarkError,
    admin_broker_url,
    make_queues,
    open_installation,
    read_conditions,
    running,
    service_environment,
)
from benchmarks.notes import LISTENER, OWNER, TABLES_OF_BOTH, TEXT, PassNote
from benchmarks.report import Figures, Goal, Report, compare, main
from deploy.tool.stories import Story
from shared.clock import real_clock
from shared.messaging.broker import Publisher, connect
from shared.messaging.envelope import Outgoing
from shared.messaging.groups import GROUP_SIZE
from shared.messaging.ids import new_id

ROUNDS, MESSAGES, WARM_UP_MESSAGES = 7, 1_000, 200
"""Messages that each side brings through both services in a round."""
GOALS = {GROUP_SIZE: Goal(bound=3.0, is_upper=False), 1: Goal(bound=0.5, is_upper=False)}
"""By how many deliveries ours handles in one transaction, at most."""
LONGEST_SECONDS, LOOK_SECONDS = 60, 0.02


@dataclass(frozen=True, kw_only=True)
class Side:
    """Where commands are published for one side."""

    publisher: Publisher
    exchange: str
    routing_key: str


class Heard:
    """The notes that arrived in the second service, and those in the first."""

    def __init__(self, first: asyncpg.Connection, second: asyncpg.Connection) -> None:
        self._first, self._second = first, second
        self._sent: set[UUID] = set()

    async def wait_for(self, note_ids: list[UUID]) -> None:
        """Return when the second service has written all of these."""
        self._sent.update(note_ids)
        while await self._count(self._second) < len(self._sent):  # noqa: ASYNC110 (rows set no event)
            await asyncio.sleep(LOOK_SECONDS)

    async def check(self) -> None:
        """Both services have written each note once, and no others."""
        for connection in (self._first, self._second):
            written = await connection.fetch("SELECT id FROM notes")
            if len(written) != len(self._sent) or {row["id"] for row in written} != self._sent:
                raise BenchmarkError(f"{len(self._sent)} notes were sent, but {len(written)} written")

    async def _count(self, connection: asyncpg.Connection) -> int:
        return int(await connection.fetchval("SELECT count(*) FROM notes"))


async def measure(rounds: int = ROUNDS, messages: int = MESSAGES) -> Report:
    """Send equally many commands through both sides in turns, and compare the messages a second."""
    comparisons = []
    async with open_installation(TABLES_OF_BOTH) as story:
        conditions = await read_conditions(story)
        async with _open_peer(story) as peer, _open_heard(story) as heard:
            for group_size, goal in GOALS.items():
                async with _open_ours(story, group_size) as ours:
                    figures = await _measure_rounds(ours, peer, heard, rounds, messages)
                case = f"{messages} messages, groups of up to {group_size}"
                comparisons.append(
                    compare(case, *figures, beside="peer", compared="messages_per_second", goal=goal)
                )
            await heard.check()
    return Report(benchmark="single_messages", conditions=conditions, comparisons=tuple(comparisons))


async def _measure_rounds(
    ours: Side, peer: Side, heard: Heard, rounds: int, messages: int
) -> tuple[list[Figures], list[Figures]]:
    found: dict[int, list[Figures]] = {0: [], 1: []}
    sides = (ours, peer)
    for side in sides:
        await _bring(side, heard, WARM_UP_MESSAGES)
    for place in range(rounds):
        for which in (0, 1) if place % 2 == 0 else (1, 0):
            found[which].append({"messages_per_second": await _bring(sides[which], heard, messages)})
    return found[0], found[1]


async def _bring(side: Side, heard: Heard, count: int) -> float:
    """Messages a second, from the first publish until the last note is written by the second service."""
    outgoing = [_command(side) for _ in range(count)]
    started = time.perf_counter()
    async with asyncio.timeout(LONGEST_SECONDS):
        problems = await side.publisher.publish_all(outgoing)
        if any(problems):
            raise BenchmarkError(f"not every command was confirmed: {next(filter(None, problems))!r}")
        await heard.wait_for([each.correlation_id for each in outgoing])
    return count / (time.perf_counter() - started)


def _command(side: Side) -> Outgoing:
    note_id = new_id(real_clock())
    return Outgoing(
        message_id=note_id,
        type=PassNote.message_name(),
        exchange=side.exchange,
        routing_key=side.routing_key,
        body=msgspec.json.encode(PassNote(note_id=note_id, text=TEXT)),
        time=real_clock(),
        correlation_id=note_id,
    )


@asynccontextmanager
async def _open_ours(story: Story, group_size: int) -> AsyncIterator[Side]:
    """Both services, each in a process of its own."""
    group = {"BENCHMARK_GROUP_SIZE": str(group_size)}
    async with (
        running(notes.__name__, story, service_environment(story, OWNER) | group),
        running(hearing.__name__, story, service_environment(story, LISTENER) | group),
        connect(story.broker_url("portal"), name="benchmark") as connection,
    ):
        publisher = await connection.open_publisher()
        yield Side(publisher=publisher, exchange="portal", routing_key=PassNote.message_name())


@asynccontextmanager
async def _open_peer(story: Story) -> AsyncIterator[Side]:
    """Both steps, each in a process of its own."""
    await make_queues(story, bare_steps.COMMANDS, bare_steps.EVENTS)
    async with (
        connect(admin_broker_url(story), name="benchmark") as connection,
        running(bare_steps.__name__, story, _peer_environment(story, OWNER, "pass"), name="bare_pass"),
        running(bare_steps.__name__, story, _peer_environment(story, LISTENER, "hear"), name="bare_hear"),
    ):
        publisher = await connection.open_publisher()
        yield Side(publisher=publisher, exchange="", routing_key=bare_steps.COMMANDS)


@asynccontextmanager
async def _open_heard(story: Story) -> AsyncIterator[Heard]:
    first = await asyncpg.connect(story.database_url(OWNER))
    second = await asyncpg.connect(story.database_url(LISTENER))
    try:
        yield Heard(first, second)
    finally:
        await first.close()
        await second.close()


def _peer_environment(story: Story, service: str, step: str) -> Mapping[str, str]:
    return {
        "BENCHMARK_DATABASE_URL": story.database_url(service),
        "BENCHMARK_BROKER_URL": admin_broker_url(story),
        "BENCHMARK_STEP": step,
    }


if __name__ == "__main__":
    main(measure, __doc__)

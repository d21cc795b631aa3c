"""Single messages: a command to its committed effect, and its event to that of a second service."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
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
    processor_seconds,
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
from shared.settings import ServiceSettings

ROUNDS, MESSAGES, WARM_UP_MESSAGES = 5, 2_000, 400
"""Messages that each side brings through both services in a round."""
PUBLISHED_AT_ONCE = 500
USUAL_WORKERS = next(
    field.default for field in msgspec.structs.fields(ServiceSettings) if field.name == "worker_count"
)
GOAL, GOAL_OF_GROUPS_OF_ONE = Goal(bound=3.0, is_upper=False), Goal(bound=0.5, is_upper=False)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """How both sides work: `at_once` are our workers, and the messages at once in each step of the peer."""

    at_once: int
    group_size: int = GROUP_SIZE
    goal: Goal | None = None


CASES = (
    Case(at_once=USUAL_WORKERS, goal=GOAL),
    Case(at_once=USUAL_WORKERS, group_size=1, goal=GOAL_OF_GROUPS_OF_ONE),
    *(Case(at_once=at_once) for at_once in (1, 2, 4, 8) if at_once != USUAL_WORKERS),
)
"""Those with a goal first."""
LONGEST_SECONDS, LOOK_SECONDS = 60, 0.02


@dataclass(frozen=True, kw_only=True)
class Side:
    """Where commands are published for one side, and the processes of its two steps."""

    publisher: Publisher
    exchange: str
    routing_key: str
    process_ids: tuple[int, int]

    def processor_ms(self) -> float:
        """What its processes have taken of the processors until now."""
        return 1000 * sum(processor_seconds(process_id) for process_id in self.process_ids)


class Heard:
    """The notes that arrived in the second service, and those in the first."""

    def __init__(self, first: asyncpg.Connection, second: asyncpg.Connection) -> None:
        self._first, self._second = first, second
        self._sent: set[UUID] = set()

    async def wait_for(self, note_ids: list[UUID]) -> None:
        """Return when the second service has written all of these; their ids are higher than any before."""
        self._sent.update(note_ids)
        while await self._count_since(min(note_ids)) < len(note_ids):  # noqa: ASYNC110 (rows set no event)
            await asyncio.sleep(LOOK_SECONDS)

    async def check(self) -> None:
        """Both services have written each note once, and no others."""
        for connection in (self._first, self._second):
            written = await connection.fetch("SELECT id FROM notes")
            if len(written) != len(self._sent) or {row["id"] for row in written} != self._sent:
                raise BenchmarkError(f"{len(self._sent)} notes were sent, but {len(written)} written")

    async def _count_since(self, first: UUID) -> int:
        """By the index: counting those of earlier rounds too would slow down both sides more each time."""
        return int(await self._second.fetchval("SELECT count(*) FROM notes WHERE id >= $1", first))


async def measure(rounds: int = ROUNDS, messages: int = MESSAGES, cases: Sequence[Case] = CASES) -> Report:
    """Send equally many commands through both sides in turns, and compare the messages a second."""
    comparisons = []
    async with open_installation(TABLES_OF_BOTH) as story:
        conditions = await read_conditions(story)
        async with _open_heard(story) as heard:
            for case in cases:
                async with _open_ours(story, case) as ours, _open_peer(story, case) as peer:
                    figures = await _measure_rounds(ours, peer, heard, rounds, messages)
                name = f"{messages} messages, {case.at_once} at once, groups of up to {case.group_size}"
                comparisons.append(
                    compare(name, *figures, beside="peer", compared="messages_per_second", goal=case.goal)
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
            found[which].append(await _bring(sides[which], heard, messages))
    return found[0], found[1]


async def _bring(side: Side, heard: Heard, count: int) -> Figures:
    """Messages a second, from the first publish until the last note is written by the second service.

    And what a message took of the processors in the two services, without those of database and broker.
    """
    began_at, started = side.processor_ms(), time.perf_counter()
    note_ids = []
    async with asyncio.timeout(LONGEST_SECONDS):
        for first in range(0, count, PUBLISHED_AT_ONCE):
            outgoing = [_command(side) for _ in range(min(PUBLISHED_AT_ONCE, count - first))]
            problems = await side.publisher.publish_all(outgoing)
            if any(problems):
                raise BenchmarkError(f"not every command was confirmed: {next(filter(None, problems))!r}")
            note_ids += [each.correlation_id for each in outgoing]
        await heard.wait_for(note_ids)
    seconds = time.perf_counter() - started
    taken = (side.processor_ms() - began_at) / count
    return {"messages_per_second": count / seconds, "processor_ms_per_message": taken}


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
async def _open_ours(story: Story, case: Case) -> AsyncIterator[Side]:
    """Both services, each in a process of its own."""
    async with (
        running(notes.__name__, story, _our_environment(story, OWNER, case)) as first,
        running(hearing.__name__, story, _our_environment(story, LISTENER, case)) as second,
        connect(story.broker_url("portal"), name="benchmark") as connection,
    ):
        yield Side(
            publisher=await connection.open_publisher(),
            exchange="portal",
            routing_key=PassNote.message_name(),
            process_ids=(first, second),
        )


@asynccontextmanager
async def _open_peer(story: Story, case: Case) -> AsyncIterator[Side]:
    """Both steps, each in a process of its own."""
    await make_queues(story, bare_steps.COMMANDS, bare_steps.EVENTS)
    module = bare_steps.__name__
    async with (
        connect(admin_broker_url(story), name="benchmark") as connection,
        running(module, story, _peer_environment(story, OWNER, "pass", case), name="bare_pass") as first,
        running(module, story, _peer_environment(story, LISTENER, "hear", case), name="bare_hear") as second,
    ):
        yield Side(
            publisher=await connection.open_publisher(),
            exchange="",
            routing_key=bare_steps.COMMANDS,
            process_ids=(first, second),
        )


@asynccontextmanager
async def _open_heard(story: Story) -> AsyncIterator[Heard]:
    first = await asyncpg.connect(story.database_url(OWNER))
    second = await asyncpg.connect(story.database_url(LISTENER))
    try:
        yield Heard(first, second)
    finally:
        await first.close()
        await second.close()


def _our_environment(story: Story, service: str, case: Case) -> Mapping[str, str]:
    return {
        **service_environment(story, service),
        f"NEXTGEN_{service.upper()}_WORKER_COUNT": str(case.at_once),
        "BENCHMARK_GROUP_SIZE": str(case.group_size),
    }


def _peer_environment(story: Story, service: str, step: str, case: Case) -> Mapping[str, str]:
    return {
        "BENCHMARK_DATABASE_URL": story.database_url(service),
        "BENCHMARK_BROKER_URL": admin_broker_url(story),
        "BENCHMARK_STEP": step,
        "BENCHMARK_AT_ONCE": str(case.at_once),
    }


if __name__ == "__main__":
    main(measure, __doc__)

"""Request and reply: one write a request, through `shared.messaging` and through the client library alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg

from benchmarks import bare, notes
from benchmarks.bare import BareRequests
from benchmarks.installation import (
    BenchmarkError,
    admin_broker_url,
    open_installation,
    read_conditions,
    running,
    service_environment,
)
from benchmarks.notes import OWNER, TEXT, NoteTaken, TakeNote
from benchmarks.report import Comparison, Figures, Goal, Report, compare, main, percentile
from deploy.tool.stories import Story
from shared.clock import real_clock
from shared.messages.base import Message
from shared.messaging.ids import new_id
from shared.messaging.requests import Requests
from shared.runtime import keep_running

ROUNDS = 7
SECONDS = 1.2
"""How long each side is asked in a round, by so many callers."""
GOALS = {1: Goal(bound=1.5, is_upper=True), 32: Goal(bound=2.0, is_upper=True)}
"""By the number of callers, who each ask again as soon as they are answered."""
WARM_UP_SECONDS = 0.5
START_SECONDS = 20
Ask = Callable[[TakeNote], Awaitable[Message]]


async def measure(rounds: int = ROUNDS, seconds: float = SECONDS) -> Report:
    """Ask both in turns, and compare the medians of the times from asking to being answered."""
    async with open_installation() as story:
        conditions = await read_conditions(story)
        requests = Requests(story.broker_url("portal"), story.seals("portal"), real_clock, name="benchmark")
        async with (
            BareRequests.connect(admin_broker_url(story)) as bare_requests,
            running(notes.__name__, story, service_environment(story, OWNER)),
            running(bare.__name__, story, _peer_environment(story)),
            asyncio.TaskGroup() as group,
        ):
            opening = group.create_task(keep_running(requests.keep_open, name="requests"))

            async def ask(command: TakeNote) -> Message:
                return (await requests.ask(command, deadline_seconds=START_SECONDS)).message

            comparisons = await _compare(ask, bare_requests.ask, rounds, seconds, story)
            opening.cancel()
    return Report(benchmark="request_reply", conditions=conditions, comparisons=comparisons)


async def _compare(ours: Ask, peer: Ask, rounds: int, seconds: float, story: Story) -> tuple[Comparison, ...]:
    answered = 0
    for ask in (ours, peer):
        answered += len(await _ask_for(WARM_UP_SECONDS, ask, max(GOALS)))
    comparisons = []
    for callers, goal in GOALS.items():
        found: dict[Ask, list[Figures]] = {ours: [], peer: []}
        for place in range(rounds):
            for ask in (ours, peer) if place % 2 == 0 else (peer, ours):
                samples = await _ask_for(seconds, ask, callers)
                answered += len(samples)
                found[ask].append(_figures(samples))
        case = f"{callers} caller{'s' if callers > 1 else ''}"
        comparisons.append(
            compare(case, found[ours], found[peer], beside="peer", compared="p50_ms", goal=goal)
        )
    await _check_effects(story, answered)
    return tuple(comparisons)


async def _ask_for(seconds: float, ask: Ask, callers: int) -> list[float]:
    """Seconds from asking to the answer, of all who asked in this time."""
    end = time.perf_counter() + seconds
    samples: list[float] = []

    async def go_on_asking() -> None:
        while (asked_at := time.perf_counter()) < end:
            note_id = new_id(real_clock())
            answer = await ask(TakeNote(note_id=note_id, text=TEXT))
            samples.append(time.perf_counter() - asked_at)
            if answer != NoteTaken(note_id=note_id):
                raise BenchmarkError(f"an answer that is none: {answer!r}")

    async with asyncio.timeout(seconds + START_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(go_on_asking())
    return samples


def _figures(samples: list[float]) -> Figures:
    return {
        "p50_ms": percentile(samples, 50) * 1000,
        "p99_ms": percentile(samples, 99) * 1000,
    }


async def _check_effects(story: Story, answered: int) -> None:
    connection = await asyncpg.connect(story.database_url(OWNER))
    written = await connection.fetchval("SELECT count(*) FROM notes")
    await connection.close()
    if written != answered:
        raise BenchmarkError(f"{answered} answers, but {written} notes")


def _peer_environment(story: Story) -> dict[str, str]:
    return {
        "BENCHMARK_DATABASE_URL": story.database_url(OWNER),
        "BENCHMARK_BROKER_URL": admin_broker_url(story),
    }


if __name__ == "__main__":
    main(measure, __doc__)

"""What may I file? Asked of three million links, beside a bare echo with the same SQL."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from uuid import UUID

from benchmarks import what_may_i_file_peer
from benchmarks.bare import BareRequests
from benchmarks.filers import LINKS_EACH, settle_filers, sign_for, some_accounts
from benchmarks.installation import (
    BenchmarkError,
    admin_broker_url,
    open_installation,
    read_conditions,
    running,
    service_environment,
)
from benchmarks.notes import TakeNote
from benchmarks.report import Comparison, Figures, Goal, Report, compare, main, percentile
from deploy.tool.stories import Story
from shared.clock import real_clock
from shared.messages.linking import FilingRights, WhatMayIFile
from shared.messaging.ids import new_id
from shared.messaging.requests import Requests
from shared.runtime import keep_running

OWNER = "linking"
ACCOUNTS = 600_000
ASKERS = 1_000
"""Accounts drawn for each side of each round, so that what is asked is not what was just read."""
ROUNDS, SECONDS = 7, 1.5
GOALS = {1: Goal(bound=1.5, is_upper=True), 32: Goal(bound=2.0, is_upper=True)}
"""By the number of callers, who each ask again as soon as they are answered."""
START_SECONDS = 20
Ask = Callable[["Asker"], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Asker:
    """An account, and what is signed of it."""

    account_id: UUID
    assertion: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Who is asked, and beside what."""

    story: Story
    requests: Requests
    bare_requests: BareRequests
    account_count: int

    async def ask(self, asker: Asker) -> None:
        """Ours."""
        answer = await self.requests.ask(
            WhatMayIFile(), assertion=asker.assertion, deadline_seconds=START_SECONDS
        )
        rights = answer.message
        if not isinstance(rights, FilingRights) or len(rights.rights) != LINKS_EACH:
            raise BenchmarkError(f"an answer that is none: {rights!r}")

    async def echo(self, asker: Asker) -> None:
        """The same of the peer."""
        await self.bare_requests.ask(TakeNote(note_id=new_id(real_clock()), text=asker.account_id.hex))

    def draw(self) -> Sequence[Asker]:
        """Accounts anywhere in the tables, each with its assertion."""
        account_ids = some_accounts(self.account_count, ASKERS)
        signed = zip(account_ids, sign_for(self.story, account_ids), strict=True)
        return [Asker(account_id=account_id, assertion=assertion) for account_id, assertion in signed]


async def measure(rounds: int = ROUNDS, seconds: float = SECONDS, account_count: int = ACCOUNTS) -> Report:
    """Ask both in turns, and compare the medians of the times from asking to being answered."""
    async with open_installation({OWNER: "SELECT 1"}) as story:
        await settle_filers(story, account_count)
        conditions = await read_conditions(story, OWNER)
        async with _open_trial(story, account_count) as trial:
            for ask in (trial.ask, trial.echo):
                await _ask_for(seconds, ask, trial.draw(), max(GOALS))
            comparisons = [
                await _compare(trial, callers, goal, rounds, seconds) for callers, goal in GOALS.items()
            ]
    links = f"{account_count * LINKS_EACH:,}"
    return Report(
        benchmark="what_may_i_file",
        conditions={**conditions, "links": links},
        comparisons=tuple(comparisons),
    )


async def _compare(trial: Trial, callers: int, goal: Goal, rounds: int, seconds: float) -> Comparison:
    ours: list[Figures] = []
    peer: list[Figures] = []
    for place in range(rounds):
        for side in (ours, peer) if place % 2 == 0 else (peer, ours):
            ask = trial.ask if side is ours else trial.echo
            samples = await _ask_for(seconds, ask, trial.draw(), callers)
            side.append({"p50_ms": percentile(samples, 50), "p99_ms": percentile(samples, 99)})
    case = f"{callers} caller{'s' if callers > 1 else ''}"
    return compare(case, ours, peer, beside="peer", compared="p50_ms", goal=goal)


async def _ask_for(seconds: float, ask: Ask, askers: Sequence[Asker], callers: int) -> list[float]:
    """Milliseconds from asking to the answer, of callers who each ask again as soon as they are answered."""
    end, next_askers = time.perf_counter() + seconds, cycle(askers)
    samples: list[float] = []

    async def go_on_asking() -> None:
        while (began := time.perf_counter()) < end:
            await ask(next(next_askers))
            samples.append((time.perf_counter() - began) * 1000)

    async with asyncio.timeout(seconds + START_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(go_on_asking())
    return samples


@asynccontextmanager
async def _open_trial(story: Story, account_count: int) -> AsyncIterator[Trial]:
    """The service and the peer, each in a process of its own; who asks is the same for both."""
    requests = Requests(story.broker_url("portal"), story.seals("portal"), real_clock, name="benchmark")
    peer_environment = {
        "BENCHMARK_DATABASE_URL": story.database_url(OWNER),
        "BENCHMARK_BROKER_URL": admin_broker_url(story),
    }
    async with (
        BareRequests.connect(admin_broker_url(story), is_persistent=False) as bare_requests,
        running("services.linking", story, service_environment(story, OWNER)),
        running(what_may_i_file_peer.__name__, story, peer_environment),
        asyncio.TaskGroup() as group,
    ):
        opening = group.create_task(keep_running(requests.keep_open, name="requests"))
        yield Trial(story=story, requests=requests, bare_requests=bare_requests, account_count=account_count)
        opening.cancel()


if __name__ == "__main__":
    main(measure, __doc__)

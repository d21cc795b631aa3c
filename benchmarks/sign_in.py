"""Signing in beside bare hashing, a burst of ten times as many, and resolving beside a bare echo."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle

from argon2 import PasswordHasher

from benchmarks import sign_in_peer
from benchmarks.bare import BareRequests
from benchmarks.hashing import hash_for, usual_hasher
from benchmarks.installation import (
    BenchmarkError,
    admin_broker_url,
    open_installation,
    read_conditions,
    running,
)
from benchmarks.notes import NoteTaken, TakeNote
from benchmarks.people import PASSWORD, Holder, settle_holders
from benchmarks.report import Comparison, Figures, Goal, Report, compare, main, percentile
from deploy.tool.stories import Story
from services.accounts.store.saving import hash_token
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.messages.accounts import Busy, ResolveSession, SessionResolved, SignedIn, SignIn
from shared.messages.base import Message
from shared.messaging.ids import new_id
from shared.messaging.requests import Answer, Requests
from shared.messaging.topology import SERVICES
from shared.policies import SHIPPED
from shared.runtime import keep_running
from shared.sealed import Sealed, to_be_sealed

OWNER = "accounts"
ROUNDS, SECONDS = 5, 4.0
SIGN_IN_CALLERS, HOLDERS = 12, 64
"""Fewer callers than may stand in line, so that nobody is told to come later; in a burst everybody comes."""
BURST_TIMES, BURST_SECONDS, ANSWERED_WITHIN_MS = 10, 2.0, 1000.0
RATE_GOAL = Goal(bound=0.8, is_upper=False)
BURST_GOAL = Goal(bound=1.0, is_upper=True)
RESOLVE_GOALS = {1: Goal(bound=1.5, is_upper=True), 32: Goal(bound=2.0, is_upper=True)}
START_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is asked, by whom, and beside what."""

    requests: Requests
    bare_requests: BareRequests
    holders: Sequence[Holder]
    hasher: PasswordHasher

    async def sign_in(self, holder: Holder) -> Answer:
        """One sign-in with the right password, from the holder's own network."""
        command = SignIn(user_name=holder.user_name, password=_sealed(PASSWORD), network=holder.network)
        return await self.requests.ask(command, deadline_seconds=START_SECONDS)

    async def resolve(self, token: str) -> None:
        """One page of the portal."""
        query = ResolveSession(token=_sealed(token), audience="linking")
        _must_be(SessionResolved, (await self.requests.ask(query, deadline_seconds=START_SECONDS)).message)

    async def echo(self, token: str) -> None:
        """The same of the peer."""
        asked = TakeNote(note_id=new_id(real_clock()), text=hash_token(token).hex())
        _must_be(NoteTaken, await self.bare_requests.ask(asked))


async def measure(rounds: int = ROUNDS, seconds: float = SECONDS) -> Report:
    """Measure ours and the other in turns."""
    async with open_installation({OWNER: "SELECT 1"}) as story:
        conditions = await read_conditions(story, OWNER)
        pool = await open_pool(story.database_url(OWNER), size=4, name="benchmark")
        async with _open_trial(story, pool) as trial:
            tokens = [await _first_token(trial, holder) for holder in trial.holders]
            comparisons = [
                *await _compare_sign_ins(trial, rounds, seconds),
                *await _compare_resolving(trial, tokens, rounds, seconds),
            ]
        pool.terminate()
    return Report(benchmark="sign_in", conditions=conditions, comparisons=tuple(comparisons))


async def _compare_sign_ins(trial: Trial, rounds: int, seconds: float) -> list[Comparison]:
    ours: list[Figures] = []
    bare: list[Figures] = []
    bursts: list[Figures] = []
    for place in range(rounds):
        for side in (ours, bare) if place % 2 == 0 else (bare, ours):
            measured = _sign_in_for(trial, seconds) if side is ours else hash_for(trial.hasher, seconds)
            side.append(await measured)
        bursts.append(await _burst(trial, BURST_TIMES * bare[-1]["per_second"]))
    limits = [dict.fromkeys(bursts[0], 0.0) | {"p99_ms": ANSWERED_WITHIN_MS} for _ in bursts]
    callers = f"sign-ins by {SIGN_IN_CALLERS} callers"
    return [
        compare(callers, ours, bare, beside="bare hashing", compared="per_second", goal=RATE_GOAL),
        compare("a burst", bursts, limits, beside="limit", compared="p99_ms", goal=BURST_GOAL),
    ]


async def _compare_resolving(
    trial: Trial, tokens: Sequence[str], rounds: int, seconds: float
) -> list[Comparison]:
    comparisons = []
    for callers, goal in RESOLVE_GOALS.items():
        ours: list[Figures] = []
        peer: list[Figures] = []
        for place in range(rounds):
            for side in (ours, peer) if place % 2 == 0 else (peer, ours):
                ask = trial.resolve if side is ours else trial.echo
                samples = await _ask_for(seconds, ask, tokens[:callers])
                side.append({"p50_ms": percentile(samples, 50), "p99_ms": percentile(samples, 99)})
        case = f"resolving by {callers} caller{'s' if callers > 1 else ''}"
        comparisons.append(compare(case, ours, peer, beside="peer", compared="p50_ms", goal=goal))
    return comparisons


async def _sign_in_for(trial: Trial, seconds: float) -> Figures:
    async def sign_in(holder: Holder) -> None:
        _must_be(SignedIn, (await trial.sign_in(holder)).message)

    began = time.perf_counter()
    samples = await _ask_for(seconds, sign_in, trial.holders[:SIGN_IN_CALLERS])
    return {"per_second": len(samples) / (time.perf_counter() - began), "p99_ms": percentile(samples, 99)}


async def _burst(trial: Trial, rate: float) -> Figures:
    """So many come a second, whether those before were answered or not."""
    answers: list[tuple[float, Message]] = []

    async def one(holder: Holder) -> None:
        began = time.perf_counter()
        message = (await trial.sign_in(holder)).message
        if not isinstance(message, SignedIn | Busy):
            raise BenchmarkError(f"neither in nor busy: {message!r}")
        answers.append(((time.perf_counter() - began) * 1000, message))

    began, holders = time.perf_counter(), cycle(trial.holders)
    async with asyncio.TaskGroup() as group:
        for place in range(int(rate * BURST_SECONDS)):
            await asyncio.sleep(began + place / rate - time.perf_counter())
            group.create_task(one(next(holders)))
    came = len(answers) / BURST_SECONDS
    signed_in = sum(isinstance(message, SignedIn) for _, message in answers)
    return {
        "p99_ms": percentile([ms for ms, _ in answers], 99),
        "p50_ms": percentile([ms for ms, _ in answers], 50),
        "came_per_second": came,
        "signed_in_percent": 100 * signed_in / len(answers),
    }


async def _ask_for(seconds: float, ask: Callable[..., Awaitable[None]], who: Sequence[object]) -> list[float]:
    """Milliseconds from asking to the answer, of callers who each ask again as soon as they are answered."""
    end = time.perf_counter() + seconds
    samples: list[float] = []

    async def go_on_asking(each: object) -> None:
        while (began := time.perf_counter()) < end:
            await ask(each)
            samples.append((time.perf_counter() - began) * 1000)

    async with asyncio.timeout(seconds + START_SECONDS), asyncio.TaskGroup() as group:
        for each in who:
            group.create_task(go_on_asking(each))
    return samples


async def _first_token(trial: Trial, holder: Holder) -> str:
    answer = await trial.sign_in(holder)
    _must_be(SignedIn, answer.message)
    return trial.requests.open(answer, "token")


@asynccontextmanager
async def _open_trial(story: Story, pool: Pool) -> AsyncIterator[Trial]:
    """The service and the peer, each in a process of its own; who asks is the same for both."""
    hasher = usual_hasher()
    holders = await settle_holders(pool, HOLDERS, hasher)
    requests = Requests(story.broker_url("portal"), story.seals("portal"), real_clock, name="benchmark")
    peer_environment = {
        "BENCHMARK_DATABASE_URL": story.database_url(OWNER),
        "BENCHMARK_BROKER_URL": admin_broker_url(story),
    }
    async with (
        BareRequests.connect(admin_broker_url(story), is_persistent=False) as bare_requests,
        running("services.accounts", story, service_without_limit(story)),
        running(sign_in_peer.__name__, story, peer_environment),
        asyncio.TaskGroup() as group,
    ):
        opening = group.create_task(keep_running(requests.keep_open, name="requests"))
        yield Trial(requests=requests, bare_requests=bare_requests, holders=holders, hasher=hasher)
        opening.cancel()


def service_without_limit(story: Story) -> dict[str, str]:
    """The service as it is, but for the limit of all sign-ins a minute, which would end the measurement."""
    policies = story.folder / "policies.toml"
    shipped = SHIPPED.read_text().splitlines()
    unlimited = ("sign_ins_a_minute = 10000000" if "sign_ins_a_minute" in line else line for line in shipped)
    policies.write_text("\n".join(unlimited))
    own = story.environment(OWNER, dict.fromkeys((*SERVICES, "mail"), 0))
    return {name: value for name, value in own.items() if not name.endswith("_HEALTH_PORT")} | {
        "NEXTGEN_POLICIES_FILE": str(policies)
    }


def _sealed(text: str) -> Sealed:
    return to_be_sealed(text, reader=OWNER, expires_at=real_clock() + timedelta(minutes=1))


def _must_be(kind: type[Message], answer: Message) -> None:
    if not isinstance(answer, kind):
        raise BenchmarkError(f"an answer that is none: {answer!r}")


if __name__ == "__main__":
    main(measure, __doc__)

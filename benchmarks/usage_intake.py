"""Usage intake: batches of 500 uses, broker to commit, beside FastStream, bare statements and an insert."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks import usage_peer
from benchmarks.installation import (
    BenchmarkError,
    admin_broker_url,
    make_queues,
    open_installation,
    read_conditions,
    running,
    service_environment,
)
from benchmarks.payers import find_mistakes, settle_people
from benchmarks.report import Comparison, Figures, Goal, Report, compare, main
from benchmarks.usage_sides import CREATE_BARE_LINES, BareInsert, Limit, Sending
from benchmarks.usages import COURT, OWNER, Batch, Reporting, latest_use
from deploy.tool.stories import Story
from shared.database import Pool, open_pool
from shared.messages.paa_billing import RecordUsage
from shared.messaging.broker import connect
from shared.messaging.consumer import BULK_WORKERS
from shared.policies import read_policies

ROUNDS, BATCHES, SINGLE_USES = 5, 80, 200
"""Batches, or single uses, that each side brings in a round."""
WARM_UP_BATCHES = 4
GOALS = {
    "limit": Goal(bound=0.8, is_upper=False),
    "peer": Goal(bound=3.0, is_upper=False),
    "bare insert": None,
    "bare insert by two": None,
    "one by one": None,
}
SERVICE_MODULE = "services.paa_billing"
OURS, ONE_BY_ONE = "ours", "one by one"
BARE_INSERTS = {"bare insert": 1, "bare insert by two": BULK_WORKERS}
"""By the number of connections: one, and as many as the service has workers for bulk."""


class Side(Protocol):
    """What brings batches into the tables."""

    async def bring(self, batches: Sequence[Batch]) -> float:
        """Bring them there and answer how many seconds it took."""
        ...


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The sides, and all that was reported so far."""

    sides: Mapping[str, Side]
    reporting: Reporting
    reported: list[Batch] = field(default_factory=list)

    async def measure(self, name: str, batches: int) -> Figures:
        """Uses a second that one side books."""
        if name == ONE_BY_ONE:
            brought = self.reporting.next_single_uses(SINGLE_USES)
        elif name in BARE_INSERTS:
            brought = [batch for batch in self.reported if len(batch.usage_ids) > 1][-batches:]
        else:
            brought = self.reporting.next_batches(batches)
        seconds = await self.sides[name].bring(brought)
        if name not in BARE_INSERTS:
            self.reported.extend(brought)
        return {"uses_per_second": sum(len(each.usage_ids) for each in brought) / seconds}


async def measure(rounds: int = ROUNDS, batches: int = BATCHES) -> Report:
    """Book equally many uses with each side in turns, and compare the uses booked a second."""
    async with open_installation({OWNER: CREATE_BARE_LINES}, (COURT,)) as story:
        conditions = await read_conditions(story, OWNER)
        pool = await open_pool(story.database_url(OWNER), size=4, name="benchmark")
        async with _open_sides(story, pool) as sides:
            trial = Trial(sides=sides, reporting=Reporting(latest_use()))
            comparisons = await _compare(trial, rounds, batches)
        await _check_effects(pool, trial.reported)
        pool.terminate()
    return Report(benchmark="usage_intake", conditions=conditions, comparisons=comparisons)


async def _compare(trial: Trial, rounds: int, batches: int) -> tuple[Comparison, ...]:
    found: dict[str, list[Figures]] = {name: [] for name in trial.sides}
    order = [OURS, *(name for name in trial.sides if name != OURS)]
    for name in order:
        await trial.measure(name, WARM_UP_BATCHES)
    for place in range(rounds):
        # A bare insert needs what another has booked before it, and so never begins.
        turned = order if place % 2 == 0 else [*reversed(order[:-2]), *order[-2:]]
        for name in turned:
            found[name].append(await trial.measure(name, batches))
    case = f"{batches} batches"
    return tuple(
        compare(case, found[OURS], found[name], beside=name, compared="uses_per_second", goal=goal)
        for name, goal in GOALS.items()
    )


async def _check_effects(pool: Pool, reported: Sequence[Batch]) -> None:
    usage_ids = [usage_id for batch in reported for usage_id in batch.usage_ids]
    if mistakes := await find_mistakes(pool, usage_ids, sum(batch.gross_cents for batch in reported)):
        raise BenchmarkError(f"the lines are not what was reported: {'; '.join(mistakes)}")


@asynccontextmanager
async def _open_sides(story: Story, pool: Pool) -> AsyncIterator[Mapping[str, Side]]:
    """The service and the peer, each in a process of its own, and what is measured in this one."""
    await settle_people(pool, latest_use())
    await make_queues(story, usage_peer.QUEUE, usage_peer.ANSWERS)
    peer_environment = {
        "BENCHMARK_DATABASE_URL": story.database_url(OWNER),
        "BENCHMARK_BROKER_URL": admin_broker_url(story),
    }
    async with (
        running(SERVICE_MODULE, story, service_environment(story, OWNER)),
        running(usage_peer.__name__, story, peer_environment),
        connect(story.broker_url(COURT), name="benchmark court") as court,
        connect(admin_broker_url(story), name="benchmark peer") as peer,
    ):
        sending = Sending(
            publisher=await court.open_publisher(),
            pool=pool,
            exchange="courts",
            routing_key=f"{RecordUsage.message_name()}.{court.login.user}",
        )
        to_peer = Sending(
            publisher=await peer.open_publisher(), pool=pool, exchange="", routing_key=usage_peer.QUEUE
        )
        limit = Limit(pool=pool, policies=read_policies(), seals=story.seals(OWNER))
        yield {
            OURS: sending,
            "limit": limit,
            "peer": to_peer,
            ONE_BY_ONE: to_peer,
            **{name: BareInsert(pool=pool, connections=count) for name, count in BARE_INSERTS.items()},
        }


if __name__ == "__main__":
    main(measure, __doc__)

"""`nextgen replay`: announced events sent again to their readers, with the ids that they had."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from deploy.tool import stories
from deploy.tool.operating import (
    OperatorError,
    Place,
    StoryNumber,
    connected,
    instant,
    operator_name,
    printable,
    services_named,
)
from deploy.tool.redriving import Say
from deploy.tool.stepping import Fate, Pace, Pacer, count_parkings, wait_for_fates
from shared.database import OwnConnection
from shared.errors import PublishError
from shared.messaging.broker import Publisher, connect
from shared.messaging.ids import first_id_of, new_id
from shared.messaging.partitions import get_start_of_inbox
from shared.messaging.registry import read_contracts
from shared.messaging.replays import (
    Announced,
    Replay,
    ReplayOutcome,
    Span,
    insert_replay,
    list_announced,
    outgoing_to,
)

_FIRST = UUID(int=0)
_OUTCOMES: dict[Fate, ReplayOutcome] = {
    "parked": "parked",
    "missing": "not_handled_in_time",
    "handled": "handled",
}
"""What a step comes to by the worst fate of its messages, which come first."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an operator asked for: the events of a time, of one type or of all, to these readers."""

    since: datetime
    until: datetime
    type: str | None
    readers: Sequence[str]
    pace: Pace
    operator: str


@dataclass(frozen=True, kw_only=True)
class _Run:
    """The replay of one owner's events to one queue."""

    place: Place
    wish: Wish
    run_id: UUID
    owner: str
    queue: str
    announced: OwnConnection
    reader: OwnConnection
    publisher: Publisher
    pacer: Pacer
    say: Say

    async def note(self, step: Sequence[Announced], outcome: ReplayOutcome) -> None:
        """Put a step on record in the reader's database."""
        now = self.place.clock()
        replay = Replay(
            id=new_id(now),
            run_id=self.run_id,
            operator=self.wish.operator,
            noted_at=now,
            owner=self.owner,
            type=self.wish.type,
            since=self.wish.since,
            until=self.wish.until,
            first_message_id=step[0].message_id,
            last_message_id=step[-1].message_id,
            message_count=len(step),
            outcome=outcome,
        )
        await insert_replay(self.reader, replay)
        if outcome != "begun":
            upto = instant(step[-1].emitted_at)
            self.say(f"{self.queue}: {len(step)} events of {self.owner} up to {upto}: {outcome}")


def replay_events(
    *,
    since: Annotated[datetime, Parameter(name="--from", help="Events emitted then or later.")],
    until: Annotated[datetime | None, Parameter(help="Events emitted before; now if not given.")] = None,
    type_name: Annotated[str | None, Parameter(name="--type", help="Of this type.")] = None,
    service: Annotated[str | None, Parameter(help="To this reader alone.")] = None,
    pace: Pace = Pace(),  # noqa: B008 (frozen)
    story: StoryNumber = None,
) -> int:
    """Send announced events of the last thirty days again to their readers, with the ids that they had.

    What a reader handled before has no effect again. Exits 1 at the first step that fails; each step is kept
    in the table `replays` of its reader.
    """
    place = stories.load(story)
    wish = Wish(
        since=since.astimezone(),
        until=place.clock() if until is None else until.astimezone(),
        type=type_name,
        readers=services_named(service),
        pace=pace,
        operator=operator_name(),
    )
    return asyncio.run(replay(place, wish, print))


async def replay(place: Place, wish: Wish, say: Say) -> int:
    """Send announced events again; answers 1 if a step failed, and then nothing more was sent."""
    routes = _routes(wish)
    if not routes:
        raise OperatorError("no reader subscribes to such events; `docs/messages.md` lists who reads what")
    run_id = new_id(place.clock())
    for (owner, queue), types in sorted(routes.items()):
        reader = queue.partition(".")[0]
        async with AsyncExitStack() as opened:
            broker = await opened.enter_async_context(
                connect(place.broker_url(reader), name="nextgen replay")
            )
            run = _Run(
                place=place,
                wish=wish,
                run_id=run_id,
                owner=owner,
                queue=queue,
                announced=await opened.enter_async_context(connected(place, owner)),
                reader=await opened.enter_async_context(connected(place, reader)),
                publisher=await broker.open_publisher(),
                pacer=Pacer(wish.pace.rate),
                say=say,
            )
            if not await _replay_in_steps(run, types):
                say("stopped at the first failure")
                return 1
    return 0


def _routes(wish: Wish) -> dict[tuple[str, str], list[str]]:
    """The types of the events that are meant, by owner and by the queue of a reader."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for contract in read_contracts().values():
        if contract.kind != "event" or (wish.type is not None and contract.name != wish.type):
            continue
        for queue in contract.queues:
            if queue.partition(".")[0] in wish.readers:
                found[contract.owner, queue].append(contract.name)
    return found


async def _replay_in_steps(run: _Run, types: Sequence[str]) -> bool:
    span = Span(types=types, since=run.wish.since, until=run.wish.until)
    start_of_inbox = first_id_of(await get_start_of_inbox(run.reader))
    after, too_old, erased = (run.wish.since, _FIRST), 0, 0
    for size in run.wish.pace.sizes():
        found = await list_announced(run.announced, span, after, size)
        if not found:
            break
        after = (found[-1].emitted_at, found[-1].message_id)
        young = [each for each in found if each.message_id >= start_of_inbox]
        step = [each for each in young if each.body is not None]
        too_old += len(found) - len(young)
        erased += len(young) - len(step)
        if step and await _replay_step(run, step) != "handled":
            return False
    if too_old:
        run.say(f"{run.queue}: {too_old} events of {run.owner} are older than the inbox and were left out")
    if erased:
        run.say(f"{run.queue}: {erased} events of {run.owner} were erased with their accounts and left out")
    return True


async def _replay_step(run: _Run, step: Sequence[Announced]) -> ReplayOutcome:
    """Send a step and see it handled; what the reader handled before has no effect again."""
    keys = [(run.queue, each.message_id) for each in step]
    before = await count_parkings(run.reader, keys)
    await run.note(step, "begun")
    for each in step:
        await run.pacer.turn()
        try:
            await run.publisher.publish(outgoing_to(run.queue, run.owner, each))
        except PublishError as error:
            run.say(f"{run.queue}: {printable(each.type)} {each.message_id}: {type(error).__name__}")
            await run.note(step, "not_sent")
            return "not_sent"
    fates = set((await wait_for_fates(run.reader, keys, before, run.wish.pace.wait)).values())
    outcome = next(result for fate, result in _OUTCOMES.items() if fate in fates)
    await run.note(step, outcome)
    return outcome

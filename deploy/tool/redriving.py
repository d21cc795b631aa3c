"""Redriving parked messages: in steps, at a rate, on record, and no further than the first failure."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from deploy.tool.operating import Place, connected, printable, short
from deploy.tool.stepping import Pace, Pacer, Sent, count_parkings, wait_for_fates
from shared.database import OwnConnection
from shared.errors import PublishError
from shared.messaging import inbox
from shared.messaging.bench import Bench
from shared.messaging.broker import Publisher, connect
from shared.messaging.dry_run import try_out
from shared.messaging.judge import Verdict
from shared.messaging.parked import ParkedRow, Selection, find_parked, list_parked, settle_parked
from shared.messaging.partitions import get_start_of_inbox
from shared.messaging.redrives import Outcome, find_obstacle, insert_redrive, new_redrive, outgoing_of

Say = Callable[[str], None]
OpenBench = Callable[[Place, str], AbstractAsyncContextManager[Bench[Any]]]
_OUTCOMES: dict[str, Outcome] = {
    "handled": "handled",
    "parked": "parked_again",
    "missing": "not_handled_in_time",
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What an operator asked for: which messages, at most how many of each service, how fast."""

    selection: Selection
    at_most: int
    pace: Pace
    operator: str


@dataclass(kw_only=True)
class _Run:
    """One run over one service's parked messages; `is_failed` once anything was refused or went wrong."""

    place: Place
    service: str
    connection: OwnConnection
    order: Order
    say: Say
    is_failed: bool = False

    async def note(self, row: ParkedRow, outcome: Outcome, problem: str = "") -> None:
        """Put an outcome on record, and say it."""
        now = self.place.clock()
        redriven = new_redrive(row.id, self.order.operator, now, outcome, problem)
        await insert_redrive(self.connection, redriven)
        if outcome != "begun":
            told = f"{row.id}  {printable(row.type)}  {short(row.message_id)}  {outcome}"
            self.say(f"{told}: {printable(problem)}" if problem else told)

    async def movable(self, row_id: UUID) -> ParkedRow | None:
        """The message with its body, if nothing stands in the way of a redrive; what does is on record."""
        row = await find_parked(self.connection, row_id)
        if row is None:
            return None
        handled_at = await inbox.find_handled_at(self.connection, row.queue, row.message_id)
        start = await get_start_of_inbox(self.connection)
        obstacle = find_obstacle(row, start, handled_at, self.place.clock())
        if not obstacle:
            return row
        self.is_failed = True
        await self.note(row, "refused", obstacle)
        return None


async def redrive(place: Place, services: Sequence[str], order: Order, say: Say) -> int:
    """Put the selected messages back on their way; answers 1 if any was refused or failed, else 0.

    After each step all its messages must have been handled, else the run ends there.
    """
    status = 0
    for service in services:
        async with connected(place, service) as connection:
            run = _Run(place=place, service=service, connection=connection, order=order, say=say)
            rows = await list_parked(connection, order.selection, order.at_most)
            if not rows:
                continue
            async with connect(place.broker_url(service), name="nextgen redrive") as broker:
                goes_on = await _redrive_in_steps(run, await broker.open_publisher(), rows)
        status = 1 if run.is_failed else status
        if not goes_on:
            return 1
    return status


async def _redrive_in_steps(run: _Run, publisher: Publisher, rows: Sequence[ParkedRow]) -> bool:
    """Step by step; false if a step failed, then there is no further one."""
    pacer, left = Pacer(run.order.pace.rate), iter(rows)
    for size in run.order.pace.sizes():
        step = list(islice(left, size))
        if not step:
            return True
        before = await count_parkings(run.connection, _keys(step))
        sent, is_whole = await _send_step(run, publisher, pacer, step)
        fates = await wait_for_fates(run.connection, _keys(sent), before, run.order.pace.wait)
        for row, key in zip(sent, _keys(sent), strict=True):
            await run.note(row, _OUTCOMES[fates[key]])
        if not is_whole or set(fates.values()) - {"handled"}:
            break
    run.is_failed = True
    run.say(f"stopped at the first failure, in {run.service}")
    return False


async def _send_step(
    run: _Run, publisher: Publisher, pacer: Pacer, step: Sequence[ParkedRow]
) -> tuple[list[ParkedRow], bool]:
    """Send what may be sent until the broker doesn't take one: what was sent, and whether that was all."""
    sent: list[ParkedRow] = []
    for listed in step:
        await pacer.turn()
        row = await run.movable(listed.id)  # after the turn: it may have been erased meanwhile
        if row is None:
            continue
        if not await _send(run, publisher, row):
            return sent, False
        sent.append(row)
    return sent, True


async def _send(run: _Run, publisher: Publisher, row: ParkedRow) -> bool:
    """Publish, then settle the row: whoever is killed in between leaves it open, and it goes twice."""
    await run.note(row, "begun")
    try:
        await publisher.publish(outgoing_of(row))
    except PublishError as error:
        await run.note(row, "not_sent", type(error).__name__)
        return False
    async with run.connection.transaction():
        await settle_parked(run.connection, row, run.place.clock())
        await run.note(row, "sent")
    return True


async def try_redrive(
    place: Place, services: Sequence[str], order: Order, say: Say, open_bench: OpenBench
) -> int:
    """Handle each selected message in a transaction that is rolled back; answers 1 if any would fail."""
    status = 0
    for service in services:
        async with connected(place, service) as connection:
            run = _Run(place=place, service=service, connection=connection, order=order, say=say)
            rows = await list_parked(connection, order.selection, order.at_most)
            if not rows:
                continue
            async with open_bench(place, service) as bench:
                pacer = Pacer(order.pace.rate)
                for listed in rows:
                    await pacer.turn()
                    row = await run.movable(listed.id)
                    if row is not None:
                        await _try_one(run, bench, row)
        status = 1 if run.is_failed else status
    return status


async def _try_one(run: _Run, bench: Bench[Any], row: ParkedRow) -> None:
    trial = await try_out(bench, row)
    if trial.verdict is not Verdict.ACKNOWLEDGE:
        run.is_failed = True
        await run.note(row, "would_fail", f"{trial.verdict.value} {trial.reason}: {trial.error}")
    elif trial.was_handled:
        await run.note(row, "would_be_handled", "without effect: it was handled before")
    else:
        emits = ", ".join(trial.emits) or "nothing"
        await run.note(row, "would_be_handled", f"it would emit {emits}")


def _keys(rows: Iterable[ParkedRow]) -> list[Sent]:
    return [(row.queue, row.message_id) for row in rows if row.message_id is not None]

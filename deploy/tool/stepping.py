"""Sending in steps: one message, then ten, then hundreds, each step seen through before the next begins."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Annotated, Literal
from uuid import UUID

from cyclopts import Parameter
from cyclopts.validators import Number

from shared.database import Connection
from shared.messaging import inbox, parked

LOOK_SECONDS = 0.25
ABOVE_ZERO = Number(gt=0)
Sent = tuple[str, UUID]
"""A queue and the id of a message that was sent to it."""
Fate = Literal["handled", "parked", "missing"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast to go, and for how long to wait until a step's messages are handled.

    Each message first passes the first wait queue (5 seconds).
    """

    step: Annotated[
        Literal[1, 10, 100] | None,
        Parameter(help="Messages in each step; if not given: 1, then 10, then 100 each."),
    ] = None
    rate: Annotated[float, Parameter(validator=ABOVE_ZERO, help="Messages per second, at most.")] = 10.0
    wait: Annotated[
        float, Parameter(validator=ABOVE_ZERO, help="Seconds until a message of a step must be handled.")
    ] = 60.0

    def sizes(self) -> Iterator[int]:
        """The size of each step, without an end."""
        return repeat(self.step) if self.step else chain((1, 10), repeat(100))


class Pacer:
    """Holds a rate: each turn comes at least a fixed time after the one before."""

    def __init__(self, per_second: float) -> None:
        self._seconds = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Return when the next message may go."""
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._next - now))
        self._next = max(now, self._next) + self._seconds


async def count_parkings(connection: Connection, sent: Iterable[Sent]) -> dict[Sent, int]:
    """How often each message was parked on its queue up to now."""
    return {
        (queue, message_id): count
        for queue, message_ids in _by_queue(sent).items()
        for message_id, count in (await parked.count_parkings(connection, queue, message_ids)).items()
    }


async def wait_for_fates(
    connection: Connection, sent: Iterable[Sent], before: Mapping[Sent, int], seconds: float
) -> dict[Sent, Fate]:
    """What became of each message: handled, parked (again), or still missing when the time is over.

    `before` is what `count_parkings` answered before they were sent.
    """
    wanted = set(sent)
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        fates = await _fates(connection, wanted, before)
        if "missing" not in fates.values() or asyncio.get_running_loop().time() > deadline:
            return fates
        await asyncio.sleep(LOOK_SECONDS)


async def _fates(connection: Connection, sent: set[Sent], before: Mapping[Sent, int]) -> dict[Sent, Fate]:
    parkings = await count_parkings(connection, sent)
    handled = {
        (queue, message_id)
        for queue, message_ids in _by_queue(sent).items()
        for message_id in await inbox.list_handled(connection, queue, message_ids)
    }
    fates: dict[Sent, Fate] = {}
    for each in sent:
        is_parked = parkings.get(each, 0) > before.get(each, 0)
        fates[each] = "parked" if is_parked else "handled" if each in handled else "missing"
    return fates


def _by_queue(sent: Iterable[Sent]) -> dict[str, list[UUID]]:
    found: defaultdict[str, list[UUID]] = defaultdict(list)
    for queue, message_id in sent:
        found[queue].append(message_id)
    return found

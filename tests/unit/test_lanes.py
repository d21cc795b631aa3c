"""How workers share out what waits in their lane."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from shared.messaging.broker import Delivery
from shared.messaging.consumer import Lane, LaneSize

WORKERS, GROUP = 3, 4
TURNS = 50
"""So many turns of the event loop are enough for anything that waits for nothing."""


class Work:
    """Settles what it is given once it is told to, and remembers who came together."""

    def __init__(self) -> None:
        self.groups: list[list[Any]] = []
        self.begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Event()

    async def settle(self, deliveries: Sequence[Delivery]) -> None:
        self.groups.append(list(deliveries))
        self.begun.release()
        await self.may_end.wait()


def a_delivery(name: str) -> Delivery:
    return cast(Delivery, name)


def a_lane(work: Work, *, grow_seconds: float) -> Lane:
    size = LaneSize(workers=WORKERS, prefetch=100, group=GROUP, grow_seconds=grow_seconds)
    return Lane(("toy.commands",), work.settle, size)


async def test_who_comes_first_is_handled_at_once_and_who_comes_meanwhile_is_gathered() -> None:
    work = Work()
    lane = a_lane(work, grow_seconds=0.5)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(lane.work_on_some())
        await lane.put(a_delivery("first"))
        await work.begun.acquire()
        for name in "abcde":
            await lane.put(a_delivery(name))
            await asyncio.sleep(0)  # a worker that waited for nothing would take it now
        await work.begun.acquire()
        await work.begun.acquire()
        work.may_end.set()

    assert work.groups == [["first"], ["a", "b", "c", "d"], ["e"]]
    await lane.finish()


async def test_a_group_begins_as_soon_as_nobody_is_at_work() -> None:
    work = Work()
    lane = a_lane(work, grow_seconds=60)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(lane.work_on_some())
        await lane.put(a_delivery("first"))
        await work.begun.acquire()
        for name in "ab":
            await lane.put(a_delivery(name))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        begun_meanwhile = len(work.groups)
        work.may_end.set()

    assert begun_meanwhile == 1
    assert work.groups == [["first"], ["a", "b"]]
    await lane.finish()


async def test_a_group_waits_for_slow_work_no_longer_than_a_moment() -> None:
    work = Work()
    lane = a_lane(work, grow_seconds=0.01)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(lane.work_on_some())
        for name in ("slow", "next"):
            await lane.put(a_delivery(name))
            await work.begun.acquire()
        work.may_end.set()

    assert work.groups == [["slow"], ["next"]]
    await lane.finish()

"""How workers share out what waits in their lane."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from shared.messaging import consumer
from shared.messaging.broker import Delivery
from shared.messaging.consumer import Lane, LaneSize

WORKERS, GROUP = 3, 4


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


def a_lane(work: Work) -> Lane:
    return Lane(("toy.commands",), work.settle, LaneSize(workers=WORKERS, prefetch=100, group=GROUP))


async def test_who_comes_first_is_handled_at_once_and_who_comes_meanwhile_is_gathered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer, "LINGER_SECONDS", 0.5)
    work = Work()
    lane = a_lane(work)

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

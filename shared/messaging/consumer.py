"""The consumer: hands deliveries from the broker to own workers, which outlive a connection."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import structlog

from shared.errors import NextgenError
from shared.logs import describe
from shared.messaging.bench import Bench
from shared.messaging.broker import QUEUE_AWAY, BrokerConnection, Delivery, Subscription, connect
from shared.messaging.groups import GROUP_SIZE
from shared.messaging.publishing import Publishing
from shared.messaging.registry import Service
from shared.messaging.settler import Settler
from shared.messaging.wakeup import Wakeup
from shared.metrics import CONSUMING

LOOK_SECONDS = 1.0
GROW_SECONDS, BULK_GROW_SECONDS = 0.05, 0.005
BULK_WORKERS = 2
BULK_GROUP = 4
"""Usage batches in one transaction: each has up to 500 records, so that a few fill it."""


class ConsumerLostError(NextgenError):
    """The connection is gone."""


class LaneSize(msgspec.Struct, frozen=True, kw_only=True):
    """How much a lane does at once: workers, deliveries held a queue, deliveries in one transaction.

    And for how long a group may grow, at most, while others are at work.
    """

    workers: int
    prefetch: int
    group: int = 1
    grow_seconds: float = GROW_SECONDS


class Lane:
    """Queues that share workers: a lane's slow messages hold up no other lane."""

    def __init__(self, queues: tuple[str, ...], settle: "Settle", size: LaneSize) -> None:
        self.queues, self.workers, self.prefetch = queues, size.workers, size.prefetch
        self.group_size, self._grow_seconds = size.group, size.grow_seconds
        self._settle = settle
        self._waiting: asyncio.Queue[Delivery] = asyncio.Queue(maxsize=size.prefetch * len(queues))
        self._taking = asyncio.Lock()
        self._at_work = 0
        self._may_begin = Wakeup()

    async def put(self, delivery: Delivery) -> None:
        """Only queue it: a connection that is lost now cancels nothing but this."""
        await self._waiting.put(delivery)
        if self._waiting.qsize() + 1 >= self.group_size:
            self._may_begin.wake()

    async def work_on_some(self) -> None:
        """Settle the next delivery and those that wait behind it; run for ever by each of the workers."""
        deliveries: list[Delivery] = []
        try:
            async with self._taking:
                await self._take(deliveries)
            self._at_work += 1
            try:
                await self._settle(deliveries)
            finally:
                self._at_work -= 1
                self._may_begin.wake()
        finally:
            for _ in deliveries:
                self._waiting.task_done()

    async def _take(self, deliveries: list[Delivery]) -> None:
        """One worker at a time; while others are at work, its group grows until it is full or they are done.

        Else a burst would be shared out among all workers in groups of a few, which cost nearly as much as
        full ones, and groups that end out of turn can't be acknowledged together. Who comes while nobody is
        at work waits for nothing, and nobody waits longer than `grow_seconds` for others' slow work.
        """
        deliveries.append(await self._waiting.get())
        await self._let_grow()
        while len(deliveries) < self.group_size and not self._waiting.empty():
            deliveries.append(self._waiting.get_nowait())

    async def _let_grow(self) -> None:
        now = asyncio.get_running_loop().time
        end = now() + self._grow_seconds
        while self._at_work and self._waiting.qsize() + 1 < self.group_size and now() < end:
            await self._may_begin.wait(at_most_seconds=end - now())

    async def give_back_waiting(self) -> None:
        """Return what no worker has begun to its queue."""
        while not self._waiting.empty():
            await self._waiting.get_nowait().give_back()
            self._waiting.task_done()

    async def finish(self) -> None:
        """Wait until what workers have begun is settled."""
        await self._waiting.join()


Settle = Callable[[Sequence[Delivery]], Awaitable[None]]


class Consumer:
    """Consumes all queues of one service."""

    def __init__(
        self,
        bench: Bench[Any],
        broker_url: str,
        publishing: Publishing,
        *,
        workers: int,
        query_workers: int,
        prefetch: int,
    ) -> None:
        settler = Settler(bench, publishing)
        self._url = broker_url
        self._name = bench.service.name
        grouped = LaneSize(workers=workers, prefetch=prefetch, group=GROUP_SIZE)
        alone = LaneSize(workers=query_workers, prefetch=prefetch)
        self.lanes = lanes_of(bench.service, settler, grouped, alone)
        self._subscriptions: dict[Lane, Subscription] = {}
        self._away: set[Lane] = set()
        self._log = structlog.get_logger()
        self._is_stopping = False
        self.is_consuming = False

    async def consume(self) -> None:
        """Consume until the connection is lost; run again and again by `keep_running`.

        A lane that loses a queue is opened anew, each second if need be; the other lanes go on meanwhile. So
        a classic queue whose node of the broker is away stops only what comes on it.
        """
        async with connect(self._url, name=f"{self._name} consuming") as connection:
            try:
                while connection.is_open:
                    self._set_consuming(await self._look_after_all(connection))
                    await asyncio.sleep(LOOK_SECONDS)
            finally:
                self._set_consuming(False)
                self._subscriptions.clear()
        raise ConsumerLostError(self._name)

    async def stop_consuming(self) -> None:
        """Take no new deliveries, give back those that nobody has begun, and finish the others."""
        self._is_stopping = True
        for subscription in list(self._subscriptions.values()):
            await subscription.cancel()
        for lane in self.lanes:
            await lane.give_back_waiting()
        for lane in self.lanes:
            await lane.finish()

    async def _look_after_all(self, connection: BrokerConnection) -> bool:
        """Open each lane that isn't; do all consume now?"""
        results = [await self._look_after(connection, lane) for lane in self.lanes]
        return all(results)

    async def _look_after(self, connection: BrokerConnection, lane: Lane) -> bool:
        known = self._subscriptions.get(lane)
        if self._is_stopping or (known is not None and await known.is_consuming()):
            return True
        await self._give_up(lane)
        try:
            await self._open(connection, lane)
        except QUEUE_AWAY as error:
            await self._give_up(lane)
            if lane not in self._away:
                self._log.warning("lane_away", queues=lane.queues, error=describe(error))
            self._away.add(lane)
            return False
        self._away.discard(lane)
        return True

    async def _give_up(self, lane: Lane) -> None:
        subscription = self._subscriptions.pop(lane, None)
        if subscription is not None:
            await subscription.close()

    async def _open(self, connection: BrokerConnection, lane: Lane) -> None:
        subscription = await connection.open_subscription(lane.prefetch)
        self._subscriptions[lane] = subscription
        for queue in lane.queues:
            if not self._is_stopping:
                await subscription.consume(queue, lane.put)

    def _set_consuming(self, is_so: bool) -> None:
        self.is_consuming = is_so
        CONSUMING.set(is_so)


def lanes_of(service: Service[Any], settler: Settler, grouped: LaneSize, alone: LaneSize) -> tuple[Lane, ...]:
    """Commands and events; queries and checks; dead letters; and bulk where the service has any."""
    name = service.name
    lanes = [
        Lane((f"{name}.commands", f"{name}.events"), settler.settle_all, grouped),
        Lane((f"{name}.queries",), settler.settle_all, alone),
        Lane((f"{name}.dead",), settler.park_dead, LaneSize(workers=1, prefetch=10)),
    ]
    if service.bulk:
        bulk = LaneSize(
            workers=BULK_WORKERS,
            prefetch=2 * BULK_WORKERS * BULK_GROUP,
            group=BULK_GROUP,
            grow_seconds=BULK_GROW_SECONDS,  # a batch is a group by itself already
        )
        lanes.append(Lane((f"{name}.bulk",), settler.settle_all, bulk))
    return tuple(lanes)

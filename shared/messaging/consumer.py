"""The consumer: hands deliveries from the broker to own workers, which outlive a connection."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from shared.errors import NextgenError
from shared.messaging.bench import Bench
from shared.messaging.broker import BrokerConnection, Delivery, Subscription, connect
from shared.messaging.publishing import Publishing
from shared.messaging.registry import Service
from shared.messaging.settler import Settler

LOOK_SECONDS = 1.0
BULK_WORKERS = 2


class ConsumerLostError(NextgenError):
    """The broker cancelled a consumer, or the connection is gone."""


class Lane:
    """Queues that share workers: a lane's slow messages hold up no other lane."""

    def __init__(self, queues: tuple[str, ...], workers: int, prefetch: int, settle: "Settle") -> None:
        self.queues, self.workers, self.prefetch = queues, workers, prefetch
        self._settle = settle
        self._waiting: asyncio.Queue[Delivery] = asyncio.Queue(maxsize=prefetch * len(queues))

    async def put(self, delivery: Delivery) -> None:
        """Only queue it: a connection that is lost now cancels nothing but this."""
        await self._waiting.put(delivery)

    async def work_on_one(self) -> None:
        """Settle the next delivery; run for ever by each of the lane's workers."""
        delivery = await self._waiting.get()
        try:
            await self._settle(delivery)
        finally:
            self._waiting.task_done()

    async def give_back_waiting(self) -> None:
        """Return what no worker has begun to its queue."""
        while not self._waiting.empty():
            await self._waiting.get_nowait().give_back()
            self._waiting.task_done()

    async def finish(self) -> None:
        """Wait until what workers have begun is settled."""
        await self._waiting.join()


Settle = Callable[[Delivery], Awaitable[None]]


class Consumer:
    """Consumes all queues of one service."""

    def __init__(
        self, bench: Bench[Any], broker_url: str, publishing: Publishing, *, workers: int, prefetch: int
    ) -> None:
        settler = Settler(bench, publishing)
        self._url = broker_url
        self._name = bench.service.name
        self.lanes = lanes_of(bench.service, settler, workers, prefetch)
        self._subscriptions: list[Subscription] = []
        self._is_stopping = False
        self.is_consuming = False

    async def consume(self) -> None:
        """Consume until the connection or a consumer is lost; run again and again by `keep_running`."""
        async with connect(self._url, name=f"{self._name} consuming") as connection:
            try:
                for lane in self.lanes:
                    await self._open(connection, lane)
                while await self._look():  # noqa: ASYNC110 (the broker's cancel sets no event)
                    await asyncio.sleep(LOOK_SECONDS)
            finally:
                self.is_consuming = False
                self._subscriptions.clear()
        raise ConsumerLostError(self._name)

    async def stop_consuming(self) -> None:
        """Take no new deliveries, give back those that nobody has begun, and finish the others."""
        self._is_stopping = True
        for subscription in list(self._subscriptions):
            await subscription.cancel()
        for lane in self.lanes:
            await lane.give_back_waiting()
        for lane in self.lanes:
            await lane.finish()

    async def _open(self, connection: BrokerConnection, lane: Lane) -> None:
        subscription = await connection.open_subscription(lane.prefetch)
        self._subscriptions.append(subscription)
        for queue in lane.queues:
            if not self._is_stopping:
                await subscription.consume(queue, lane.put)

    async def _look(self) -> bool:
        for subscription in self._subscriptions:
            if not await subscription.is_consuming():
                return False
        self.is_consuming = True
        return True


def lanes_of(service: Service[Any], settler: Settler, workers: int, prefetch: int) -> tuple[Lane, ...]:
    """Commands and events; queries and checks; dead letters; and bulk where the service has any."""
    name = service.name
    lanes = [
        Lane((f"{name}.commands", f"{name}.events"), workers, prefetch, settler.settle),
        Lane((f"{name}.queries",), workers, prefetch, settler.settle),
        Lane((f"{name}.dead",), 1, 10, settler.park_dead),
    ]
    if service.bulk:
        lanes.append(Lane((f"{name}.bulk",), BULK_WORKERS, 2 * BULK_WORKERS, settler.settle))
    return tuple(lanes)

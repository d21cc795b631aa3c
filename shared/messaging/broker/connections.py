"""Connections to the broker, which are not mended when they break, and what is consumed on them."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.abc import DeliveredMessage

from shared.messaging.broker.content_headers import read_all_content_headers
from shared.messaging.broker.deliveries import LOST, Delivery, Login, Outstanding, is_cancelled
from shared.messaging.broker.publisher import Publisher, underlay_of

CONNECT_TIMEOUT_SECONDS = 10.0
HEARTBEAT_SECONDS = 10


class Subscription:
    """Consumers on a channel of their own.

    They are the client library's lower layer's: the upper one wraps each delivery in a task and an object
    more, for conveniences that nobody here uses.
    """

    def __init__(self, channel: AbstractChannel, login: Login) -> None:
        self._channel = channel
        self._login = login
        self._outstanding = Outstanding()
        self._tags: list[str] = []

    async def consume(self, queue_name: str, put: Callable[[Delivery], Awaitable[None]]) -> None:
        """Hand each delivery of a queue to `put`; the queue must exist."""

        async def on_message(message: DeliveredMessage) -> None:
            await put(Delivery(message, queue_name, self._login, self._outstanding))

        underlay = await underlay_of(self._channel)
        consumer = await underlay.basic_consume(queue_name, on_message, timeout=CONNECT_TIMEOUT_SECONDS)
        self._tags.append(str(consumer.consumer_tag))

    async def is_consuming(self) -> bool:
        """Is the channel open and no consumer cancelled by the broker (as when its queue is deleted)?"""
        if self._channel.is_closed:
            return False
        consumers = (await underlay_of(self._channel)).consumers
        return all(tag in consumers for tag in self._tags)

    async def cancel(self) -> None:
        """Take no new deliveries; those already here may still be settled."""
        for tag in tuple(self._tags):  # a start that goes on may add to them
            try:
                underlay = await underlay_of(self._channel)
                await underlay.basic_cancel(tag, timeout=CONNECT_TIMEOUT_SECONDS)
            except (TimeoutError, *LOST):
                continue
        self._tags.clear()

    async def close(self) -> None:
        """Close the channel; what came on it and isn't settled comes again."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                await self._channel.close()
        except (TimeoutError, asyncio.CancelledError, *LOST):
            if is_cancelled():
                raise


class BrokerConnection:
    """A connection that is not mended when it breaks: whoever opened it opens another."""

    def __init__(self, connection: AbstractConnection, login: Login) -> None:
        self._connection = connection
        self.login = login

    async def open_publisher(self) -> Publisher:
        """A channel with confirms that raises what comes back, and one without for replies."""
        unconfirmed = await self._connection.channel(publisher_confirms=False)
        return Publisher(await self._open_confirming(), unconfirmed, self._open_confirming, self.login)

    async def _open_confirming(self) -> AbstractChannel:
        return await self._connection.channel(publisher_confirms=True, on_return_raises=True)

    async def open_subscription(self, prefetch_count: int) -> Subscription:
        """A channel to consume on; each consumer holds at most so many unsettled deliveries."""
        channel = await self._connection.channel(publisher_confirms=False)
        await channel.set_qos(prefetch_count=prefetch_count)
        return Subscription(channel, self.login)

    async def open_reply_queue(
        self, put: Callable[[Delivery], Awaitable[None]], on_lost: Callable[[], None]
    ) -> str:
        """An exclusive queue with a new random name, bound by that name to `replies`; it goes with us.

        `on_lost` is called when the queue is gone while the connection may live on, as when it was deleted.
        """
        channel = await self._connection.channel(publisher_confirms=False)
        name = f"replies.{self.login.party}.{secrets.token_hex(16)}"
        queue = await channel.declare_queue(name, exclusive=True, auto_delete=True, durable=False)
        await queue.bind("replies", routing_key=name)

        async def on_message(message: DeliveredMessage) -> None:
            await put(Delivery(message, name, self.login, Outstanding()))

        channel.close_callbacks.add(lambda *_: on_lost())
        underlay = await underlay_of(channel)
        underlay.on_consumer_cancel_callbacks.add(lambda _: on_lost())
        await underlay.basic_consume(name, on_message, no_ack=True)
        return name

    async def count_ready(self, queue_names: Iterable[str]) -> dict[str, int]:
        """How many messages wait in each queue at this instant; what a consumer holds is not counted."""
        channel = await self._connection.channel(publisher_confirms=False)
        counts = {}
        for name in queue_names:
            declared = (await channel.declare_queue(name, passive=True)).declaration_result
            counts[name] = declared.message_count or 0
        await channel.close()
        return counts

    @property
    def is_open(self) -> bool:
        """Is the connection open, as far as this side knows?"""
        # `is_closed` tells only of a close that this side asked for.
        return self._connection.connected.is_set() and not self._connection.is_closed


@asynccontextmanager
async def connect(url: str, *, name: str) -> AsyncIterator[BrokerConnection]:
    """Open one connection; it is closed at the end, however that comes.

    An address may name several nodes of one broker (`amqp://login@first:5672,second:5672/host`): one of them
    is enough. They are tried in a random order, which spreads the connections over them.
    """
    read_all_content_headers()
    connection = await _connect_to_any(addresses_of(url), name)
    try:
        yield BrokerConnection(connection, Login(url))
    finally:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                await connection.close()
        except (TimeoutError, *LOST):
            pass


def addresses_of(url: str) -> list[str]:
    """The addresses that one stands for: the same, once for each node that it names."""
    parts = urlsplit(url)
    login, at, nodes = parts.netloc.rpartition("@")
    return [urlunsplit(parts._replace(netloc=f"{login}{at}{node}")) for node in nodes.split(",")]


async def _connect_to_any(addresses: Sequence[str], name: str) -> AbstractConnection:
    *others, last = random.sample(addresses, len(addresses))
    for address in others:
        try:
            return await _connect_to(address, name)
        except (TimeoutError, *LOST):
            continue
    return await _connect_to(last, name)


async def _connect_to(address: str, name: str) -> AbstractConnection:
    joint = "&" if urlsplit(address).query else "?"
    return await aio_pika.connect(
        f"{address}{joint}heartbeat={HEARTBEAT_SECONDS}",
        timeout=CONNECT_TIMEOUT_SECONDS,
        client_properties={"connection_name": name},
    )

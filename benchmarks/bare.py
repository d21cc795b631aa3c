"""The bare peer of request and reply: the client library alone, with equal write and confirms."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from uuid import UUID

import aio_pika
import asyncpg
import msgspec
import uvloop
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from pamqp.common import FieldTable

from benchmarks.notes import INSERT_NOTE, NoteTaken, TakeNote

QUEUE = "benchmark.bare"
QUORUM: FieldTable = {"x-queue-type": "quorum"}
POOL_SIZE, PREFETCH_COUNT = 10, 100
"""As the services have them."""


class BareRequests:
    """Sends a request, and waits for the broker's confirm and for the reply."""

    def __init__(self, channel: AbstractChannel, reply_queue: str, mode: aio_pika.DeliveryMode) -> None:
        self._channel = channel
        self._reply_queue = reply_queue
        self._mode = mode
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, *, is_persistent: bool = True) -> AsyncIterator[Self]:
        """Requests on a connection of their own, with their own reply queue; the queue for both is made.

        As the services have them: commands persist in a quorum queue, queries pass through a classic one.
        """
        mode = aio_pika.DeliveryMode.PERSISTENT if is_persistent else aio_pika.DeliveryMode.NOT_PERSISTENT
        async with await aio_pika.connect(url) as connection:
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            await channel.declare_queue(QUEUE, durable=True, arguments=QUORUM if is_persistent else None)
            replies = await (await connection.channel()).declare_queue(exclusive=True)
            requests = cls(channel, replies.name, mode)
            await replies.consume(requests._take_reply, no_ack=True)
            yield requests

    async def ask(self, command: TakeNote) -> NoteTaken:
        """Take a note."""
        key = str(command.note_id)
        self._waiting[key] = future = asyncio.get_running_loop().create_future()
        message = aio_pika.Message(
            msgspec.json.encode(command),
            delivery_mode=self._mode,
            correlation_id=key,
            reply_to=self._reply_queue,
        )
        try:
            await self._channel.default_exchange.publish(message, routing_key=QUEUE, mandatory=True)
            return msgspec.json.decode(await future, type=NoteTaken)
        finally:
            del self._waiting[key]

    async def _take_reply(self, message: AbstractIncomingMessage) -> None:
        future = self._waiting.get(message.correlation_id or "")
        if future is not None and not future.done():
            future.set_result(message.body)


async def respond(connection: AbstractConnection, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """Consume, and for each request write the note in a transaction, reply, and acknowledge."""
    channel = await connection.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=PREFETCH_COUNT)

    async def take_note(message: AbstractIncomingMessage) -> None:
        command = msgspec.json.decode(message.body, type=TakeNote)
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(INSERT_NOTE, command.note_id, command.text)
        await _reply(channel, message, command.note_id)
        await message.ack()

    queue = await channel.get_queue(QUEUE, ensure=False)
    await queue.consume(take_note)


async def _reply(channel: AbstractChannel, request: AbstractIncomingMessage, note_id: UUID) -> None:
    reply = aio_pika.Message(
        msgspec.json.encode(NoteTaken(note_id=note_id)),
        delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT,
        correlation_id=request.correlation_id,
    )
    await channel.default_exchange.publish(reply, routing_key=request.reply_to or "", mandatory=False)


async def main() -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    database_url, broker_url = os.environ["BENCHMARK_DATABASE_URL"], os.environ["BENCHMARK_BROKER_URL"]
    async with (
        asyncpg.create_pool(database_url, min_size=0, max_size=POOL_SIZE) as pool,
        await aio_pika.connect(broker_url) as connection,
    ):
        await respond(connection, pool)
        await stopping.wait()


if __name__ == "__main__":
    uvloop.run(main())

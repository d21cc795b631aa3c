"""The bare peer of resolving a session: an echo with the client library alone, and the same SQL."""

import asyncio
import os
import signal

import aio_pika
import msgspec
import uvloop
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from benchmarks.bare import POOL_SIZE, PREFETCH_COUNT, QUEUE
from benchmarks.notes import NoteTaken, TakeNote
from services.accounts.rules.access import in_force
from services.accounts.store.resolving import use_session
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.policies import read_policies


async def respond(connection: AbstractConnection, pool: Pool) -> None:
    """Consume, and for each request use the session, without a transaction, reply, and acknowledge."""
    policies = read_policies().accounts
    channel = await connection.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=PREFETCH_COUNT)

    async def resolve(message: AbstractIncomingMessage) -> None:
        asked = msgspec.json.decode(message.body, type=TakeNote)
        now = real_clock()
        async with pool.acquire() as taken:
            holder = await use_session(taken, bytes.fromhex(asked.text), in_force(now, policies), now)
        reply = aio_pika.Message(
            msgspec.json.encode(NoteTaken(note_id=asked.note_id)) if holder else b"",
            delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT,
            correlation_id=message.correlation_id,
        )
        await channel.default_exchange.publish(reply, routing_key=message.reply_to or "", mandatory=False)
        await message.ack()

    queue = await channel.get_queue(QUEUE, ensure=False)
    await queue.consume(resolve)


async def main() -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    pool = await open_pool(os.environ["BENCHMARK_DATABASE_URL"], size=POOL_SIZE, name="benchmark peer")
    async with await aio_pika.connect(os.environ["BENCHMARK_BROKER_URL"]) as connection:
        await respond(connection, pool)
        await stopping.wait()
    pool.terminate()


if __name__ == "__main__":
    uvloop.run(main())

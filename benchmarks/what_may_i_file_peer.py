"""The bare peer of asking what may be filed: an echo with the client library alone, and the same SQL."""

import asyncio
import os
import signal
from uuid import UUID

import aio_pika
import msgspec
import uvloop
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from benchmarks.bare import POOL_SIZE, PREFETCH_COUNT, QUEUE
from benchmarks.notes import NoteTaken, TakeNote
from services.linking.store.filing import read_filing_rights
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.messages.linking import FilingRight


class RightsNoted(NoteTaken, frozen=True, kw_only=True, tag=NoteTaken.message_name()):
    """A reply as long as ours; who asked the peer doesn't read the rights."""

    rights: tuple[FilingRight, ...]


async def respond(connection: AbstractConnection, pool: Pool) -> None:
    """Consume, and for each request read the rights, without a transaction, reply, and acknowledge."""
    channel = await connection.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=PREFETCH_COUNT)

    async def read(message: AbstractIncomingMessage) -> None:
        asked = msgspec.json.decode(message.body, type=TakeNote)
        async with pool.acquire() as taken:
            _, rights = await read_filing_rights(taken, UUID(asked.text), real_clock())
        reply = aio_pika.Message(
            msgspec.json.encode(RightsNoted(note_id=asked.note_id, rights=rights)),
            delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT,
            correlation_id=message.correlation_id,
        )
        await channel.default_exchange.publish(reply, routing_key=message.reply_to or "", mandatory=False)
        await message.ack()

    queue = await channel.get_queue(QUEUE, ensure=False)
    await queue.consume(read)


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

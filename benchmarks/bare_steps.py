"""The bare peer of single messages: aio-pika and asyncpg, each message with a transaction and a confirm.

`BENCHMARK_AT_ONCE` messages are handled at once in each step, from the transaction to the acknowledgement.
"""

import asyncio
import os
import signal

import aio_pika
import asyncpg
import msgspec
import uvloop
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from benchmarks.bare import PREFETCH_COUNT
from benchmarks.notes import INSERT_NOTE, NoteAnnounced, PassNote
from shared.database import Pool

COMMANDS, EVENTS = "benchmark.commands", "benchmark.events"


async def pass_notes(connection: AbstractConnection, pool: Pool, free: asyncio.Semaphore) -> None:
    """Write each note in a transaction, then announce it with a confirm, then acknowledge."""
    channel = await _open_channel(connection)
    confirming = await connection.channel(publisher_confirms=True, on_return_raises=True)

    async def pass_note(message: AbstractIncomingMessage) -> None:
        command = msgspec.json.decode(message.body, type=PassNote)
        async with free:
            async with pool.acquire() as taken, taken.transaction():
                await taken.execute(INSERT_NOTE, command.note_id, command.text)
            event = aio_pika.Message(
                msgspec.json.encode(NoteAnnounced(note_id=command.note_id, text=command.text)),
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            )
            await confirming.default_exchange.publish(event, routing_key=EVENTS, mandatory=True)
            await message.ack()

    await (await channel.get_queue(COMMANDS, ensure=False)).consume(pass_note)


async def hear_notes(connection: AbstractConnection, pool: Pool, free: asyncio.Semaphore) -> None:
    """Write each note that was announced in a transaction, then acknowledge."""
    channel = await _open_channel(connection)

    async def hear_note(message: AbstractIncomingMessage) -> None:
        event = msgspec.json.decode(message.body, type=NoteAnnounced)
        async with free:
            async with pool.acquire() as taken, taken.transaction():
                await taken.execute(INSERT_NOTE, event.note_id, event.text)
            await message.ack()

    await (await channel.get_queue(EVENTS, ensure=False)).consume(hear_note)


async def _open_channel(connection: AbstractConnection) -> aio_pika.abc.AbstractChannel:
    channel = await connection.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=PREFETCH_COUNT)
    return channel


async def main() -> None:
    """One of the two steps, as `BENCHMARK_STEP` says."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    at_once = int(os.environ["BENCHMARK_AT_ONCE"])
    step = {"pass": pass_notes, "hear": hear_notes}[os.environ["BENCHMARK_STEP"]]
    async with (
        asyncpg.create_pool(os.environ["BENCHMARK_DATABASE_URL"], min_size=0, max_size=at_once) as pool,
        await aio_pika.connect(os.environ["BENCHMARK_BROKER_URL"]) as connection,
    ):
        await step(connection, pool, asyncio.Semaphore(at_once))
        await stopping.wait()


if __name__ == "__main__":
    uvloop.run(main())

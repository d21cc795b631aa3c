"""A publisher's channel as tests see it: its books, what it writes, and frames that come from the broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import aiormq
from aiormq.abc import ChannelFrame
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from shared.messaging.broker import batches
from shared.messaging.broker.batches import Publish, Written
from tests.installation import until

PATIENCE_SECONDS = 20.0
TURNS = 50
"""So many turns of the event loop are enough for anything that waits for nothing."""


def a_publish(routing_key: str, message_id: str = "1", body: bytes = b"{}") -> Publish:
    properties = Basic.Properties(message_id=message_id, delivery_mode=2, content_type="application/json")
    return Publish(exchange="", routing_key=routing_key, is_mandatory=True, properties=properties, body=body)


def written(channel: aiormq.Channel, routing_key: str, count: int) -> list[Written]:
    return [batches.encode(channel, a_publish(routing_key, str(number))) for number in range(1, count + 1)]


async def publish(channel: aiormq.Channel, messages: list[Written]) -> list[BaseException | None]:
    return await batches.publish_batch(channel, messages, PATIENCE_SECONDS)


async def fetch(channel: aiormq.Channel, queue: str) -> bytes | None:
    """The next body in a queue; None if it is empty."""
    got = await channel.basic_get(queue, no_ack=True)
    return got.body if isinstance(got.delivery, Basic.GetOk) else None


def books(channel: aiormq.Channel) -> tuple[int, list[int], dict[str, int]]:
    """What the channel knows of its publishes: the last tag, and what still waits for a confirm."""
    return channel.delivery_tag, list(channel.confirmations), dict(channel.message_id_delivery_tag)


def feed(channel: aiormq.Channel, *frames: Frame | ContentHeader | ContentBody) -> None:
    """Let frames come from the broker."""
    for frame in frames:
        channel.frames.put_nowait((0, frame))


async def is_closed(channel: aiormq.Channel) -> bool:
    return channel.is_closed


async def problem_of(outcome: Awaitable[object]) -> Exception | None:
    """What is raised, if anything."""
    try:
        await outcome
    except Exception as error:
        return error
    return None


async def turn() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


@asynccontextmanager
async def cut_off(channel: aiormq.Channel, size: int = 0) -> AsyncIterator["asyncio.Queue[ChannelFrame]"]:
    """What is written doesn't reach the broker; a queue of that size takes it."""
    real = channel.write_queue
    channel.write_queue = asyncio.Queue(size)
    try:
        yield channel.write_queue
    finally:
        channel.write_queue = real


@asynccontextmanager
async def on_their_way(
    channel: aiormq.Channel, count: int
) -> AsyncIterator["asyncio.Task[list[BaseException | None]]"]:
    """So many messages of a batch are written, and the broker knows nothing of them."""
    async with cut_off(channel), asyncio.TaskGroup() as group:
        task = group.create_task(publish(channel, written(channel, "nowhere", count)))

        async def is_waiting() -> bool:
            return len(channel.confirmations) == count

        await until(is_waiting, "the batch is written")
        yield task


def a_return(message_id: str) -> list[Any]:
    return [
        Basic.Return(reply_code=312, reply_text="NO_ROUTE", exchange="", routing_key="nowhere"),
        ContentHeader(0, 2, Basic.Properties(message_id=message_id)),
        ContentBody(b"{}"),
    ]

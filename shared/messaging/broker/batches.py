"""Batches of publishes: many messages on their way at once, each with a confirm of its own.

The client library publishes one by one; what lies around each publish costs more than the publish. This
writes a batch in one go and waits for its confirms together. It leans on the channel's own book-keeping
(`delivery_tag`, `confirmations`, `message_id_delivery_tag`, `write_queue`, `lock`), which
`tests/contract/test_client_library.py` pins.
"""

import asyncio
from collections.abc import Iterator, Sequence
from functools import lru_cache

import aiormq
import msgspec
import pamqp.frame
from aiormq.abc import ChannelFrame
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

BATCH_BYTES = 4 * 1024 * 1024
"""What one batch writes at most, unless a single message is larger."""


class Publish(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the client library wants it; its properties carry a message id."""

    exchange: str
    routing_key: str
    is_mandatory: bool
    properties: Basic.Properties
    body: bytes


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A message encoded into the frames of one channel."""

    message_id: str
    payload: bytes


def encode(channel: aiormq.Channel, publish: Publish) -> Written:
    """The frames of one message. Raises TypeError or ValueError for what AMQP can't carry."""
    if len(publish.routing_key) > 255:
        raise ValueError("a routing key has at most 255 bytes")
    frames = [
        _method_frame(channel.number, publish.exchange, publish.routing_key, publish.is_mandatory),
        pamqp.frame.marshal(ContentHeader(0, len(publish.body), publish.properties), channel.number),
    ]
    for start in range(0, len(publish.body), channel.max_content_size):
        part = ContentBody(publish.body[start : start + channel.max_content_size])
        frames.append(pamqp.frame.marshal(part, channel.number))
    return Written(message_id=publish.properties.message_id or "", payload=b"".join(frames))


@lru_cache(maxsize=1_000)
def _method_frame(channel_number: int, exchange: str, routing_key: str, is_mandatory: bool) -> bytes:
    """Kept, since a service publishes to few routes, again and again."""
    method = Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=is_mandatory)
    return pamqp.frame.marshal(method, channel_number)


def in_batches(messages: Sequence[Written]) -> Iterator[Sequence[Written]]:
    """The same messages in order, in pieces of at most `BATCH_BYTES`."""
    start = size = 0
    for place, message in enumerate(messages):
        if size and size + len(message.payload) > BATCH_BYTES:
            yield messages[start:place]
            start, size = place, 0
        size += len(message.payload)
    if start < len(messages):
        yield messages[start:]


async def publish_batch(
    channel: aiormq.Channel, messages: Sequence[Written], timeout_seconds: float
) -> list[BaseException | None]:
    """Publish all and wait for their confirms: for each None, or what the client library found.

    What isn't confirmed in time is a TimeoutError. Raises what the library raises when the channel is closed
    before anything was written, or TimeoutError when the connection takes nothing; then nothing was sent.

    Under an alarm the broker reads nothing and says so. The library would keep in memory all that is written
    meanwhile, and each try after a time-out would add to that: so nothing is written before the alarm ends.
    """
    async with asyncio.timeout(timeout_seconds):
        await channel.connection.ready()
        confirmations = await _write(channel, messages)
    try:
        await asyncio.wait(confirmations, timeout=timeout_seconds)
        return [_outcome(confirmation) for confirmation in confirmations]
    finally:
        for confirmation in confirmations:
            confirmation.cancel()


async def _write(channel: aiormq.Channel, messages: Sequence[Written]) -> list["asyncio.Future[object]"]:
    async with channel.lock:
        first = channel.delivery_tag + 1
        confirmations = [_expect(channel, message) for message in messages]
        try:
            payload = b"".join(message.payload for message in messages)
            await channel.write_queue.put(ChannelFrame(payload=payload, should_close=False))
        except BaseException:
            # Not sent: the broker goes on counting from where it was, and so must we.
            for tag, confirmation in enumerate(confirmations, first):
                channel.confirmations.pop(tag, None)
                confirmation.cancel()
            channel.delivery_tag = first - 1
            raise
    return confirmations


def _expect(channel: aiormq.Channel, message: Written) -> "asyncio.Future[object]":
    channel.delivery_tag += 1
    tag, tags = channel.delivery_tag, channel.message_id_delivery_tag
    confirmation: asyncio.Future[object] = channel.create_future()
    channel.confirmations[tag] = confirmation
    tags[message.message_id] = tag

    def forget(_: object) -> None:
        if tags.get(message.message_id) == tag:
            del tags[message.message_id]

    confirmation.add_done_callback(forget)
    return confirmation


def _outcome(confirmation: "asyncio.Future[object]") -> BaseException | None:
    if not confirmation.done():
        return TimeoutError()
    if confirmation.cancelled():
        return asyncio.CancelledError()
    return confirmation.exception()

"""What `shared/messaging/broker` relies on in the client library's lower layer when it consumes."""

import asyncio
from functools import partial

import aiormq
import pytest
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from shared.messaging.broker import batches
from shared.messaging.broker.deliveries import LOST
from tests.contract.publishing_channel import (
    PATIENCE_SECONDS,
    a_publish,
    fetch,
    publish,
    written,
)
from tests.installation import until


class Inbox:
    """Takes what is delivered; a consumer may be made to wait."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        self.may_go_on = asyncio.Event()

    async def take(self, message: DeliveredMessage) -> None:
        self.messages.put_nowait(message)

    async def take_and_wait(self, message: DeliveredMessage) -> None:
        await self.take(message)
        await self.may_go_on.wait()

    async def next(self) -> DeliveredMessage:
        return await asyncio.wait_for(self.messages.get(), PATIENCE_SECONDS)


async def test_a_delivery_has_its_properties_body_and_the_channel_that_settles_it(
    channel: aiormq.Channel, queue: str
) -> None:
    inbox = Inbox()
    sent = a_publish(queue, "a", b"what was said")
    sent.properties.headers = {"x-attempt": 1}
    await publish(channel, [batches.encode(channel, sent)])
    await channel.basic_consume(queue, inbox.take)

    message = await inbox.next()

    properties = message.header.properties
    assert (message.body, message.routing_key, message.delivery_tag) == (b"what was said", queue, 1)
    assert (properties.message_id, properties.headers, properties.user_id) == ("a", {"x-attempt": 1}, None)
    assert message.channel is channel


async def test_one_acknowledgement_reaches_all_before_it_and_a_refusal_gives_back(
    channel: aiormq.Channel, queue: str
) -> None:
    inbox = Inbox()
    await publish(channel, written(channel, queue, 4))
    consumer = await channel.basic_consume(queue, inbox.take)
    assert consumer.consumer_tag is not None
    _, _, third, fourth = [await inbox.next() for _ in range(4)]

    await channel.basic_cancel(consumer.consumer_tag)
    await third.channel.basic_ack(3, multiple=True)
    await fourth.channel.basic_nack(4)

    again = await asyncio.wait_for(channel.basic_get(queue, no_ack=True), PATIENCE_SECONDS)
    assert isinstance(again.delivery, Basic.GetOk)
    assert (again.header.properties.message_id, again.delivery.redelivered) == ("4", True)
    assert await fetch(channel, queue) is None


async def test_a_delivery_that_waits_holds_up_no_other(channel: aiormq.Channel, queue: str) -> None:
    inbox = Inbox()
    await publish(channel, written(channel, queue, 2))

    await channel.basic_consume(queue, inbox.take_and_wait)

    assert [(await inbox.next()).delivery_tag for _ in range(2)] == [1, 2]
    inbox.may_go_on.set()


async def test_the_channel_forgets_a_consumer_that_the_broker_cancels(
    channel: aiormq.Channel, queue: str
) -> None:
    consumer = await channel.basic_consume(queue, Inbox().take)
    assert consumer.consumer_tag in channel.consumers

    await channel.queue_delete(queue)

    async def is_forgotten(tag: str | None) -> bool:
        return tag not in channel.consumers

    await until(partial(is_forgotten, consumer.consumer_tag), "the consumer is forgotten")
    assert not channel.is_closed


async def test_who_settles_on_a_channel_that_has_gone_is_told_so(channel: aiormq.Channel, queue: str) -> None:
    inbox = Inbox()
    await publish(channel, written(channel, queue, 1))
    await channel.basic_consume(queue, inbox.take)
    message = await inbox.next()

    await channel.close()

    for settle in (message.channel.basic_ack, message.channel.basic_nack):
        with pytest.raises(LOST):
            await settle(1)

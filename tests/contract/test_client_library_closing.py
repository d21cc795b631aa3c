"""What the batches of `shared/messaging/broker` rely on when the client library closes a channel."""

import asyncio
from functools import partial

import aio_pika
import aiormq
import msgspec
import pytest
from pamqp.commands import Channel

from shared.messaging.broker import batches
from tests.contract.publishing_channel import (
    a_publish,
    books,
    cut_off,
    feed,
    is_closed,
    on_their_way,
    problem_of,
    publish,
    turn,
    written,
)
from tests.installation import until

ANSWERS = (
    aio_pika.exceptions.PublishError,
    aio_pika.exceptions.DeliveryError,
    aiormq.exceptions.ChannelAccessRefused,
)
"""What says that a message did not arrive; any other error leaves it open."""


async def test_a_channel_that_the_broker_closes_fails_all_that_are_on_their_way(
    channel: aiormq.Channel,
) -> None:
    to_nowhere = msgspec.structs.replace(a_publish("a"), exchange="there is no such exchange")

    outcomes = await publish(channel, [batches.encode(channel, to_nowhere), *written(channel, "a", 2)])

    assert [type(outcome) for outcome in outcomes] == [aiormq.exceptions.ChannelNotFoundEntity] * 3
    with pytest.raises(aiormq.exceptions.ChannelInvalidStateError):
        await publish(channel, written(channel, "a", 1))


async def test_a_connection_that_is_lost_fails_all_that_are_on_their_way(
    channel: aiormq.Channel, connection: aio_pika.abc.AbstractConnection
) -> None:
    transport = connection.transport
    assert transport is not None

    async with on_their_way(channel, 2) as task:
        await transport.connection.close(ConnectionResetError("lost"))
        outcomes = await task

    assert len(outcomes) == 2
    assert not any(outcome is None or isinstance(outcome, ANSWERS) for outcome in outcomes), outcomes


async def test_a_future_of_a_closed_channel_is_refused_at_once(channel: aiormq.Channel) -> None:
    before = channel.create_future()
    await channel.close()
    after = channel.create_future()

    for future in (before, after):
        assert future.done()
        assert future.cancelled() or future.exception() is not None


async def test_a_channel_that_closes_while_a_batch_waits_for_its_lock_refuses_the_batch(
    channel: aiormq.Channel,
) -> None:
    async with cut_off(channel), asyncio.TaskGroup() as group:
        async with channel.lock:
            task = group.create_task(problem_of(publish(channel, written(channel, "nowhere", 1))))
            await turn()
            feed(channel, Channel.Close(reply_code=404, reply_text="gone", class_id=60, method_id=40))
            await until(partial(is_closed, channel), "the channel is closed")
        problem = await task

    assert isinstance(problem, aiormq.exceptions.ChannelInvalidStateError)
    assert books(channel)[0] == 0

"""What the batches of `shared/messaging/broker` rely on in the client library, by broker and by frames.

Frames that a broker doesn't send on demand are put where the connection's reader puts them.
"""

import asyncio
import inspect
import random
from functools import partial
from typing import Any, cast

import aio_pika
import aiormq
import pytest
from aiormq.abc import ChannelFrame
from pamqp.commands import Basic

from shared.messaging.broker import batches
from tests.contract.publishing_channel import (
    PATIENCE_SECONDS,
    a_publish,
    a_return,
    books,
    cut_off,
    feed,
    fetch,
    is_closed,
    on_their_way,
    publish,
    turn,
    written,
)
from tests.installation import until

FRAME_OVERHEAD_BYTES = 8


async def test_the_channel_of_a_publisher_keeps_its_books_where_batches_look(
    channel: aiormq.Channel, connection: aio_pika.abc.AbstractConnection
) -> None:
    transport = connection.transport
    assert transport is not None
    underlying = cast(aiormq.Connection, transport.connection)

    assert type(channel) is aiormq.Channel
    assert books(channel) == (0, [], {})
    assert channel.write_queue is underlying.write_queue
    assert channel.connection is underlying
    await asyncio.wait_for(underlying.ready(), PATIENCE_SECONDS)
    assert channel.max_content_size == underlying.connection_tune.frame_max - FRAME_OVERHEAD_BYTES
    assert list(inspect.signature(ChannelFrame).parameters) == ["payload", "should_close", "drain_future"]


async def test_the_library_counts_and_remembers_a_publish_as_batches_do(
    channel: aiormq.Channel, queue: str
) -> None:
    properties = Basic.Properties(message_id="a")
    async with cut_off(channel) as sent, asyncio.TaskGroup() as group:
        task = group.create_task(channel.basic_publish(b"{}", routing_key=queue, properties=properties))
        frame = await asyncio.wait_for(sent.get(), PATIENCE_SECONDS)
        frame.drain()
        during = books(channel)
        feed(channel, Basic.Ack(delivery_tag=1))
        await task
    await turn()

    assert isinstance(frame, ChannelFrame)
    assert not frame.should_close
    assert during == (1, [1], {"a": 1})
    assert books(channel) == (1, [], {})


@pytest.mark.parametrize("parts", [0, 0.5, 1, 1.5, 3, 3.0001])
async def test_a_message_is_written_in_the_frames_that_the_library_writes(
    channel: aiormq.Channel, queue: str, parts: float
) -> None:
    body = random.Random(parts).randbytes(int(parts * channel.max_content_size))
    ours = a_publish(queue, "a", body)
    async with cut_off(channel) as sent, asyncio.TaskGroup() as group:
        task = group.create_task(
            channel.basic_publish(body, routing_key=queue, properties=ours.properties, mandatory=True)
        )
        frame = await asyncio.wait_for(sent.get(), PATIENCE_SECONDS)
        frame.drain()
        feed(channel, Basic.Ack(delivery_tag=1))
        await task

    assert batches.encode(channel, ours).payload == frame.payload


@pytest.mark.parametrize("parts", [0, 1, 1.5, 3.0001])
async def test_a_message_larger_than_a_frame_arrives_whole(
    channel: aiormq.Channel, queue: str, parts: float
) -> None:
    body = random.Random(parts).randbytes(int(parts * channel.max_content_size))

    assert await publish(channel, [batches.encode(channel, a_publish(queue, "a", body))]) == [None]
    assert await fetch(channel, queue) == body


async def test_several_messages_in_one_frame_of_the_channel_arrive_in_order_and_are_confirmed(
    channel: aiormq.Channel, queue: str
) -> None:
    messages = [batches.encode(channel, a_publish(queue, str(n), b"%d" % n)) for n in range(100)]

    assert await publish(channel, messages) == [None] * 100
    assert [await fetch(channel, queue) for _ in range(101)] == [*(b"%d" % n for n in range(100)), None]
    assert books(channel) == (100, [], {})


async def test_a_frame_that_should_close_ends_the_connection_and_another_does_not(
    channel: aiormq.Channel, queue: str
) -> None:
    for _ in range(2):
        assert await publish(channel, written(channel, queue, 1)) == [None]
    assert not channel.is_closed

    await channel.write_queue.put(ChannelFrame(payload=b"", should_close=True))
    await until(partial(is_closed, channel), "the channel is closed")


async def test_what_comes_back_fails_alone_and_the_next_is_confirmed(
    channel: aiormq.Channel, queue: str
) -> None:
    messages = written(channel, queue, 3)
    messages[1] = batches.encode(channel, a_publish("no queue has this name", "2"))

    outcomes = await publish(channel, messages)

    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        aio_pika.exceptions.PublishError,
        type(None),
    ]
    assert books(channel) == (3, [], {})
    assert await publish(channel, written(channel, queue, 1)) == [None]


async def test_what_a_queue_refuses_fails_alone(channel: aiormq.Channel) -> None:
    arguments: dict[str, Any] = {"x-max-length": 1, "x-overflow": "reject-publish"}
    declared = await channel.queue_declare("", exclusive=True, arguments=arguments)

    outcomes = await publish(channel, written(channel, str(declared.queue), 3))

    refused = aio_pika.exceptions.DeliveryError
    assert [type(outcome) for outcome in outcomes] == [type(None), refused, refused]
    assert not isinstance(outcomes[1], aio_pika.exceptions.PublishError)
    assert books(channel) == (3, [], {})


async def test_a_multiple_acknowledgement_confirms_all_up_to_it_and_no_other(
    channel: aiormq.Channel,
) -> None:
    async with on_their_way(channel, 5) as task:
        feed(channel, Basic.Ack(delivery_tag=3, multiple=True))
        await turn()
        waiting = list(channel.confirmations)
        feed(channel, Basic.Nack(delivery_tag=5), Basic.Ack(delivery_tag=4))
        outcomes = await task

    assert waiting == [4, 5]
    assert outcomes[:4] == [None] * 4
    assert type(outcomes[4]) is aio_pika.exceptions.DeliveryError


async def test_a_multiple_refusal_refuses_all_up_to_it_and_no_other(channel: aiormq.Channel) -> None:
    async with on_their_way(channel, 4) as task:
        feed(channel, Basic.Ack(delivery_tag=1), Basic.Nack(delivery_tag=3, multiple=True))
        await turn()
        waiting = list(channel.confirmations)
        feed(channel, Basic.Ack(delivery_tag=4, multiple=True))
        outcomes = await task

    refused = aio_pika.exceptions.DeliveryError
    assert waiting == [4]
    assert [type(outcome) for outcome in outcomes] == [type(None), refused, refused, type(None)]


@pytest.mark.parametrize("place", [2, 3])
async def test_a_multiple_acknowledgement_leaves_what_came_back_as_it_is(
    channel: aiormq.Channel, place: int
) -> None:
    async with on_their_way(channel, 3) as task:
        feed(channel, *a_return(str(place)), Basic.Ack(delivery_tag=3, multiple=True))
        outcomes = await task
    await turn()

    assert type(outcomes.pop(place - 1)) is aio_pika.exceptions.PublishError
    assert outcomes == [None, None]
    assert books(channel) == (3, [], {})


@pytest.mark.parametrize("answer", ["ack", "nack", "multiple ack", "return"])
async def test_an_answer_that_comes_too_late_harms_nothing(channel: aiormq.Channel, answer: str) -> None:
    async with cut_off(channel):
        outcomes = await batches.publish_batch(channel, written(channel, "nowhere", 2), 0.05)
    assert [type(outcome) for outcome in outcomes] == [TimeoutError, TimeoutError]
    await turn()

    answers: dict[str, list[Any]] = {
        "ack": [Basic.Ack(delivery_tag=1), Basic.Ack(delivery_tag=2)],
        "nack": [Basic.Nack(delivery_tag=1), Basic.Nack(delivery_tag=2)],
        "multiple ack": [Basic.Ack(delivery_tag=2, multiple=True)],
        "return": [*a_return("1"), *a_return("2"), Basic.Ack(delivery_tag=2, multiple=True)],
    }
    feed(channel, *answers[answer])
    await turn()

    assert books(channel) == (2, [], {})
    assert not channel.is_closed
    assert (await channel.queue_declare("", exclusive=True)).queue  # its reader still reads


async def test_a_batch_that_could_not_be_written_leaves_the_books_in_step(
    channel: aiormq.Channel, queue: str
) -> None:
    assert await publish(channel, written(channel, queue, 2)) == [None, None]

    async with cut_off(channel, size=1) as full:
        full.put_nowait(ChannelFrame(payload=b"", should_close=False))
        with pytest.raises(TimeoutError):
            await batches.publish_batch(channel, written(channel, queue, 3), 0.05)
    await turn()

    assert books(channel) == (2, [], {})
    assert await publish(channel, written(channel, queue, 2)) == [None, None]
    assert books(channel) == (4, [], {})


async def test_the_librarys_own_publish_that_could_not_be_written_leaves_them_in_step_too(
    channel: aiormq.Channel, queue: str
) -> None:
    async with cut_off(channel, size=1) as full:
        full.put_nowait(ChannelFrame(payload=b"", should_close=False))
        with pytest.raises(TimeoutError):
            await channel.basic_publish(b"{}", routing_key=queue, timeout=0.05)
    await turn()

    assert books(channel) == (0, [], {})
    assert await publish(channel, written(channel, queue, 2)) == [None, None]


async def test_one_lock_holds_back_the_librarys_publishes_and_ours(
    channel: aiormq.Channel, queue: str
) -> None:
    async with asyncio.TaskGroup() as group:
        async with channel.lock:
            theirs = group.create_task(channel.basic_publish(b"{}", routing_key=queue))
            ours = group.create_task(publish(channel, written(channel, queue, 1)))
            await turn()
            held_back = books(channel)
        assert isinstance(await theirs, Basic.Ack)
        assert await ours == [None]

    assert held_back == (0, [], {})
    assert books(channel) == (2, [], {})

"""Acknowledging many deliveries: one multiple acknowledgement, and never for what others still work on."""

from types import SimpleNamespace
from typing import cast

from aiormq.abc import DeliveredMessage
from hypothesis import given
from hypothesis import strategies as st
from pamqp.commands import Basic

from shared.messaging.broker import Delivery, Login, acknowledge_all
from shared.messaging.broker.deliveries import Outstanding

LOGIN = Login("amqp://story-notify:x@127.0.0.1/")


class Channel:
    """The channel of the client library that a message came on; it keeps what the broker would be told."""

    def __init__(self, told: list[tuple[int, bool]]) -> None:
        self._told = told

    async def basic_ack(self, delivery_tag: int, multiple: bool = False) -> None:
        self._told.append((delivery_tag, multiple))


class Message:
    """What the client library hands out."""

    body = b""
    header = SimpleNamespace(properties=Basic.Properties())

    def __init__(self, tag: int, channel: Channel) -> None:
        self.delivery_tag = tag
        self.channel = channel


def deliveries(count: int, told: list[tuple[int, bool]]) -> list[Delivery]:
    outstanding, channel = Outstanding(), Channel(told)
    messages = [cast(DeliveredMessage, Message(tag, channel)) for tag in range(1, count + 1)]
    return [Delivery(message, "notify.events", LOGIN, outstanding) for message in messages]


async def test_a_group_that_is_all_there_is_takes_one_acknowledgement() -> None:
    told: list[tuple[int, bool]] = []
    group = deliveries(50, told)

    assert await acknowledge_all(group)

    assert told == [(50, True)]
    assert all(delivery.is_settled for delivery in group)


async def test_deliveries_of_a_lost_channel_are_acknowledged_apart() -> None:
    lost: list[tuple[int, bool]] = []
    new: list[tuple[int, bool]] = []

    assert await acknowledge_all([*deliveries(3, lost), *deliveries(2, new)])

    assert (lost, new) == ([(3, True)], [(2, True)])


async def test_what_another_worker_still_holds_is_never_acknowledged() -> None:
    told: list[tuple[int, bool]] = []
    first, second, third, fourth = deliveries(4, told)

    assert await acknowledge_all([first, second, fourth])

    assert told == [(2, True), (4, False)]
    assert not third.is_settled


@given(st.lists(st.sets(st.integers(0, 19)), max_size=6))
async def test_only_what_is_settled_is_ever_acknowledged(groups: list[set[int]]) -> None:
    told: list[tuple[int, bool]] = []
    held = deliveries(20, told)
    settled: set[int] = set()
    for group in groups:
        fresh = sorted(group - settled)
        settled |= group
        await acknowledge_all([held[place] for place in fresh])

        known = {tag for tag, _ in told}
        for tag, is_multiple in told:
            known |= set(range(1, tag + 1)) if is_multiple else set()
        assert known == {place + 1 for place in settled}

"""Acknowledging many deliveries: one multiple acknowledgement, and never for what others still work on."""

from typing import Any, cast

from aio_pika.abc import AbstractIncomingMessage
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.broker import Delivery, Login, acknowledge_all
from shared.messaging.broker.deliveries import Outstanding

LOGIN = Login("amqp://story-notify:x@127.0.0.1/")


class Message:
    """What the client library hands out; it keeps what the broker would be told."""

    body = b""

    def __init__(self, tag: int, told: list[tuple[int, bool]]) -> None:
        self.delivery_tag = tag
        self.headers: dict[str, Any] = {}
        self._told = told

    async def ack(self, multiple: bool = False) -> None:
        self._told.append((self.delivery_tag, multiple))


def deliveries(count: int, told: list[tuple[int, bool]]) -> list[Delivery]:
    outstanding = Outstanding()
    messages = [cast(AbstractIncomingMessage, Message(tag, told)) for tag in range(1, count + 1)]
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

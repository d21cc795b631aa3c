"""A delivery: one arrival of a message, the envelope read from it, and the means to settle it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiormq
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from shared.errors import BadEnvelopeError
from shared.messaging.envelope import Envelope

T = TypeVar("T")
_MESSAGE_NAME = re.compile(r"[a-z0-9_]{1,30}\.[a-z0-9_]{1,90}\.v[0-9]{1,5}")
_QUEUE = re.compile(r"[A-Za-z0-9._-]{1,150}")
_TRACE = re.compile(r"[0-9a-f-]{1,100}")
_ASSERTION = re.compile(r"[A-Za-z0-9._-]{1,16384}")
LOST = (aiormq.exceptions.AMQPError, ConnectionError, RuntimeError, OSError)
"""What the client raises when connection or channel is gone."""
QUEUE_AWAY = aiormq.exceptions.AMQPChannelError
"""What it raises when the broker closes a channel, as over a queue that isn't there; the connection stays."""


class Login:
    """Whom a broker address logs in as: the installation's prefix and the party (`story-1`, `linking`)."""

    def __init__(self, url: str) -> None:
        self.user = unquote(urlsplit(url).username or "")
        self.instance, _, self.party = self.user.rpartition("-")

    def party_of(self, user_id: str) -> str:
        """The party behind another login of the same installation."""
        prefix = f"{self.instance}-"
        if not user_id.startswith(prefix):
            raise BadEnvelopeError("the login is not of this installation")
        return user_id.removeprefix(prefix)


class Outstanding:
    """The deliveries of one channel that the broker waits for, in the order in which they came."""

    def __init__(self) -> None:
        self._tags: dict[int, None] = {}

    def add(self, tag: int) -> None:
        """A delivery has come."""
        self._tags[tag] = None

    def drop(self, tags: Iterable[int]) -> None:
        """They are settled."""
        for tag in tags:
            self._tags.pop(tag, None)

    def oldest_of_others(self, tags: Collection[int]) -> int | None:
        """The first delivery that waits and is none of these: one acknowledgement reaches up to it."""
        return next((tag for tag in self._tags if tag not in tags), None)


class Delivery:
    """One arrival of a message: its body, and the means to settle it."""

    def __init__(self, message: DeliveredMessage, queue: str, login: Login, outstanding: Outstanding) -> None:
        self._message = message
        self._properties: Basic.Properties = message.header.properties
        self._sent_headers: Mapping[str, Any] = self._properties.headers or {}
        self._login = login
        self.outstanding = outstanding
        self.queue = queue
        self.body = message.body
        self.is_settled = False
        self.tag = message.delivery_tag or 0
        outstanding.add(self.tag)

    @property
    def type(self) -> str:
        """The message name that the sender gave; empty if none."""
        return (self._properties.message_type or "").replace("\0", "")

    @property
    def origin(self) -> str:
        """The queue on which it came, or for a dead letter the queue that gave it up."""
        service, _, kind = self.queue.partition(".")
        deaths = self._sent_headers.get("x-death")
        if kind == "dead" and isinstance(deaths, list) and deaths and isinstance(deaths[0], dict):
            given_up_by = str(deaths[0].get("queue"))
            return given_up_by if given_up_by.startswith(f"{service}.") else self.queue
        return self.queue

    @property
    def headers(self) -> Mapping[str, Any]:
        """The headers as they came, and the properties that make up the envelope."""
        sent = self._properties
        shown = {"message_id": sent.message_id, "type": sent.message_type, "user_id": sent.user_id}
        return {**self._sent_headers, **shown, "routing_key": self._message.routing_key}

    def read_envelope(self) -> Envelope:
        """The metadata. Raises BadEnvelopeError if it is missing, unreadable or can't be believed."""
        sent, headers = self._properties, self._sent_headers
        if sent.user_id is None:
            raise BadEnvelopeError("the sender is not proved: user_id is missing")
        sender, attempt, parked_at = self._login.party_of(sent.user_id), 1, None
        try:
            if sender == self._login.party:  # what we sent through a wait queue, or to ourselves
                sender = str(headers.get("x-sender", sender))
                attempt = int(str(headers.get("x-attempt", 1)))
                parked_at = _if_given(_instant, headers.get("x-parked-at"))
            return Envelope(
                message_id=UUID(str(sent.message_id)),
                type=_matching(_MESSAGE_NAME, sent.message_type),
                sender=sender,
                time=_instant(headers["cloudEvents:time"]),
                correlation_id=UUID(str(sent.correlation_id)),
                causation_id=_if_given(UUID, headers.get("causation-id")),
                attempt=attempt,
                deadline=_if_given(_instant, headers.get("deadline")),
                traceparent=_if_given(partial(_matching, _TRACE), headers.get("traceparent")),
                assertion=_if_given(partial(_matching, _ASSERTION), headers.get("assertion")),
                reply_to=_if_given(partial(_matching, _QUEUE), sent.reply_to),
                parked_at=parked_at,
            )
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise BadEnvelopeError(f"the envelope can't be read: {type(error).__name__}") from None

    @property
    def earlier_deliveries(self) -> int:
        """How often a quorum queue has delivered it before, to whomever, without an end."""
        count = self._sent_headers.get("x-delivery-count", 0)
        return count if isinstance(count, int) else 0

    async def acknowledge(self) -> bool:
        """Tell the broker that it is done; false if the connection is gone, then it comes again."""
        return await self._settle(self._message.channel.basic_ack(self.tag))

    async def acknowledge_all_before(self) -> bool:
        """As `acknowledge`, and the same for all that came earlier on this channel."""
        return await self._settle(self._message.channel.basic_ack(self.tag, multiple=True))

    async def give_back(self) -> bool:
        """Put it back into its queue, untouched."""
        return await self._settle(self._message.channel.basic_nack(self.tag))

    async def _settle(self, act: Awaitable[None]) -> bool:
        try:
            await act
        except LOST:
            return False
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            return False
        finally:
            self.is_settled = True
            self.outstanding.drop((self.tag,))
        return True


async def acknowledge_all(deliveries: Sequence[Delivery]) -> bool:
    """Acknowledge many, with one multiple acknowledgement a channel as far as that reaches.

    It reaches up to the first delivery of the channel that somebody else still works on; those beyond it are
    acknowledged one by one. False if a connection is gone: then what came on it comes again.
    """
    channels: dict[int, list[Delivery]] = {}
    for delivery in sorted(deliveries, key=lambda each: each.tag):
        channels.setdefault(id(delivery.outstanding), []).append(delivery)
    results = [await _acknowledge_channel(of_channel) for of_channel in channels.values()]
    return all(results)


async def _acknowledge_channel(deliveries: Sequence[Delivery]) -> bool:
    outstanding = deliveries[0].outstanding
    others = outstanding.oldest_of_others({delivery.tag for delivery in deliveries})
    reached = [delivery for delivery in deliveries if others is None or delivery.tag < others]
    results = []
    if reached:
        results.append(await reached[-1].acknowledge_all_before())
        outstanding.drop(delivery.tag for delivery in reached)
    for delivery in reached:
        delivery.is_settled = True
    results += [await delivery.acknowledge() for delivery in deliveries[len(reached) :]]
    return all(results)


def is_cancelled() -> bool:
    """Has somebody cancelled this task? Else a CancelledError only says that a connection ended."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _if_given(read: Callable[[str], T], value: object) -> T | None:
    return None if value is None else read(str(value))


def _instant(value: object) -> datetime:
    read = datetime.fromisoformat(str(value))
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    """What a sender wrote, if it may be sent on and stored: bounded, without NUL and the like."""
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise ValueError("a property has another form than it may have")
    return value

"""Strict publishing: a message is confirmed, returned, refused or unconfirmed, and never silently dropped."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel
from pamqp.commands import Basic
from pamqp.common import FieldTable

from shared.errors import (
    ForbiddenError,
    NackedError,
    PublishError,
    UnconfirmedError,
    UnroutableError,
    UnsendableError,
)
from shared.messaging.broker import batches
from shared.messaging.broker.batches import Publish, Written
from shared.messaging.broker.deliveries import LOST, Login, is_cancelled
from shared.messaging.envelope import Outgoing

CONFIRM_TIMEOUT_SECONDS = 10.0
PERSISTENT, NOT_PERSISTENT = 2, 1
Open = Callable[[], Awaitable[AbstractChannel]]


class Publisher:
    """A channel on which each message is confirmed, returned or refused, and never silently dropped."""

    def __init__(
        self, channel: AbstractChannel, unconfirmed: AbstractChannel, open_another: Open, login: Login
    ) -> None:
        self._channel = channel
        self._unconfirmed = unconfirmed
        self._open_another = open_another
        self._renewing = asyncio.Lock()
        self._login = login
        self._closed = asyncio.Event()
        for each in (channel, unconfirmed):
            each.close_callbacks.add(self._note_close)

    @property
    def is_open(self) -> bool:
        """Are both channels open, as far as this side knows?"""
        return not (self._channel.is_closed or self._unconfirmed.is_closed)

    async def publish(self, outgoing: Outgoing, timeout_seconds: float = CONFIRM_TIMEOUT_SECONDS) -> None:
        """Publish and wait for the broker's confirm.

        Raises UnroutableError, NackedError, UnsendableError, ForbiddenError (for all that are on their way
        when the broker closes the channel over one), or UnconfirmedError when nothing is known: then it may
        have arrived, and sending it again with the same id is safe.
        """
        (problem,) = await self.publish_all([outgoing], timeout_seconds)
        if problem is not None:
            raise problem

    async def publish_all(
        self, messages: Sequence[Outgoing], timeout_seconds: float = CONFIRM_TIMEOUT_SECONDS
    ) -> list[PublishError | None]:
        """Publish many in batches: for each, in order, None if it was confirmed, else what went wrong.

        The time-out is that of each batch. The problems are those that `publish` raises.
        """
        problems: list[PublishError | None] = [None] * len(messages)
        used = self._channel
        try:
            channel = await underlay_of(used)
        except LOST as error:
            return [_problem(message, error) for message in messages]
        written: list[Written] = []
        places: list[int] = []
        for place, message in enumerate(messages):
            try:
                written.append(batches.encode(channel, self._publish(message)))
                places.append(place)
            except (TypeError, ValueError):
                problems[place] = UnsendableError(message.routing_key)
        done = 0
        for batch in batches.in_batches(written):
            outcomes = await self._publish_batch(channel, batch, timeout_seconds)
            for place, outcome in zip(places[done : done + len(batch)], outcomes, strict=True):
                problems[place] = _problem(messages[place], outcome)
            done += len(batch)
        if any(isinstance(problem, NackedError) for problem in problems):
            await self._renew(used)
        return problems

    async def wait_until_closed(self) -> None:
        """Return when the connection is lost, or the broker closed a channel, as over a forbidden message."""
        await self._closed.wait()

    def give_up(self) -> None:
        """Let who waits for the end of the connection open another one: it is of no use any more."""
        self._closed.set()

    async def reply(self, outgoing: Outgoing) -> None:
        """Send a reply: not persistent, not mandatory, unconfirmed; the asker asks again if it is lost."""
        try:
            channel = await underlay_of(self._unconfirmed)
            publish = self._publish(outgoing)
            await channel.basic_publish(
                publish.body,
                exchange=publish.exchange,
                routing_key=publish.routing_key,
                properties=publish.properties,
                timeout=1,
            )
        except (TimeoutError, asyncio.CancelledError, TypeError, ValueError, *LOST) as error:
            if is_cancelled():
                raise
            raise UnconfirmedError(f"reply: {type(error).__name__}") from None

    def _note_close(self, *_: object) -> None:
        self._closed.set()

    async def _renew(self, refusing: AbstractChannel) -> None:
        """Go on with another channel than one on which a message was refused.

        RabbitMQ 3.10 looks for a queue's leader at a channel's first message. Finding it on a node that has
        just gone, it refuses all that this channel publishes there later, while others get through.
        """
        async with self._renewing:
            if self._channel is not refusing:
                return
            try:
                async with asyncio.timeout(CONFIRM_TIMEOUT_SECONDS):
                    self._channel = await self._open_another()
                    self._channel.close_callbacks.add(self._note_close)
                    refusing.close_callbacks.discard(self._note_close)
                    await refusing.close()
            except (TimeoutError, *LOST):
                self._closed.set()

    async def _publish_batch(
        self, channel: aiormq.Channel, batch: Sequence[Written], timeout_seconds: float
    ) -> Sequence[BaseException | None]:
        try:
            return await batches.publish_batch(channel, batch, timeout_seconds)
        except (TimeoutError, asyncio.CancelledError, *LOST) as error:
            if is_cancelled():
                raise
            return [error] * len(batch)

    def _publish(self, outgoing: Outgoing) -> Publish:
        headers: FieldTable = {
            "cloudEvents:specversion": "1.0",
            "cloudEvents:id": str(outgoing.message_id),
            "cloudEvents:type": outgoing.type,
            "cloudEvents:source": self._login.party,
            "cloudEvents:time": outgoing.time.isoformat(),
            "x-attempt": outgoing.attempt,
        }
        optional = {
            "causation-id": outgoing.causation_id,
            "deadline": outgoing.deadline.isoformat() if outgoing.deadline else None,
            "traceparent": outgoing.traceparent,
            "assertion": outgoing.assertion,
            "x-sender": outgoing.original_sender,
            "x-parked-at": outgoing.parked_at.isoformat() if outgoing.parked_at else None,
        }
        headers.update({name: str(value) for name, value in optional.items() if value is not None})
        properties = Basic.Properties(
            headers=headers,
            content_type="application/json",
            delivery_mode=PERSISTENT if outgoing.is_persistent else NOT_PERSISTENT,
            message_id=str(outgoing.message_id),
            correlation_id=str(outgoing.correlation_id),
            message_type=outgoing.type,
            reply_to=outgoing.reply_to,
            user_id=self._login.user,
            app_id=self._login.party,
        )
        return Publish(
            exchange=outgoing.exchange,
            routing_key=outgoing.routing_key,
            is_mandatory=outgoing.is_mandatory,
            properties=properties,
            body=outgoing.body,
        )


async def underlay_of(channel: AbstractChannel) -> aiormq.Channel:
    """The channel of the client library's lower layer beneath one of the upper."""
    return cast(aiormq.Channel, await channel.get_underlay_channel())


def _problem(message: Outgoing, error: BaseException | None) -> PublishError | None:
    if error is None:
        return None
    if isinstance(error, aio_pika.exceptions.PublishError):
        return UnroutableError(message.routing_key)
    if isinstance(error, aio_pika.exceptions.DeliveryError):
        return NackedError(message.routing_key)
    if isinstance(error, aiormq.exceptions.ChannelAccessRefused):
        return ForbiddenError(message.routing_key)
    return UnconfirmedError(f"{message.routing_key}: {type(error).__name__}")

"""The broker: the only module that knows AMQP. Connections, strict publishing, deliveries, reply queues."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from shared.errors import (
    BadEnvelopeError,
    ForbiddenError,
    NackedError,
    PublishError,
    UnconfirmedError,
    UnroutableError,
)
from shared.messaging.envelope import Envelope, Outgoing

CONNECT_TIMEOUT_SECONDS = 10.0
CONFIRM_TIMEOUT_SECONDS = 10.0
HEARTBEAT_SECONDS = 10
_LOST = (aiormq.exceptions.AMQPError, ConnectionError, RuntimeError, OSError)


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


class Delivery:
    """One arrival of a message: its body, and the means to settle it."""

    def __init__(self, message: AbstractIncomingMessage, queue: str, login: Login) -> None:
        self._message = message
        self._login = login
        self.queue = queue
        self.body = message.body
        self.is_settled = False

    @property
    def type(self) -> str:
        """The message name that the sender gave; empty if none."""
        return (self._message.type or "").replace("\0", "")

    @property
    def origin(self) -> str:
        """The queue on which it came, or for a dead letter the queue that gave it up."""
        deaths = self._message.headers.get("x-death")
        if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict):
            return str(deaths[0].get("queue", self.queue))
        return self.queue

    @property
    def headers(self) -> Mapping[str, Any]:
        """The headers as they came, and the properties that make up the envelope."""
        shown = {"message_id": self._message.message_id, "type": self._message.type}
        return {**self._message.headers, **shown, "user_id": self._message.user_id}

    def read_envelope(self) -> Envelope:
        """The metadata. Raises BadEnvelopeError if it is missing, unreadable or can't be believed."""
        message, headers = self._message, self._message.headers
        if message.user_id is None:
            raise BadEnvelopeError("the sender is not proved: user_id is missing")
        sender = self._login.party_of(message.user_id)
        original = headers.get("x-sender")
        if sender == self._login.party and isinstance(original, str):
            sender = original
        try:
            return Envelope(
                message_id=UUID(str(message.message_id)),
                type=str(message.type),
                sender=sender,
                time=datetime.fromisoformat(str(headers["cloudEvents:time"])),
                correlation_id=UUID(str(message.correlation_id)),
                causation_id=_uuid_or_none(headers.get("causation-id")),
                attempt=int(str(headers.get("x-attempt", 1))),
                deadline=_instant_or_none(headers.get("deadline")),
                traceparent=_text_or_none(headers.get("traceparent")),
                assertion=_text_or_none(headers.get("assertion")),
                reply_to=message.reply_to,
            )
        except (KeyError, ValueError, TypeError) as error:
            raise BadEnvelopeError(f"the envelope can't be read: {type(error).__name__}") from None

    async def acknowledge(self) -> bool:
        """Tell the broker that it is done; false if the connection is gone, then it comes again."""
        return await self._settle(self._message.ack)

    async def give_back(self) -> bool:
        """Put it back into its queue, untouched."""
        return await self._settle(self._message.nack)

    async def _settle(self, act: Callable[[], Awaitable[None]]) -> bool:
        try:
            await act()
        except _LOST:
            return False
        finally:
            self.is_settled = True
        return True


class Publisher:
    """A channel on which each message is confirmed, returned or refused, and never silently dropped."""

    def __init__(self, channel: AbstractChannel, unconfirmed: AbstractChannel, login: Login) -> None:
        self._channel = channel
        self._unconfirmed = unconfirmed
        self._login = login

    async def publish(self, outgoing: Outgoing, timeout_seconds: float = CONFIRM_TIMEOUT_SECONDS) -> None:
        """Publish and wait for the broker's confirm.

        Raises UnroutableError, NackedError, or UnconfirmedError when nothing is known: then it may have
        arrived, and sending it again with the same id is safe.
        """
        try:
            exchange = await self._channel.get_exchange(outgoing.exchange, ensure=False)
            await exchange.publish(
                self._message(outgoing),
                routing_key=outgoing.routing_key,
                mandatory=outgoing.is_mandatory,
                timeout=timeout_seconds,
            )
        except aio_pika.exceptions.PublishError:
            raise UnroutableError(outgoing.routing_key) from None
        except aio_pika.exceptions.DeliveryError:
            raise NackedError(outgoing.routing_key) from None
        except aiormq.exceptions.ChannelAccessRefused:
            raise ForbiddenError(outgoing.routing_key) from None
        except (TimeoutError, *_LOST) as error:
            raise UnconfirmedError(f"{outgoing.routing_key}: {type(error).__name__}") from None

    async def wait_until_closed(self) -> None:
        """Return when the connection is lost, or the broker closed the channel over a forbidden message."""
        await self._channel.closed()

    async def reply(self, outgoing: Outgoing) -> None:
        """Send a reply: not persistent, not mandatory, unconfirmed; the asker asks again if it is lost."""
        try:
            exchange = await self._unconfirmed.get_exchange(outgoing.exchange, ensure=False)
            await exchange.publish(
                self._message(outgoing), routing_key=outgoing.routing_key, mandatory=False, timeout=1
            )
        except (TimeoutError, *_LOST) as error:
            raise UnconfirmedError(f"reply: {type(error).__name__}") from None

    def _message(self, outgoing: Outgoing) -> aio_pika.Message:
        headers: dict[str, Any] = {
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
        }
        headers.update({name: str(value) for name, value in optional.items() if value is not None})
        persistent, fleeting = aio_pika.DeliveryMode.PERSISTENT, aio_pika.DeliveryMode.NOT_PERSISTENT
        return aio_pika.Message(
            outgoing.body,
            headers=headers,
            content_type="application/json",
            delivery_mode=persistent if outgoing.is_persistent else fleeting,
            message_id=str(outgoing.message_id),
            correlation_id=str(outgoing.correlation_id),
            type=outgoing.type,
            reply_to=outgoing.reply_to,
            user_id=self._login.user,
            app_id=self._login.party,
        )


class Subscription:
    """Consumers of one connection; `watch` ends when any of them is gone."""

    def __init__(self, channel: AbstractChannel, login: Login) -> None:
        self._channel = channel
        self._login = login
        self._tags: dict[str, tuple[aio_pika.abc.AbstractQueue, str]] = {}

    async def consume(self, queue_name: str, put: Callable[[Delivery], Awaitable[None]]) -> None:
        """Hand each delivery of a queue to `put`; the queue must exist."""
        queue = await self._channel.get_queue(queue_name, ensure=False)

        async def on_message(message: AbstractIncomingMessage) -> None:
            await put(Delivery(message, queue_name, self._login))

        self._tags[queue_name] = (queue, await queue.consume(on_message, timeout=CONNECT_TIMEOUT_SECONDS))

    async def is_consuming(self) -> bool:
        """Is the channel open and no consumer cancelled by the broker (as when its queue is deleted)?"""
        if self._channel.is_closed:
            return False
        underlay = await self._channel.get_underlay_channel()
        consumers = cast(aiormq.Channel, underlay).consumers
        return all(tag in consumers for _, tag in self._tags.values())

    async def cancel(self) -> None:
        """Take no new deliveries; those already here may still be settled."""
        for queue, tag in self._tags.values():
            try:
                await queue.cancel(tag, timeout=CONNECT_TIMEOUT_SECONDS)
            except (TimeoutError, *_LOST):
                continue
        self._tags.clear()


class BrokerConnection:
    """A connection that is not mended when it breaks: whoever opened it opens another."""

    def __init__(self, connection: AbstractConnection, login: Login) -> None:
        self._connection = connection
        self.login = login

    async def open_publisher(self) -> Publisher:
        """A channel with confirms that raises what comes back, and one without for replies."""
        confirmed = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        return Publisher(confirmed, await self._connection.channel(publisher_confirms=False), self.login)

    async def open_subscription(self, prefetch_count: int) -> Subscription:
        """A channel to consume on; each consumer holds at most so many unsettled deliveries."""
        channel = await self._connection.channel(publisher_confirms=False)
        await channel.set_qos(prefetch_count=prefetch_count)
        return Subscription(channel, self.login)

    async def open_reply_queue(self, put: Callable[[Delivery], Awaitable[None]]) -> str:
        """An exclusive queue with a new random name, bound by that name to `replies`; it goes with us."""
        channel = await self._connection.channel(publisher_confirms=False)
        name = f"replies.{self.login.party}.{secrets.token_hex(16)}"
        queue = await channel.declare_queue(name, exclusive=True, auto_delete=True, durable=False)
        await queue.bind("replies", routing_key=name)

        async def on_message(message: AbstractIncomingMessage) -> None:
            await put(Delivery(message, name, self.login))

        await queue.consume(on_message, no_ack=True)
        return name

    async def wait_until_lost(self) -> None:
        """Return when the connection is closed, by whomever."""
        await self._connection.closed()

    @property
    def is_open(self) -> bool:
        """Is the connection open, as far as this side knows?"""
        return not self._connection.is_closed


@asynccontextmanager
async def connect(url: str, *, name: str) -> AsyncIterator[BrokerConnection]:
    """Open one connection; it is closed at the end, however that comes."""
    joint = "&" if urlsplit(url).query else "?"
    connection = await aio_pika.connect(
        f"{url}{joint}heartbeat={HEARTBEAT_SECONDS}",
        timeout=CONNECT_TIMEOUT_SECONDS,
        client_properties={"connection_name": name},
    )
    try:
        yield BrokerConnection(connection, Login(url))
    finally:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                await connection.close()
        except (TimeoutError, *_LOST):
            pass


def is_lost(error: BaseException) -> bool:
    """Does the error say that the broker is not there?"""
    return isinstance(error, (PublishError, TimeoutError, *_LOST))


def _uuid_or_none(value: Any) -> UUID | None:
    return None if value is None else UUID(str(value))


def _instant_or_none(value: Any) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value)).astimezone(UTC)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)

"""Strict publishing: a message is confirmed, returned, refused or unconfirmed, and never silently dropped."""

import asyncio
from typing import Any

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel

from shared.errors import ForbiddenError, NackedError, UnconfirmedError, UnroutableError, UnsendableError
from shared.messaging.broker.deliveries import LOST, Login, is_cancelled
from shared.messaging.envelope import Outgoing

CONFIRM_TIMEOUT_SECONDS = 10.0


class Publisher:
    """A channel on which each message is confirmed, returned or refused, and never silently dropped."""

    def __init__(self, channel: AbstractChannel, unconfirmed: AbstractChannel, login: Login) -> None:
        self._channel = channel
        self._unconfirmed = unconfirmed
        self._login = login
        self._closed = asyncio.Event()
        for each in (channel, unconfirmed):
            each.close_callbacks.add(lambda *_: self._closed.set())

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
        except (TimeoutError, asyncio.CancelledError, *LOST) as error:
            if is_cancelled():
                raise
            raise UnconfirmedError(f"{outgoing.routing_key}: {type(error).__name__}") from None
        except (TypeError, ValueError) as error:
            raise UnsendableError(outgoing.routing_key) from error

    async def wait_until_closed(self) -> None:
        """Return when the connection is lost, or the broker closed a channel, as over a forbidden message."""
        await self._closed.wait()

    async def reply(self, outgoing: Outgoing) -> None:
        """Send a reply: not persistent, not mandatory, unconfirmed; the asker asks again if it is lost."""
        try:
            exchange = await self._unconfirmed.get_exchange(outgoing.exchange, ensure=False)
            await exchange.publish(
                self._message(outgoing), routing_key=outgoing.routing_key, mandatory=False, timeout=1
            )
        except (TimeoutError, asyncio.CancelledError, TypeError, ValueError, *LOST) as error:
            if is_cancelled():
                raise
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

"""A delivery: one arrival of a message, the envelope read from it, and the means to settle it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiormq
from aio_pika.abc import AbstractIncomingMessage

from shared.errors import BadEnvelopeError
from shared.messaging.envelope import Envelope

LOST = (aiormq.exceptions.AMQPError, ConnectionError, RuntimeError, OSError)
"""What the client raises when connection or channel is gone."""


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
        except LOST:
            return False
        finally:
            self.is_settled = True
        return True


def _uuid_or_none(value: Any) -> UUID | None:
    return None if value is None else UUID(str(value))


def _instant_or_none(value: Any) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value)).astimezone(UTC)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)

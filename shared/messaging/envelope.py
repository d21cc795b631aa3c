"""The envelope: all that is known of a message beside its body."""

from datetime import datetime
from uuid import UUID

import msgspec


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A message's metadata, as it travels in AMQP properties and headers.

    `sender` is the login that published it, proved by the broker (`user_id`), without the installation's
    prefix; for a message that we sent through a wait queue, the login that sent it first. `parked_at` is
    when a redriven message was parked first.
    """

    message_id: UUID
    type: str
    sender: str
    time: datetime
    correlation_id: UUID
    causation_id: UUID | None = None
    attempt: int = 1
    deadline: datetime | None = None
    traceparent: str | None = None
    assertion: str | None = None
    reply_to: str | None = None
    parked_at: datetime | None = None


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message ready to be published: its envelope's data, its route and its encoded body."""

    message_id: UUID
    type: str
    exchange: str
    routing_key: str
    body: bytes
    time: datetime
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None
    attempt: int = 1
    deadline: datetime | None = None
    assertion: str | None = None
    reply_to: str | None = None
    original_sender: str | None = None
    parked_at: datetime | None = None
    is_persistent: bool = True
    is_mandatory: bool = True

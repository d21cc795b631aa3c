"""Traces: what a service's tables know of all that followed from one first message; no bodies."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.messaging import ids

LONGEST = 10_000
"""Rows of each kind that are read of one service, at most."""


class SentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message in an outbox (`announced_at` is None) or among the announced ones."""

    message_id: UUID
    type: str
    causation_id: UUID | None
    emitted_at: datetime
    announced_at: datetime | None
    attempts: int
    last_problem: str | None


class HandledRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message in an inbox; `reply_type` is what its sender was answered, where the answer was kept."""

    message_id: UUID
    type: str
    causation_id: UUID | None
    queue: str
    sender: str
    handled_at: datetime
    reply_type: str | None


class ParkedTrace(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was given up on."""

    id: UUID
    message_id: UUID
    type: str | None
    queue: str
    reason: str
    attempts: int
    parked_at: datetime
    settled_at: datetime | None


async def find_correlation(connection: Connection, queues: Sequence[str], message_id: UUID) -> UUID | None:
    """The correlation id of a message that this service received or sent."""
    correlation_id: UUID | None = await connection.fetchval(
        """
        SELECT correlation_id FROM inbox WHERE queue = ANY($1::text[]) AND message_id = $2
         UNION ALL
        SELECT correlation_id FROM outbox WHERE message_id = $2
         UNION ALL
        SELECT correlation_id FROM announced WHERE message_id = $2
         UNION ALL
        SELECT correlation_id FROM parked_messages WHERE message_id = $2 AND correlation_id IS NOT NULL
         LIMIT 1
        """,
        list(queues),
        message_id,
    )
    return correlation_id


async def list_sent(connection: Connection, correlation_id: UUID) -> list[SentRow]:
    """The messages of a correlation that this service emitted, in the last thirty days."""
    rows = await connection.fetch(
        """
        SELECT message_id, type, causation_id, emitted_at, NULL::timestamptz AS announced_at, attempts,
               last_problem
          FROM outbox
         WHERE correlation_id = $1
         UNION ALL
        SELECT message_id, type, causation_id, emitted_at, announced_at, 0 AS attempts, NULL AS last_problem
          FROM announced
         WHERE correlation_id = $1
         LIMIT $2
        """,
        correlation_id,
        LONGEST,
    )
    return [SentRow(**row) for row in rows]


async def list_parked_of(connection: Connection, correlation_id: UUID) -> list[ParkedTrace]:
    """The messages of a correlation that this service gave up on."""
    rows = await connection.fetch(
        """
        SELECT id, message_id, type, queue, reason, attempts, parked_at, settled_at
          FROM parked_messages
         WHERE correlation_id = $1 AND message_id IS NOT NULL
         ORDER BY parked_at
         LIMIT $2
        """,
        correlation_id,
        LONGEST,
    )
    return [ParkedTrace(**row) for row in rows]


async def list_handled_of(
    connection: Connection, queues: Sequence[str], correlation_id: UUID, message_ids: Sequence[UUID]
) -> list[HandledRow]:
    """The messages of a correlation that this service handled.

    The inbox has no index by correlation, since each message would pay for it. But what follows from a
    message has its time in its id; what began anew, as due work does, must be named in `message_ids`.
    """
    rows = await connection.fetch(
        """
        SELECT message_id, type, causation_id, queue, sender, handled_at, reply_type
          FROM inbox
         WHERE queue = ANY($1::text[]) AND correlation_id = $2
           AND (message_id = ANY($3::uuid[]) OR (message_id BETWEEN $4 AND $5))
         ORDER BY handled_at, message_id
         LIMIT $6
        """,
        list(queues),
        correlation_id,
        list(message_ids),
        *ids.same_millisecond(correlation_id),
        LONGEST,
    )
    return [HandledRow(**row) for row in rows]

"""Replaying: sending announced events again, with their own ids, to one reader's queue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.messaging.envelope import Outgoing
from shared.messaging.redrives import FIRST_TIER

ReplayOutcome = Literal["begun", "handled", "not_sent", "parked", "not_handled_in_time"]


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the broker has confirmed; without its body if that named an account that was erased."""

    message_id: UUID
    type: str
    body: bytes | None
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None
    emitted_at: datetime


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a replay, as it is kept in the reader's database."""

    id: UUID
    run_id: UUID
    operator: str
    noted_at: datetime
    owner: str
    type: str | None
    since: datetime
    until: datetime
    first_message_id: UUID
    last_message_id: UUID
    message_count: int
    outcome: ReplayOutcome


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Which announced messages are meant: of these types, emitted from `since` and before `until`."""

    types: Sequence[str]
    since: datetime
    until: datetime


async def list_announced(
    connection: Connection, span: Span, after: tuple[datetime, UUID], limit: int
) -> list[Announced]:
    """The next announced messages of a span, in the order in which they were emitted."""
    rows = await connection.fetch(
        """
        SELECT message_id, type, body, correlation_id, causation_id, traceparent, emitted_at
          FROM announced
         WHERE emitted_at >= $1 AND emitted_at < $2 AND type = ANY($3::text[])
           AND emitted_at >= $4 AND (emitted_at, message_id) > ($4, $5)
         ORDER BY emitted_at, message_id
         LIMIT $6
        """,
        span.since,
        span.until,
        list(span.types),
        *after,
        limit,
    )
    return [Announced(**row) for row in rows]


def outgoing_to(queue: str, owner: str, announced: Announced) -> Outgoing:
    """The event as its reader publishes it to itself through its first wait queue; it stays its owner's."""
    if announced.body is None:
        raise ValueError("what was erased can't be replayed")
    return Outgoing(
        message_id=announced.message_id,
        type=announced.type,
        exchange=f"{queue.partition('.')[0]}.wait",
        routing_key=f"{FIRST_TIER}.{queue}",
        body=announced.body,
        time=announced.emitted_at,
        correlation_id=announced.correlation_id,
        causation_id=announced.causation_id,
        traceparent=announced.traceparent,
        original_sender=owner,
    )


async def insert_replay(connection: Connection, replay: Replay) -> None:
    """Put a step on record."""
    await connection.execute(
        """
        INSERT INTO replays (id, run_id, operator, noted_at, owner, type, since, until, first_message_id,
                             last_message_id, message_count, outcome)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        replay.id,
        replay.run_id,
        replay.operator,
        replay.noted_at,
        replay.owner,
        replay.type,
        replay.since,
        replay.until,
        replay.first_message_id,
        replay.last_message_id,
        replay.message_count,
        replay.outcome,
    )

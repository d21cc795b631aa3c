"""The outbox: messages committed with the state they tell of, until the broker has confirmed them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.messaging.envelope import Outgoing

WOKEN_CHANNEL = "outbox"


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of one type that the broker refuses for one reason; the next is tried at `not_before`."""

    type: str
    last_problem: str
    waiting: int
    attempts: int
    not_before: datetime


async def insert_messages(connection: Connection, messages: Sequence[Outgoing]) -> None:
    """Put messages into the outbox, in the transaction that made them true."""
    rows = sorted(messages, key=lambda message: message.message_id)
    await connection.execute(
        """
        INSERT INTO outbox (message_id, type, exchange, routing_key, body, correlation_id, causation_id,
                            traceparent, emitted_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::uuid[],
                             $7::uuid[], $8::text[], $9::timestamptz[])
        """,
        [m.message_id for m in rows],
        [m.type for m in rows],
        [m.exchange for m in rows],
        [m.routing_key for m in rows],
        [m.body for m in rows],
        [m.correlation_id for m in rows],
        [m.causation_id for m in rows],
        [m.traceparent for m in rows],
        [m.time for m in rows],
    )


async def read_oldest(connection: Connection, limit: int) -> list[Outgoing]:
    """The oldest messages that may be published now, in id order, without locking their rows."""
    rows = await connection.fetch(
        """
        SELECT message_id, type, exchange, routing_key, body, emitted_at AS time, correlation_id,
               causation_id, traceparent
          FROM outbox
         WHERE not_before IS NULL OR not_before <= clock_timestamp()
         ORDER BY message_id
         LIMIT $1
        """,
        limit,
    )
    return [Outgoing(**row) for row in rows]


async def move_to_announced(connection: Connection, message_ids: Sequence[UUID], at: datetime) -> None:
    """Move what the broker confirmed; the outbox row goes in the same statement in which the other comes."""
    await connection.execute(
        """
        WITH confirmed AS (
            DELETE FROM outbox WHERE message_id = ANY($1::uuid[])
            RETURNING message_id, type, exchange, routing_key, body, correlation_id, causation_id,
                      traceparent, emitted_at
        )
        INSERT INTO announced (message_id, type, exchange, routing_key, body, correlation_id, causation_id,
                               traceparent, emitted_at, announced_at)
        SELECT message_id, type, exchange, routing_key, body, correlation_id, causation_id, traceparent,
               emitted_at, $2
          FROM confirmed
        ON CONFLICT DO NOTHING
        """,
        list(message_ids),
        at,
    )


async def postpone(connection: Connection, message_id: UUID, problem: str) -> None:
    """Pass a refused message over for a while, longer each time; it is never given up."""
    await connection.execute(
        """
        UPDATE outbox
           SET attempts = attempts + 1,
               last_problem = $2,
               not_before = clock_timestamp()
                            + least(interval '5 minutes', interval '1 second' * 2 ^ attempts)
         WHERE message_id = $1
        """,
        message_id,
        problem,
    )


async def count_and_age(connection: Connection) -> tuple[int, float]:
    """How many messages wait, and for how many seconds the oldest has."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS waiting,
               coalesce(extract(epoch FROM clock_timestamp() - min(stored_at)), 0)::float8 AS age
          FROM outbox
        """
    )
    return (0, 0.0) if row is None else (row["waiting"], row["age"])


async def list_refused(connection: Connection) -> list[Refused]:
    """Messages that the broker refused, those with the most attempts first, one row a type and problem."""
    rows = await connection.fetch(
        """
        SELECT type, last_problem, count(*) AS waiting, max(attempts) AS attempts,
               min(not_before) AS not_before
          FROM outbox
         WHERE attempts > 0
         GROUP BY type, last_problem
         ORDER BY max(attempts) DESC, type, last_problem
        """
    )
    return [Refused(**row) for row in rows]


async def list_emitted_by(connection: Connection, cause: UUID) -> list[str]:
    """The types of the unpublished messages that a message led to."""
    rows = await connection.fetch(
        "SELECT type FROM outbox WHERE causation_id = $1 ORDER BY stored_at, message_id", cause
    )
    return [row["type"] for row in rows]


async def ensure_partitions(connection: Connection, since: datetime, until: datetime) -> None:
    """Make the partitions of all partitioned tables for this time; those that exist stay."""
    await connection.execute("SELECT ensure_partitions($1, $2)", since, until)


async def notify_relay(connection: Connection) -> None:
    """Wake the relay's leader, wherever it runs; outside any transaction."""
    await connection.execute("SELECT pg_notify($1, '')", WOKEN_CHANNEL)

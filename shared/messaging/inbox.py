"""The inbox: the ids of messages already handled; it makes handling a message twice harmless."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.database import CheckViolationError, Connection
from shared.errors import BadEnvelopeError
from shared.messaging.envelope import Envelope


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a message that was handled before."""

    digest: bytes
    reply_type: str | None
    reply: bytes | None


class KeptReply(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome kept beside the message that led to it."""

    queue: str
    message_id: UUID
    type: str
    body: bytes


async def first_time(
    connection: Connection, queue: str, envelope: Envelope, digest: bytes, at: datetime
) -> bool:
    """Note the message as handled, in this transaction, and say whether it is the first time.

    A twin handled at the same time waits here until the other's transaction ends. Raises BadEnvelopeError
    for an id whose time is outside what the inbox keeps: it can't be told whether that was handled before.
    """
    return bool(await first_times(connection, [(queue, envelope, digest)], at))


async def first_times(
    connection: Connection, messages: Sequence[tuple[str, Envelope, bytes]], at: datetime
) -> set[tuple[str, UUID]]:
    """As `first_time`, for many messages (queue, envelope, digest): the queues and ids that are new.

    The rows are written in the order of their keys, so that two groups never wait for each other.
    """
    rows = sorted(messages, key=lambda row: (row[0], row[1].message_id))
    try:
        new = await connection.fetch(
            """
            INSERT INTO inbox (queue, message_id, type, sender, digest, correlation_id, causation_id,
                               handled_at)
            SELECT queue, message_id, type, sender, digest, correlation_id, causation_id, $8
              FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::uuid[], $7::uuid[])
                   AS m (queue, message_id, type, sender, digest, correlation_id, causation_id)
            ON CONFLICT DO NOTHING
            RETURNING queue, message_id
            """,
            [queue for queue, _, _ in rows],
            [envelope.message_id for _, envelope, _ in rows],
            [envelope.type for _, envelope, _ in rows],
            [envelope.sender for _, envelope, _ in rows],
            [digest for _, _, digest in rows],
            [envelope.correlation_id for _, envelope, _ in rows],
            [envelope.causation_id for _, envelope, _ in rows],
            at,
        )
    except CheckViolationError as error:
        raise BadEnvelopeError("the message id's time is outside what the inbox keeps") from error
    return {(row["queue"], row["message_id"]) for row in new}


async def keep_replies(connection: Connection, replies: Sequence[KeptReply]) -> None:
    """Keep outcomes for whoever asks the same again; their rows were written in this transaction."""
    await connection.executemany(
        "UPDATE inbox SET reply_type = $3, reply = $4 WHERE queue = $1 AND message_id = $2",
        [(reply.queue, reply.message_id, reply.type, reply.body) for reply in replies],
    )


async def get_handled(connection: Connection, queue: str, envelope: Envelope) -> Handled:
    """What is kept of a message that `first_time` refused."""
    row = await connection.fetchrow(
        "SELECT digest, reply_type, reply FROM inbox WHERE queue = $1 AND message_id = $2",
        queue,
        envelope.message_id,
    )
    if row is None:
        raise LookupError("the inbox row has gone")
    return Handled(**row)


async def list_handled(connection: Connection, queue: str, message_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these messages were handled on a queue."""
    rows = await connection.fetch(
        "SELECT message_id FROM inbox WHERE queue = $1 AND message_id = ANY($2::uuid[])",
        queue,
        list(message_ids),
    )
    return {row["message_id"] for row in rows}


async def find_handled_at(connection: Connection, queue: str, message_id: UUID | None) -> datetime | None:
    """When a message of this id was handled on a queue, if one was."""
    at: datetime | None = await connection.fetchval(
        "SELECT handled_at FROM inbox WHERE queue = $1 AND message_id = $2", queue, message_id
    )
    return at

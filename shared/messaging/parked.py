"""Parked messages: given up on, kept in a table with the reason, waiting for a person."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.database import Connection


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """A message given up on; `error` never holds data of the message."""

    id: UUID
    queue: str
    message_id: UUID | None
    type: str | None
    sender: str | None
    correlation_id: UUID | None
    headers: Mapping[str, Any]
    body: bytes
    reason: str
    error: str
    attempts: int
    parked_at: datetime


def parked_id(queue: str, reason: str, message: Sequence[object]) -> UUID:
    """The id of a parked message's row: the same when the same message is parked again for the same reason.

    `message` is all that tells it from others: an id alone may have been given twice.
    """
    return UUID(bytes=hashlib.sha256(repr((queue, reason, *message)).encode()).digest()[:16])


async def insert_parked(connection: Connection, parked: Parked) -> None:
    """Keep a message; the same one, parked again for the same reason, is kept once and is open again."""
    await connection.execute(
        """
        INSERT INTO parked_messages (id, queue, message_id, type, sender, correlation_id, headers, body,
                                     reason, error, attempts, parked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE
           SET settled_at = NULL, headers = excluded.headers, body = excluded.body, error = excluded.error,
               attempts = excluded.attempts, parked_at = excluded.parked_at
         WHERE parked_messages.settled_at IS NOT NULL
        """,
        parked.id,
        parked.queue,
        parked.message_id,
        parked.type,
        parked.sender,
        parked.correlation_id,
        msgspec.json.encode(parked.headers, enc_hook=str).decode(),
        parked.body,
        parked.reason,
        parked.error,
        parked.attempts,
        parked.parked_at,
    )


async def count_parked(connection: Connection) -> int:
    """How many messages wait for a person."""
    return int(await connection.fetchval("SELECT count(*) FROM parked_messages WHERE settled_at IS NULL"))

"""Parked messages: given up on, kept in a table with the reason, waiting for a person."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from shared.database import Connection

BODIES_KEPT = timedelta(days=90)
"""For how long the body of a settled message is kept."""


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
    first_parked_at: datetime | None = None
    """When it was parked before it was redriven; None if it never was."""


class ParkedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A parked message as it lies in the table.

    `parkings` counts how often it was parked, so that who settles it settles only what was seen; `body` is
    None once it was blanked.
    """

    id: UUID
    queue: str
    message_id: UUID | None
    type: str | None
    sender: str | None
    correlation_id: UUID | None
    account_id: UUID | None
    headers: Mapping[str, Any]
    body: bytes | None
    reason: str
    error: str
    attempts: int
    parkings: int
    parked_at: datetime
    first_parked_at: datetime
    settled_at: datetime | None
    erased_at: datetime | None = None
    """When body and headers went because they named an account that was erased."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which parked messages are meant; what is None doesn't matter. `id` is the row's or the message's."""

    id: UUID | None = None
    queue: str | None = None
    type: str | None = None
    reason: str | None = None
    account_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_settled: bool = False


class _OfAnAccount(msgspec.Struct, frozen=True):
    account_id: UUID | None = None


def parked_id(queue: str, reason: str, message: Sequence[object]) -> UUID:
    """The id of a parked message's row: the same when the same message is parked again for the same reason.

    `message` is all that tells it from others: an id alone may have been given twice.
    """
    return UUID(bytes=hashlib.sha256(repr((queue, reason, *message)).encode()).digest()[:16])


def account_in(body: bytes) -> UUID | None:
    """The account that a body names, if it can be read so far; the rest of it needn't be right."""
    try:
        return msgspec.json.decode(body, type=_OfAnAccount).account_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


async def insert_parked(connection: Connection, parked: Parked) -> bool:
    """Keep a message; the same one, parked again for the same reason, is kept once and is open again.

    One that names an erased account is kept without what it said, and settled. Answers whether it was parked
    for the first time.
    """
    is_first: bool = await connection.fetchval(
        """
        INSERT INTO parked_messages (id, queue, message_id, type, sender, correlation_id, headers, body,
                                     reason, error, attempts, parked_at, account_id, first_parked_at,
                                     erased_at, settled_at)
        SELECT $1, $2, $3, $4, $5, $6, CASE WHEN is_erased THEN '{}' ELSE $7 END,
               CASE WHEN is_erased THEN NULL ELSE $8::bytea END, $9, $10, $11, $12::timestamptz, $13,
               $14::timestamptz, CASE WHEN is_erased THEN $12 END, CASE WHEN is_erased THEN $12 END
          FROM (SELECT EXISTS (SELECT FROM erasures WHERE account_id = $13) AS is_erased) AS found
        ON CONFLICT (id) DO UPDATE
           SET settled_at = excluded.settled_at, headers = excluded.headers, body = excluded.body,
               error = excluded.error, attempts = excluded.attempts, parked_at = excluded.parked_at,
               account_id = excluded.account_id, parkings = parked_messages.parkings + 1,
               erased_at = excluded.erased_at
        RETURNING parkings = 1
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
        account_in(parked.body),
        parked.first_parked_at or parked.parked_at,
    )
    return is_first


async def count_parked(connection: Connection) -> int:
    """How many messages wait for a person."""
    return int(await connection.fetchval("SELECT count(*) FROM parked_messages WHERE settled_at IS NULL"))


async def list_parked(connection: Connection, selection: Selection, limit: int) -> list[ParkedRow]:
    """The selected messages without their bodies, those parked first before the others."""
    rows = await connection.fetch(
        """
        SELECT id, queue, message_id, type, sender, correlation_id, account_id, headers, reason, error,
               attempts, parkings, parked_at, coalesce(first_parked_at, parked_at) AS first_parked_at,
               settled_at, erased_at, NULL::bytea AS body
          FROM parked_messages
         WHERE ($1::uuid IS NULL OR id = $1 OR message_id = $1)
           AND ($2::text IS NULL OR queue = $2)
           AND ($3::text IS NULL OR type = $3)
           AND ($4::text IS NULL OR reason = $4)
           AND ($5::uuid IS NULL OR account_id = $5)
           AND ($6::timestamptz IS NULL OR parked_at >= $6)
           AND ($7::timestamptz IS NULL OR parked_at < $7)
           AND (settled_at IS NOT NULL) = $8
         ORDER BY parked_at, id
         LIMIT $9
        """,
        selection.id,
        selection.queue,
        selection.type,
        selection.reason,
        selection.account_id,
        selection.since,
        selection.until,
        selection.is_settled,
        limit,
    )
    return [_parked_row(dict(row)) for row in rows]


async def find_parked(connection: Connection, row_id: UUID) -> ParkedRow | None:
    """A parked message with its body, by the id of its row."""
    row = await connection.fetchrow(
        """
        SELECT id, queue, message_id, type, sender, correlation_id, account_id, headers, reason, error,
               attempts, parkings, parked_at, coalesce(first_parked_at, parked_at) AS first_parked_at,
               settled_at, erased_at, body
          FROM parked_messages
         WHERE id = $1
        """,
        row_id,
    )
    return None if row is None else _parked_row(dict(row))


async def settle_parked(connection: Connection, seen: ParkedRow, at: datetime) -> bool:
    """Note that a message is on its way again; false if it was parked anew, or settled, since it was seen."""
    status = await connection.execute(
        """
        UPDATE parked_messages
           SET settled_at = $3
         WHERE id = $1 AND parkings = $2 AND settled_at IS NULL
        """,
        seen.id,
        seen.parkings,
        at,
    )
    return status == "UPDATE 1"


async def blank_bodies(connection: Connection, settled_before: datetime, limit: int) -> int:
    """Blank the bodies of messages settled before an instant; answers how many there were."""
    status = await connection.execute(
        """
        UPDATE parked_messages
           SET body = NULL
         WHERE id IN (SELECT id FROM parked_messages
                       WHERE settled_at < $1 AND body IS NOT NULL ORDER BY id LIMIT $2)
        """,
        settled_before,
        limit,
    )
    return int(status.removeprefix("UPDATE "))


async def count_parkings(connection: Connection, queue: str, message_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How often each of these messages was parked on a queue, for whatever reason; it only grows."""
    rows = await connection.fetch(
        """
        SELECT message_id, sum(parkings)::integer AS parkings
          FROM parked_messages
         WHERE queue = $1 AND message_id = ANY($2::uuid[])
         GROUP BY message_id
        """,
        queue,
        list(message_ids),
    )
    return {row["message_id"]: row["parkings"] for row in rows}


def _parked_row(row: Mapping[str, Any]) -> ParkedRow:
    return ParkedRow(**{**row, "headers": msgspec.json.decode(row["headers"])})

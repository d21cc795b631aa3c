"""Erasing what messages say of an account: bodies that were announced, kept as replies, or parked.

A handler of `AccountErased` begins it, in the transaction that blanks the service's own rows; a job then
searches, a chunk in each transaction, and may be cut short anywhere. Ids stay, so that traces do.
"""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.messages.base import Message
from shared.messaging.bench import Bench
from shared.messaging.unit_of_work import UnitOfWork

CHUNK_ROWS = 1000
UNPUBLISHED_PAUSE_SECONDS = 15
_FIRST = UUID(int=0)
Key = tuple[str, UUID]


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """How far the search for an erased account has come; the next row follows queue and id."""

    account_id: UUID
    erased_at: datetime
    terms: list[str]
    kept_types: list[str]
    place: str
    after_queue: str
    after_id: UUID

    @property
    def needles(self) -> list[str]:
        """What a body that concerns the account holds, whatever the case of ASCII letters.

        As PostgreSQL writes bytes in its `escape` form, which it can do of any, in lower case.
        """
        return [escaped(term).lower() for term in (str(self.account_id), *self.terms)]


def escaped(text: str) -> str:
    """A text as `encode(..., 'escape')` has it: bytes beyond ASCII in octal, a backslash twice."""
    return "".join(
        f"\\{byte:03o}" if byte == 0 or byte > 127 else "\\\\" if byte == 92 else chr(byte)
        for byte in text.encode()
    )


def quoted(text: str) -> str:
    """A text as it stands in a JSON body, so that it is found whole and not within another."""
    return json.dumps(text, ensure_ascii=False)


def quoted_field(name: str, text: str) -> str:
    """A text as it stands in a JSON body in one field, where it might mean somebody else in another."""
    return f"{quoted(name)}:{quoted(text)}"


async def begin(
    work: UnitOfWork[Any],
    account_id: UUID,
    *,
    terms: Collection[str] = (),
    kept_types: Collection[type[Message]] = (),
) -> None:
    """Have bodies that name the account, or hold one of the terms, blanked; begun before, it changes nothing.

    No part of an export is made of the account any more.

    `kept_types`: whose parked bodies stay, since they are under hold or others' too.
    """
    await work.connection.execute(
        """
        INSERT INTO erasures (account_id, erased_at, terms, kept_types)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id) DO NOTHING
        """,
        account_id,
        work.now,
        sorted(terms),
        sorted(kind.message_name() for kind in kept_types),
    )
    await work.connection.execute("DELETE FROM asked_export_parts WHERE account_id = $1", account_id)


async def is_erased(connection: Connection, account_id: UUID) -> bool:
    """Was the account erased, so that what still comes of it must not be kept?"""
    return bool(
        await connection.fetchval("SELECT EXISTS (SELECT FROM erasures WHERE account_id = $1)", account_id)
    )


async def blank_next_messages(bench: Bench[Any]) -> bool:
    """Go one chunk on with one search; no if none is to be done now. A job of every service."""
    async with bench.transaction() as work:
        search = await _lock_next(work.connection)
        if search is None:
            return False
        match search.place:
            case "outbox":  # where each search begins; what is still in it holds up the last place only
                await _go_to(work.connection, search, "inbox")
            case "inbox":
                last = await _blank_replies(work.connection, search)
                await _go_on(search, work.connection, last, "parked_messages")
            case "parked_messages":
                last = await _blank_parked(work, search)
                await _go_on(search, work.connection, last, "announced")
            case _:
                if await _is_unpublished(work.connection, search):
                    await _postpone(work.connection, search)
                    return False
                last = await _blank_announced(work.connection, search)
                await _go_on(search, work.connection, last, "done")
    return True


async def _lock_next(connection: Connection) -> Search | None:
    row = await connection.fetchrow(
        """
        SELECT account_id, erased_at, terms, kept_types, place, after_queue, after_id
          FROM erasures
         WHERE place <> 'done' AND not_before <= clock_timestamp()
         ORDER BY not_before
         LIMIT 1
           FOR UPDATE SKIP LOCKED
        """
    )
    return None if row is None else Search(**row)


async def _is_unpublished(connection: Connection, search: Search) -> bool:
    """Is there a message from before that must reach its readers first?"""
    return bool(
        await connection.fetchval(
            """
            SELECT EXISTS (SELECT FROM outbox
                            WHERE emitted_at < $2
                              AND EXISTS (SELECT FROM unnest($1::text[]) AS n
                                           WHERE position(n IN lower(encode(body, 'escape'))) > 0))
            """,
            search.needles,
            search.erased_at,
        )
    )


async def _postpone(connection: Connection, search: Search) -> None:
    await connection.execute(
        """
        UPDATE erasures SET not_before = clock_timestamp() + make_interval(secs => $2) WHERE account_id = $1
        """,
        search.account_id,
        UNPUBLISHED_PAUSE_SECONDS,
    )


async def _blank_announced(connection: Connection, search: Search) -> Key | None:
    """What was announced before the erasure; the erasure itself can be replayed."""
    row = await connection.fetchrow(
        """
        WITH chunk AS MATERIALIZED (
               SELECT message_id, emitted_at,
                      emitted_at < $3
                      AND EXISTS (SELECT FROM unnest($4::text[]) AS n
                                   WHERE position(n IN lower(encode(body, 'escape'))) > 0)
                      AS is_concerned
                 FROM announced
                WHERE message_id > $1
                ORDER BY message_id
                LIMIT $2),
             blanked AS (
               UPDATE announced AS a SET body = NULL
                 FROM chunk
                WHERE chunk.is_concerned
                  AND a.message_id = chunk.message_id AND a.emitted_at = chunk.emitted_at)
        SELECT '' AS queue, message_id FROM chunk ORDER BY message_id DESC LIMIT 1
        """,
        search.after_id,
        CHUNK_ROWS,
        search.erased_at,
        search.needles,
    )
    return None if row is None else (row["queue"], row["message_id"])


async def _blank_replies(connection: Connection, search: Search) -> Key | None:
    """Replies kept for who asks the same again, which nobody can any more: ids are refused after a day."""
    row = await connection.fetchrow(
        """
        WITH chunk AS MATERIALIZED (
               SELECT queue, message_id,
                      EXISTS (SELECT FROM unnest($4::text[]) AS n
                               WHERE position(n IN lower(encode(reply, 'escape'))) > 0)
                      AS is_concerned
                 FROM inbox
                WHERE (queue, message_id) > ($1, $2)
                ORDER BY queue, message_id
                LIMIT $3),
             blanked AS (
               UPDATE inbox AS i SET reply = NULL
                 FROM chunk
                WHERE chunk.is_concerned AND i.queue = chunk.queue AND i.message_id = chunk.message_id)
        SELECT queue, message_id FROM chunk ORDER BY queue DESC, message_id DESC LIMIT 1
        """,
        search.after_queue,
        search.after_id,
        CHUNK_ROWS,
        search.needles,
    )
    return None if row is None else (row["queue"], row["message_id"])


async def _blank_parked(work: UnitOfWork[Any], search: Search) -> Key | None:
    """What was given up on; nobody can do anything with it afterwards, so it is settled."""
    row = await work.connection.fetchrow(
        """
        WITH chunk AS MATERIALIZED (
               SELECT id,
                      (account_id = $5) IS TRUE OR EXISTS (
                          SELECT FROM unnest($3::text[]) AS n
                           WHERE position(n IN lower(encode(body, 'escape'))) > 0
                              OR position(n IN lower(encode(convert_to(headers, 'UTF8'), 'escape'))) > 0)
                      AS is_concerned
                 FROM parked_messages
                WHERE id > $1
                ORDER BY id
                LIMIT $2),
             blanked AS (
               UPDATE parked_messages AS p
                  SET body = NULL, headers = '{}', erased_at = $6, settled_at = coalesce(p.settled_at, $6)
                 FROM chunk
                WHERE chunk.is_concerned AND p.id = chunk.id AND (p.type = ANY ($4::text[])) IS NOT TRUE)
        SELECT '' AS queue, id AS message_id FROM chunk ORDER BY id DESC LIMIT 1
        """,
        search.after_id,
        CHUNK_ROWS,
        search.needles,
        search.kept_types,
        search.account_id,
        work.now,
    )
    return None if row is None else (row["queue"], row["message_id"])


async def _go_on(search: Search, connection: Connection, last: Key | None, then: str) -> None:
    """After the last row of the chunk, or, where there was none, at the next place."""
    if last is None:
        await _go_to(connection, search, then)
        return
    await connection.execute(
        "UPDATE erasures SET after_queue = $2, after_id = $3 WHERE account_id = $1",
        search.account_id,
        *last,
    )


async def _go_to(connection: Connection, search: Search, place: str) -> None:
    await connection.execute(
        """
        UPDATE erasures
           SET place = $2, after_queue = '', after_id = $3,
               terms = CASE WHEN $2 = 'done' THEN '{}' ELSE terms END
         WHERE account_id = $1
        """,
        search.account_id,
        place,
        _FIRST,
    )

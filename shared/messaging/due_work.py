"""Due work: what is to be done at a time, once for each occasion."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.messages.base import Command

if TYPE_CHECKING:
    from shared.messaging.unit_of_work import UnitOfWork


class DueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A command whose time has come."""

    kind: str
    subject: str
    occasion: str
    body: bytes
    correlation_id: UUID
    causation_id: UUID


async def plan(
    work: "UnitOfWork[Any]", command: Command, *, subject: str, occasion: str, due_at: datetime
) -> None:
    """Send this command to the own service at a time; planning an occasion again moves it."""
    await work.connection.execute(
        """
        INSERT INTO due_work (kind, subject, occasion, due_at, body, correlation_id, causation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (kind, subject, occasion)
        DO UPDATE SET due_at = excluded.due_at, body = excluded.body
        """,
        command.message_name(),
        subject,
        occasion,
        due_at,
        msgspec.json.encode(command),
        work.cause.correlation_id,
        work.cause.message_id,
    )


async def cancel(work: "UnitOfWork[Any]", kind: type[Command], *, subject: str) -> None:
    """Forget what was planned of this kind for a subject."""
    await work.connection.execute(
        "DELETE FROM due_work WHERE kind = $1 AND subject = $2", kind.message_name(), subject
    )


async def take_due(connection: Connection, now: datetime, limit: int) -> list[DueRow]:
    """Take what is due out of the table, in the transaction that puts it into the outbox.

    As in every claim, the limited SELECT is MATERIALIZED: so it runs once. A subquery may be run once for
    each row it is joined with, and each time it passes over what it locked before and locks others.
    """
    rows = await connection.fetch(
        """
        WITH due AS MATERIALIZED (
               SELECT kind, subject, occasion
                 FROM due_work
                WHERE due_at <= $1
                ORDER BY due_at
                LIMIT $2
                  FOR UPDATE SKIP LOCKED)
        DELETE FROM due_work AS w
         USING due
         WHERE w.kind = due.kind AND w.subject = due.subject AND w.occasion = due.occasion
        RETURNING w.kind, w.subject, w.occasion, w.body, w.correlation_id, w.causation_id
        """,
        now,
        limit,
    )
    return [DueRow(**row) for row in rows]

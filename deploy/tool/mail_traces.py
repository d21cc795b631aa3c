"""What notify's table tells a trace of the mail that events led to: kinds, states, times, nobody's data."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.database import Connection


class MailTrace(msgspec.Struct, frozen=True, kw_only=True):
    """A mail for an event."""

    id: UUID
    event_id: UUID
    kind: str
    state: str
    attempts: int
    queued_at: datetime
    sent_at: datetime | None


async def list_mail_traces(connection: Connection, event_ids: Sequence[UUID]) -> list[MailTrace]:
    """The mail that these events led to, in the order in which it was queued."""
    rows = await connection.fetch(
        """
        SELECT id, event_id, kind, state, attempts, queued_at, sent_at
          FROM notifications
         WHERE event_id = ANY($1::uuid[])
         ORDER BY queued_at, id
        """,
        list(event_ids),
    )
    return [MailTrace(**row) for row in rows]

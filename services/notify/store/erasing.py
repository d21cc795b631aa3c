"""Blanking what is kept of an erased account: its contact, its mail, and what mail to others says of it."""

from datetime import datetime
from uuid import UUID

from shared.database import Connection


async def erase_contact(connection: Connection, account_id: UUID, at: datetime) -> None:
    """Blank a contact; its row stays, so that later events about the account wait for nothing."""
    await connection.execute(
        """
        INSERT INTO contacts (account_id, version, name, email, erased_at)
        VALUES ($1, 0, '', NULL, $2)
        ON CONFLICT (account_id) DO UPDATE SET name = '', email = NULL, erased_at = excluded.erased_at
        """,
        account_id,
        at,
    )


async def erase_notifications(connection: Connection, account_id: UUID) -> None:
    """Blank what was written to an account; what waits is not sent any more."""
    await connection.execute(
        """
        UPDATE notifications
           SET recipient_name = '', email = NULL, subject = '', details = '{}', sealed = NULL,
               reason = CASE WHEN state IN ('queued', 'sending') THEN 'account_erased' ELSE reason END,
               state = CASE WHEN state IN ('queued', 'sending') THEN 'suppressed' ELSE state END
         WHERE account_id = $1
        """,
        account_id,
    )


async def erase_mentions(connection: Connection, account_id: UUID, instead: str) -> None:
    """Blank what mail to others says of an account: its name, and what was remarked."""
    await connection.execute(
        """
        UPDATE notifications
           SET details = details || CASE WHEN details ? 'member_name'
                                         THEN jsonb_build_object('member_name', $2::text) ELSE '{}' END
                                 || CASE WHEN details ? 'remark' THEN '{"remark": ""}'::jsonb ELSE '{}' END
         WHERE concerned_ids @> ARRAY[$1::uuid]
        """,
        account_id,
        instead,
    )

"""SQL of getting back in: who has an address, and who was mailed when."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.database import Connection

MailKind = Literal["recovery", "user_name"]


async def list_ids_by_email(connection: Connection, email_key: str, limit: int) -> list[UUID]:
    """The accounts that have proved this address and were not given up, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT id
          FROM accounts
         WHERE email_key = $1 AND is_email_verified AND status <> 'deactivated'
         ORDER BY created_at, id
         LIMIT $2
        """,
        email_key,
        limit,
    )
    return [row["id"] for row in rows]


async def claim_mail(
    connection: Connection, account_id: UUID, kind: MailKind, *, now: datetime, not_since: datetime
) -> bool:
    """May a mail of this kind go out now, the last one being old enough? If so, note that it does."""
    status = await connection.execute(
        """
        INSERT INTO recovery_mails (account_id, kind, mailed_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (account_id, kind)
        DO UPDATE SET mailed_at = excluded.mailed_at WHERE recovery_mails.mailed_at <= $4
        """,
        account_id,
        kind,
        now,
        not_since,
    )
    return status == "INSERT 0 1"

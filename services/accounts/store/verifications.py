"""SQL of the one-time tokens that prove e-mail addresses."""

from datetime import datetime
from uuid import UUID

from services.accounts.model import Verification
from shared.database import Connection


async def insert_verification(connection: Connection, verification: Verification) -> None:
    """Keep the hash of a token that is being mailed."""
    await connection.execute(
        """
        INSERT INTO email_verifications (token_hash, account_id, email, created_at, expires_at, closed_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        verification.token_hash,
        verification.account_id,
        verification.email,
        verification.created_at,
        verification.expires_at,
        verification.closed_at,
    )


async def find_owner(connection: Connection, token_hash: bytes) -> UUID | None:
    """Whose address was this token to prove, whatever became of it?"""
    found: UUID | None = await connection.fetchval(
        "SELECT account_id FROM email_verifications WHERE token_hash = $1", token_hash
    )
    return found


async def find_open_verification(connection: Connection, account_id: UUID) -> Verification | None:
    """The token that an account may still use, were it not too old."""
    row = await connection.fetchrow(
        """
        SELECT token_hash, account_id, email, created_at, expires_at, closed_at
          FROM email_verifications
         WHERE account_id = $1 AND closed_at IS NULL
        """,
        account_id,
    )
    return None if row is None else Verification(**row)


async def close_verifications(connection: Connection, account_id: UUID, at: datetime) -> None:
    """No token of this account can be used any more."""
    await connection.execute(
        "UPDATE email_verifications SET closed_at = $2 WHERE account_id = $1 AND closed_at IS NULL",
        account_id,
        at,
    )

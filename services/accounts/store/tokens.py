"""SQL of the one-time tokens that are mailed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.accounts.model import OneTimeToken, Purpose
from shared.database import Connection


async def insert_token(connection: Connection, token: OneTimeToken) -> None:
    """Keep the hash of a token that is being mailed."""
    await connection.execute(
        """
        INSERT INTO one_time_tokens (token_hash, account_id, purpose, email, created_at, expires_at,
                                     closed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        token.token_hash,
        token.account_id,
        token.purpose,
        token.email,
        token.created_at,
        token.expires_at,
        token.closed_at,
    )


async def find_token_owner(connection: Connection, token_hash: bytes, purpose: Purpose) -> UUID | None:
    """Whose is a token of this purpose, whatever became of it? Hold that account before reading the token."""
    found: UUID | None = await connection.fetchval(
        "SELECT account_id FROM one_time_tokens WHERE token_hash = $1 AND purpose = $2", token_hash, purpose
    )
    return found


async def find_token(connection: Connection, token_hash: bytes) -> OneTimeToken | None:
    """A token as it is now; whoever acts on it holds the account's row, so that it is used once."""
    row = await connection.fetchrow(
        """
        SELECT token_hash, account_id, purpose, email, created_at, expires_at, closed_at
          FROM one_time_tokens
         WHERE token_hash = $1
        """,
        token_hash,
    )
    return None if row is None else OneTimeToken(**row)


async def find_open_token(connection: Connection, account_id: UUID, purpose: Purpose) -> OneTimeToken | None:
    """The latest token of a purpose that an account may still use, were it not too old."""
    row = await connection.fetchrow(
        """
        SELECT token_hash, account_id, purpose, email, created_at, expires_at, closed_at
          FROM one_time_tokens
         WHERE account_id = $1 AND purpose = $2 AND closed_at IS NULL
         ORDER BY created_at DESC, token_hash
         LIMIT 1
        """,
        account_id,
        purpose,
    )
    return None if row is None else OneTimeToken(**row)


async def close_tokens(
    connection: Connection, account_id: UUID, purposes: Collection[Purpose], at: datetime
) -> None:
    """No token of these purposes can be used any more."""
    await connection.execute(
        """
        UPDATE one_time_tokens SET closed_at = $3
         WHERE account_id = $1 AND purpose = ANY ($2::text[]) AND closed_at IS NULL
        """,
        account_id,
        sorted(purposes),
        at,
    )


async def close_undo_tokens(
    connection: Connection, account_id: UUID, *, since: datetime, at: datetime
) -> None:
    """No change of address made since then can be undone any more; one made before can."""
    await connection.execute(
        """
        UPDATE one_time_tokens SET closed_at = $3
         WHERE account_id = $1 AND purpose = 'email_undo' AND created_at >= $2 AND closed_at IS NULL
        """,
        account_id,
        since,
        at,
    )


async def close_all_tokens(connection: Connection, account_id: UUID, at: datetime) -> None:
    """No token of the account can be used any more."""
    await connection.execute(
        "UPDATE one_time_tokens SET closed_at = $2 WHERE account_id = $1 AND closed_at IS NULL",
        account_id,
        at,
    )

"""SQL of personal tokens."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.accounts.model import PersonalToken
from shared.database import Connection


async def insert_token(connection: Connection, token: PersonalToken) -> None:
    """Keep a token that is being shown."""
    await connection.execute(
        """
        INSERT INTO personal_tokens (id, token_hash, account_id, name, scopes, level, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        token.id,
        token.token_hash,
        token.account_id,
        token.name,
        list(token.scopes),
        token.level,
        token.created_at,
        token.expires_at,
    )


async def use_token(connection: Connection, token_hash: bytes, now: datetime) -> PersonalToken | None:
    """Note that a token is used, unless it has ended or expired."""
    row = await connection.fetchrow(
        """
        UPDATE personal_tokens
           SET last_used_at = greatest(last_used_at, $2)
         WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2
        RETURNING id, token_hash, account_id, name, scopes, level, created_at, expires_at, last_used_at
        """,
        token_hash,
        now,
    )
    return None if row is None else PersonalToken(**{**row, "scopes": tuple(row["scopes"])})


async def find_token(
    connection: Connection, token_hash: bytes, account_id: UUID, now: datetime
) -> PersonalToken | None:
    """A token of an account that works."""
    row = await connection.fetchrow(
        """
        SELECT id, token_hash, account_id, name, scopes, level, created_at, expires_at, last_used_at
          FROM personal_tokens
         WHERE token_hash = $1 AND account_id = $2 AND ended_at IS NULL AND expires_at > $3
        """,
        token_hash,
        account_id,
        now,
    )
    return None if row is None else PersonalToken(**{**row, "scopes": tuple(row["scopes"])})


async def list_tokens(connection: Connection, account_id: UUID, now: datetime) -> Sequence[PersonalToken]:
    """The tokens of an account that work, those made last first."""
    rows = await connection.fetch(
        """
        SELECT id, token_hash, account_id, name, scopes, level, created_at, expires_at, last_used_at
          FROM personal_tokens
         WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2
         ORDER BY created_at DESC, id DESC
        """,
        account_id,
        now,
    )
    return [PersonalToken(**{**row, "scopes": tuple(row["scopes"])}) for row in rows]


async def end_token(connection: Connection, account_id: UUID, token_id: UUID, at: datetime) -> bool:
    """End a token of an account that works; False where there is none such."""
    status = await connection.execute(
        """
        UPDATE personal_tokens SET ended_at = $3, ended_by = 'holder'
         WHERE id = $2 AND account_id = $1 AND ended_at IS NULL AND expires_at > $3
        """,
        account_id,
        token_id,
        at,
    )
    return status == "UPDATE 1"

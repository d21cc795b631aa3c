"""SQL of what programs that sign in are asked for: which firm pays, and whether a client code is needed."""

from datetime import datetime
from uuid import UUID

from shared.database import Connection


async def begin_membership(
    connection: Connection, membership_id: UUID, account_id: UUID, paa_id: UUID, joined_at: datetime
) -> None:
    """A firm pays for an account; where the end was heard of before, it stays ended."""
    await connection.execute(
        """
        INSERT INTO memberships (membership_id, account_id, paa_id, joined_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (membership_id) DO UPDATE SET joined_at = excluded.joined_at
        """,
        membership_id,
        account_id,
        paa_id,
        joined_at,
    )


async def end_membership(
    connection: Connection, membership_id: UUID, account_id: UUID, paa_id: UUID, left_at: datetime
) -> None:
    """A firm pays no longer, whether its beginning was heard of or not."""
    await connection.execute(
        """
        INSERT INTO memberships (membership_id, account_id, paa_id, left_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (membership_id) DO UPDATE SET left_at = excluded.left_at
        """,
        membership_id,
        account_id,
        paa_id,
        left_at,
    )


async def save_rule(connection: Connection, payer_id: UUID, version: int, *, is_required: bool) -> None:
    """Keep whether a payer asks for client codes, unless something newer is known."""
    await connection.execute(
        """
        INSERT INTO client_code_rules (payer_id, version, is_required)
        VALUES ($1, $2, $3)
        ON CONFLICT (payer_id) DO UPDATE
           SET version = excluded.version, is_required = excluded.is_required
         WHERE client_code_rules.version < excluded.version
        """,
        payer_id,
        version,
        is_required,
    )


async def is_client_code_required(connection: Connection, account_id: UUID) -> bool:
    """Does whoever pays for this account ask for a client code: the firm joined last, else the person?"""
    return bool(
        await connection.fetchval(
            """
            SELECT is_required
              FROM client_code_rules
             WHERE payer_id = coalesce(
                       (SELECT paa_id
                          FROM memberships
                         WHERE account_id = $1 AND left_at IS NULL
                         ORDER BY joined_at DESC
                         LIMIT 1),
                       $1)
            """,
            account_id,
        )
    )

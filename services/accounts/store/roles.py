"""SQL of roles: who may do what beyond their own affairs, from when to when."""

from datetime import datetime
from uuid import UUID

from services.accounts.model import RoleGrant
from shared.assertion import Role
from shared.database import Connection


async def list_roles(connection: Connection, account_id: UUID, now: datetime) -> tuple[RoleGrant, ...]:
    """The grants of an account whose time isn't over and that nobody has ended."""
    rows = await connection.fetch(
        """
        SELECT id, account_id, role, court_id, granted_by, granted_at, ends_at
          FROM role_grants
         WHERE account_id = $1 AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $2)
         ORDER BY role, court_id NULLS FIRST
        """,
        account_id,
        now,
    )
    return tuple(RoleGrant(**row) for row in rows)


async def list_grants(
    connection: Connection, role: str | None, after: UUID | None, limit: int, now: datetime
) -> tuple[RoleGrant, ...]:
    """The grants of all accounts, or those of one role, after one of them; by id."""
    rows = await connection.fetch(
        """
        SELECT id, account_id, role, court_id, granted_by, granted_at, ends_at
          FROM role_grants
         WHERE ended_at IS NULL AND (ends_at IS NULL OR ends_at > $4)
           AND ($1::text IS NULL OR role = $1) AND ($2::uuid IS NULL OR id > $2)
         ORDER BY id
         LIMIT $3
        """,
        role,
        after,
        limit,
        now,
    )
    return tuple(RoleGrant(**row) for row in rows)


async def insert_role_grant(connection: Connection, grant: RoleGrant) -> bool:
    """Grant a role; False where it is held already, or where the one first grant was made before."""
    status = await connection.execute(
        """
        INSERT INTO role_grants (id, account_id, role, court_id, granted_by, granted_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING
        """,
        grant.id,
        grant.account_id,
        grant.role,
        grant.court_id,
        grant.granted_by,
        grant.granted_at,
        grant.ends_at,
    )
    return status == "INSERT 0 1"


async def close_past_grants(connection: Connection, account_id: UUID, now: datetime) -> None:
    """Note of an account's grants whose time is over that they have ended, so that they can be given anew."""
    await connection.execute(
        """
        UPDATE role_grants SET ended_at = ends_at
         WHERE account_id = $1 AND ended_at IS NULL AND ends_at <= $2
        """,
        account_id,
        now,
    )


async def end_role(connection: Connection, account_id: UUID, role: Role, at: datetime) -> bool:
    """End a role that is in force; False where it isn't held."""
    status = await connection.execute(
        """
        UPDATE role_grants SET ended_at = $4
         WHERE account_id = $1 AND role = $2 AND court_id IS NOT DISTINCT FROM $3
           AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $4)
        """,
        account_id,
        role.role,
        role.court_id,
        at,
    )
    return status == "UPDATE 1"


async def is_another_psc_without_end(connection: Connection, account_id: UUID) -> bool:
    """Would somebody else who can sign in with both factors still be PSC, without an end?"""
    return bool(
        await connection.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM role_grants g
                  JOIN accounts a ON a.id = g.account_id
                 WHERE g.role = 'psc' AND g.account_id <> $1 AND g.ended_at IS NULL AND g.ends_at IS NULL
                   AND a.status = 'active' AND a.has_second_factor)
            """,
            account_id,
        )
    )

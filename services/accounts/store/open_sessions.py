"""SQL of the sessions that can be used now: listed, ended by their holder, and forgotten once they can't."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.accounts.model import InForce, Session
from shared.database import Connection


async def list_sessions(
    connection: Connection, account_id: UUID, in_force: InForce, limit: int
) -> Sequence[Session]:
    """The sessions of an account, those used last first."""
    rows = await connection.fetch(
        """
        SELECT token_hash, account_id, level, proved_at, opened_at, last_used_at, is_restricted, network
          FROM sessions
         WHERE account_id = $1 AND ended_at IS NULL AND last_used_at > $2 AND opened_at > $3
         ORDER BY last_used_at DESC, opened_at DESC, token_hash
         LIMIT $4
        """,
        account_id,
        in_force.used_after,
        in_force.opened_after,
        limit,
    )
    return [Session(**row) for row in rows]


async def end_one(
    connection: Connection, account_id: UUID, token_hash: bytes, in_force: InForce, at: datetime
) -> int:
    """End one session of an account; answers how many that were."""
    count: int = await connection.fetchval(
        """
        WITH ended AS (
            UPDATE sessions SET ended_at = $5, ended_by = 'holder'
             WHERE token_hash = $2 AND account_id = $1
               AND ended_at IS NULL AND last_used_at > $3 AND opened_at > $4
            RETURNING token_hash
        )
        SELECT count(*) FROM ended
        """,
        account_id,
        token_hash,
        in_force.used_after,
        in_force.opened_after,
        at,
    )
    return count


async def end_others(
    connection: Connection, account_id: UUID, kept: bytes, in_force: InForce, at: datetime
) -> int:
    """End all sessions of an account but one; answers how many that were."""
    count: int = await connection.fetchval(
        """
        WITH ended AS (
            UPDATE sessions SET ended_at = $5, ended_by = 'holder'
             WHERE account_id = $1 AND token_hash <> $2
               AND ended_at IS NULL AND last_used_at > $3 AND opened_at > $4
            RETURNING token_hash
        )
        SELECT count(*) FROM ended
        """,
        account_id,
        kept,
        in_force.used_after,
        in_force.opened_after,
        at,
    )
    return count


async def delete_old_sessions(connection: Connection, opened_before: datetime, limit: int) -> int:
    """Forget sessions that were opened before then, at most so many; answers how many."""
    count: int = await connection.fetchval(
        """
        WITH old AS MATERIALIZED (
            SELECT token_hash FROM sessions
             WHERE opened_at < $1
             ORDER BY opened_at
             LIMIT $2
               FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM sessions AS s USING old WHERE s.token_hash = old.token_hash RETURNING s.token_hash
        )
        SELECT count(*) FROM gone
        """,
        opened_before,
        limit,
    )
    return count

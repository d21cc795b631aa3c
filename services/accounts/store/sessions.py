"""SQL of sessions and known networks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.accounts.model import Counted, HistoryEnd, Session
from shared.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What was found where a session began: its network new among known ones, and the end of the history."""

    is_from_new_place: bool
    history_end: HistoryEnd | None


async def insert_session(connection: Connection, session: Session, counted: Counted) -> Begun:
    """Keep a session that was opened, and its network, and take back what its sign-in counted there.

    The account's row is held, so that of two sessions opened at once one knows the other's network, and
    nothing is added to the history meanwhile.
    """
    (row,) = await connection.fetch(
        """
        WITH opened AS (
            INSERT INTO sessions (token_hash, account_id, level, proved_at, opened_at, last_used_at,
                                  is_restricted, network, client_code, serves_search)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            RETURNING account_id, network, opened_at
        ), new AS (
            INSERT INTO known_networks (account_id, network, first_seen_at)
            SELECT account_id, network, opened_at FROM opened WHERE network <> ''
            ON CONFLICT DO NOTHING
            RETURNING account_id
        ), taken_back AS (
            UPDATE throttles SET attempt_count = attempt_count - 1
             WHERE scope = $11 AND subject = $12 AND window_started_at = $13 AND attempt_count > 0
        )
        SELECT EXISTS (SELECT FROM new)
               AND EXISTS (SELECT FROM known_networks WHERE account_id = $2) AS is_from_new_place,
               last.sequence, last.entry_hash
          FROM opened
          LEFT JOIN LATERAL (SELECT sequence, entry_hash
                               FROM history
                              WHERE history.account_id = opened.account_id
                              ORDER BY sequence DESC
                              LIMIT 1) AS last ON true
        """,
        session.token_hash,
        session.account_id,
        session.level,
        session.proved_at,
        session.opened_at,
        session.last_used_at,
        session.is_restricted,
        session.network,
        session.client_code,
        session.serves_search,
        counted.throttle.scope,
        counted.throttle.subject,
        counted.window_started_at,
    )
    has_history = row["sequence"] is not None
    return Begun(
        is_from_new_place=row["is_from_new_place"],
        history_end=HistoryEnd(sequence=row["sequence"], entry_hash=row["entry_hash"])
        if has_history
        else None,
    )


async def lock_open_session(connection: Connection, token_hash: bytes, account_id: UUID) -> Session | None:
    """Read a session of an account that has not been ended, and hold it; it may be too old."""
    row = await connection.fetchrow(
        """
        SELECT token_hash, account_id, level, proved_at, opened_at, last_used_at, is_restricted, network,
               client_code, serves_search
          FROM sessions
         WHERE token_hash = $1 AND account_id = $2 AND ended_at IS NULL
           FOR UPDATE
        """,
        token_hash,
        account_id,
    )
    return None if row is None else Session(**row)


async def is_restricted(connection: Connection, token_hash: bytes) -> bool | None:
    """Does the session serve only to put something right? None for one that has been ended, or never was."""
    found: bool | None = await connection.fetchval(
        "SELECT is_restricted FROM sessions WHERE token_hash = $1 AND ended_at IS NULL", token_hash
    )
    return found


async def update_session(connection: Connection, session: Session) -> None:
    """Write how well, and when, its holder proved who they are."""
    await connection.execute(
        "UPDATE sessions SET level = $2, proved_at = $3, is_restricted = $4 WHERE token_hash = $1",
        session.token_hash,
        session.level,
        session.proved_at,
        session.is_restricted,
    )


async def find_holder(connection: Connection, token_hash: bytes) -> UUID | None:
    """Whose session is it, unless it has been ended?"""
    found: UUID | None = await connection.fetchval(
        "SELECT account_id FROM sessions WHERE token_hash = $1 AND ended_at IS NULL", token_hash
    )
    return found


async def end_session(connection: Connection, token_hash: bytes, *, at: datetime, ended_by: str) -> bool:
    """End a session; False where it had ended before."""
    status = await connection.execute(
        """
        UPDATE sessions SET ended_at = $2, ended_by = $3 WHERE token_hash = $1 AND ended_at IS NULL
        """,
        token_hash,
        at,
        ended_by,
    )
    return status == "UPDATE 1"


async def end_all_sessions(connection: Connection, account_id: UUID, *, at: datetime, ended_by: str) -> None:
    """End every session of an account, and every personal token."""
    await connection.execute(
        """
        WITH programs AS (
            UPDATE personal_tokens SET ended_at = $2, ended_by = $3
             WHERE account_id = $1 AND ended_at IS NULL
        )
        UPDATE sessions SET ended_at = $2, ended_by = $3 WHERE account_id = $1 AND ended_at IS NULL
        """,
        account_id,
        at,
        ended_by,
    )


async def end_restricted_sessions(
    connection: Connection, account_id: UUID, *, at: datetime, ended_by: str
) -> None:
    """End those sessions of an account that serve only to put something right."""
    await connection.execute(
        """
        UPDATE sessions SET ended_at = $2, ended_by = $3
         WHERE account_id = $1 AND is_restricted AND ended_at IS NULL
        """,
        account_id,
        at,
        ended_by,
    )


async def end_other_sessions(
    connection: Connection, account_id: UUID, kept: bytes, *, at: datetime, ended_by: str
) -> None:
    """End every session of an account but the one whose token has this hash, and every personal token.

    Whoever has got hold of the account may have made such a token, as well as opened a session.
    """
    await connection.execute(
        """
        WITH programs AS (
            UPDATE personal_tokens SET ended_at = $3, ended_by = $4
             WHERE account_id = $1 AND ended_at IS NULL
        )
        UPDATE sessions SET ended_at = $3, ended_by = $4
         WHERE account_id = $1 AND token_hash <> $2 AND ended_at IS NULL
        """,
        account_id,
        kept,
        at,
        ended_by,
    )

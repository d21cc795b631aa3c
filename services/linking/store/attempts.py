"""Attempts to link in the database."""

from datetime import datetime
from uuid import UUID

from services.linking.model.cases import Attempt
from services.linking.store.people import person_seen
from shared.database import Connection
from shared.messages.linking.staff import PersonSeen

MOST_KEPT_OF_AN_ACCOUNT = 100


async def note_attempt(connection: Connection, attempt: Attempt, at: datetime) -> None:
    """Count an attempt with its outcome; of one account no more than so many different ones are kept."""
    await connection.execute(
        """
        INSERT INTO link_attempts (court_id, login_digest, account_id, outcome, attempt_count, last_at)
        SELECT $1, $2, $3, $4, 1, $5
         WHERE (SELECT count(*) FROM link_attempts
                 WHERE account_id = $3 AND (court_id, login_digest, outcome) <> ($1, $2, $4)) < $6
        ON CONFLICT (court_id, login_digest, account_id, outcome) DO UPDATE
           SET attempt_count = least(link_attempts.attempt_count, 1000000) + 1, last_at = excluded.last_at
        """,
        attempt.court_id,
        attempt.login_digest,
        attempt.account_id,
        attempt.outcome,
        at,
        MOST_KEPT_OF_AN_ACCOUNT,
    )


async def list_attempts(
    connection: Connection, court_id: str, login_digest: bytes, limit: int
) -> list[tuple[PersonSeen, str, int, datetime]]:
    """Who tried a login, how it ended, how often and when last, the newest first."""
    rows = await connection.fetch(
        """
        SELECT link_attempts.account_id, accounts.account_number, accounts.first_name, accounts.last_name,
               link_attempts.outcome, link_attempts.attempt_count, link_attempts.last_at
          FROM link_attempts
          LEFT JOIN accounts ON accounts.account_id = link_attempts.account_id
         WHERE link_attempts.court_id = $1 AND link_attempts.login_digest = $2
         ORDER BY link_attempts.last_at DESC, link_attempts.outcome, link_attempts.account_id
         LIMIT $3
        """,
        court_id,
        login_digest,
        limit,
    )
    return [(person_seen(row), row["outcome"], row["attempt_count"], row["last_at"]) for row in rows]


async def read_login(
    connection: Connection, court_id: str, login: str, now: datetime
) -> tuple[UUID | None, bool, bool]:
    """The filing account of a login, is it linked, and has it a linking code that works."""
    row = await connection.fetchrow(
        """
        SELECT id,
               EXISTS (SELECT FROM links
                        WHERE links.filing_account_id = filing_accounts.id AND unlinked_at IS NULL)
               AS is_linked,
               EXISTS (SELECT FROM linking_codes
                        WHERE linking_codes.filing_account_id = filing_accounts.id
                          AND used_at IS NULL AND died_at IS NULL AND expires_at > $3)
               AS has_open_code
          FROM filing_accounts
         WHERE court_id = $1 AND login = $2 AND gone_at IS NULL
        """,
        court_id,
        login,
        now,
    )
    return (None, False, False) if row is None else (row["id"], row["is_linked"], row["has_open_code"])


async def delete_attempts_of_account(connection: Connection, account_id: UUID) -> None:
    """Forget what an account ever tried."""
    await connection.execute("DELETE FROM link_attempts WHERE account_id = $1", account_id)


async def delete_old_attempts(connection: Connection, last_before: datetime, limit: int) -> int:
    """Forget attempts of which the last was before then, at most so many; answers how many."""
    count: int = await connection.fetchval(
        """
        WITH old AS MATERIALIZED (
            SELECT court_id, login_digest, account_id, outcome FROM link_attempts
             WHERE last_at < $1 ORDER BY last_at LIMIT $2
               FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM link_attempts AS a
             USING old
             WHERE a.court_id = old.court_id AND a.login_digest = old.login_digest
               AND a.account_id = old.account_id AND a.outcome = old.outcome
            RETURNING a.court_id
        )
        SELECT count(*) FROM gone
        """,
        last_before,
        limit,
    )
    return count

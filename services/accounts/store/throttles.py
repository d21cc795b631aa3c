"""SQL of the counts that throttle sign-ins."""

from datetime import datetime

from services.accounts.model import Counted, Throttle
from shared.database import Connection


async def commit_without_waiting(connection: Connection) -> None:
    """Have this transaction's commit seen by all at once, without waiting for the disk.

    A count that everybody shares would else be held for as long as a write takes, by one sign-in after the
    other. Only a crash of the database loses anything by it, the counts of attempts that were not settled:
    what settles one waits for the disk, and for all that was written before it.
    """
    await connection.execute("SET LOCAL synchronous_commit = off")


async def count_attempt(connection: Connection, throttle: Throttle, now: datetime) -> Counted:
    """Count one attempt, in the present window or in a new one; those made at once are counted one by one."""
    (row,) = await connection.fetch(
        """
        INSERT INTO throttles (scope, subject, window_started_at, attempt_count)
        VALUES ($1, $2, $3, 1)
        ON CONFLICT (scope, subject) DO UPDATE
           SET attempt_count = CASE WHEN throttles.window_started_at <= $4 THEN 1
                                    ELSE throttles.attempt_count + 1 END,
               window_started_at = CASE WHEN throttles.window_started_at <= $4
                                        THEN excluded.window_started_at
                                        ELSE throttles.window_started_at END
        RETURNING window_started_at, attempt_count
        """,
        throttle.scope,
        throttle.subject,
        now,
        now - throttle.window,
    )
    return Counted(throttle=throttle, **row)


async def take_back(connection: Connection, counted: Counted) -> None:
    """Take a counted attempt back, unless its window is over."""
    await connection.execute(
        """
        UPDATE throttles SET attempt_count = attempt_count - 1
         WHERE scope = $1 AND subject = $2 AND window_started_at = $3 AND attempt_count > 0
        """,
        counted.throttle.scope,
        counted.throttle.subject,
        counted.window_started_at,
    )


async def delete_old_throttles(connection: Connection, started_before: datetime, limit: int) -> int:
    """Forget counts whose window is over, at most so many; answers how many."""
    count: int = await connection.fetchval(
        """
        WITH old AS MATERIALIZED (
            SELECT scope, subject FROM throttles
             WHERE window_started_at <= $1
             ORDER BY window_started_at
             LIMIT $2
               FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM throttles AS t
             USING old
             WHERE t.scope = old.scope AND t.subject = old.subject
            RETURNING t.scope
        )
        SELECT count(*) FROM gone
        """,
        started_before,
        limit,
    )
    return count

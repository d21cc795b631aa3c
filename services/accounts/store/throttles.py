"""SQL of the counts that throttle sign-ins, and guesses of courts' credentials."""

from datetime import datetime

from services.accounts.model import Counted, Throttle
from shared.database import Connection


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


async def find_full(connection: Connection, throttle: Throttle, now: datetime) -> Counted | None:
    """The present window's count, if it has reached the limit."""
    row = await connection.fetchrow(
        """
        SELECT window_started_at, attempt_count
          FROM throttles
         WHERE scope = $1 AND subject = $2 AND window_started_at > $3 AND attempt_count >= $4
        """,
        throttle.scope,
        throttle.subject,
        now - throttle.window,
        throttle.limit,
    )
    return None if row is None else Counted(throttle=throttle, **row)


async def count_failure(connection: Connection, throttle: Throttle, now: datetime) -> None:
    """Count one that failed, in the present window or in a new one."""
    await connection.execute(
        """
        INSERT INTO throttles AS t (scope, subject, window_started_at, attempt_count)
        VALUES ($1, $2, $4, 1)
        ON CONFLICT (scope, subject) DO UPDATE
           SET attempt_count = CASE WHEN t.window_started_at <= $3 THEN 1 ELSE t.attempt_count + 1 END,
               window_started_at = CASE WHEN t.window_started_at <= $3 THEN $4
                                        ELSE t.window_started_at END
        """,
        throttle.scope,
        throttle.subject,
        now - throttle.window,
        now,
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

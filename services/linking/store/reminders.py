"""Rounds through the rosters of courts in the database: who is told of a go-live."""

from datetime import datetime

from services.linking.model import ReminderRound, RosterMember
from shared.database import Connection


async def insert_round(connection: Connection, new: ReminderRound, at: datetime) -> None:
    """Begin a round; one for the same court, go-live and occasion is gone through once."""
    await connection.execute(
        """
        INSERT INTO reminder_rounds (id, court_id, go_live_at, days_from_go_live, cause_id, correlation_id,
                                     begun_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (court_id, go_live_at, days_from_go_live) DO NOTHING
        """,
        new.id,
        new.court_id,
        new.go_live_at,
        new.days_from_go_live,
        new.cause_id,
        new.correlation_id,
        at,
    )


async def find_open_round(connection: Connection) -> ReminderRound | None:
    """The oldest round that isn't finished; it must be held before anybody is told.

    Those of a date that was moved rest: they go on if it is moved back.
    """
    row = await connection.fetchrow(
        """
        SELECT r.id, r.court_id, r.go_live_at, r.days_from_go_live, r.cause_id, r.correlation_id,
               r.after_login
          FROM reminder_rounds AS r
          JOIN courts ON courts.id = r.court_id AND courts.go_live_at = r.go_live_at
         WHERE r.finished_at IS NULL
         ORDER BY r.begun_at, r.id
         LIMIT 1
        """
    )
    return None if row is None else ReminderRound(**row)


async def lock_round(connection: Connection, found: ReminderRound) -> bool:
    """Hold a round, if it is still where it was found and nobody else holds it."""
    row = await connection.fetchrow(
        """
        SELECT id FROM reminder_rounds
         WHERE id = $1 AND after_login = $2 AND finished_at IS NULL
           FOR UPDATE SKIP LOCKED
        """,
        found.id,
        found.after_login,
    )
    return row is not None


async def list_roster(
    connection: Connection, court_id: str, after_login: str, limit: int
) -> list[RosterMember]:
    """The filing accounts of a court that follow a login, linked or not, but for those that are gone.

    Nor those without an address, which were made on request: nobody can be written to.
    """
    rows = await connection.fetch(
        """
        SELECT f.id, f.login, f.name, f.email, f.role, links.id IS NOT NULL AS is_linked
          FROM filing_accounts AS f
          LEFT JOIN links ON links.filing_account_id = f.id AND links.unlinked_at IS NULL
         WHERE f.court_id = $1 AND f.login > $2 AND f.gone_at IS NULL AND f.email IS NOT NULL
         ORDER BY f.login
         LIMIT $3
        """,
        court_id,
        after_login,
        limit,
    )
    return [RosterMember(**row) for row in rows]


async def move_round(connection: Connection, done: ReminderRound, after_login: str, told_count: int) -> None:
    """The round has come as far as this login."""
    await connection.execute(
        "UPDATE reminder_rounds SET after_login = $2, told_count = told_count + $3 WHERE id = $1",
        done.id,
        after_login,
        told_count,
    )


async def finish_round(connection: Connection, done: ReminderRound, at: datetime) -> None:
    """The round is at its end."""
    await connection.execute("UPDATE reminder_rounds SET finished_at = $2 WHERE id = $1", done.id, at)

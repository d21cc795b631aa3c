"""Assistance sessions and bookings in the database. Lock the account first, then its session."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.linking.model import AssistanceSession, Booking
from shared.database import Connection
from shared.messages.linking.assistance import AssistanceSessionBooked, AssistanceSessionShown

EndedBy = Literal["holder", "court", "erasure"]
MOST_LISTED = 100


async def insert_session(connection: Connection, session: AssistanceSession) -> None:
    """Keep a new session."""
    await connection.execute(
        """
        INSERT INTO assistance_sessions (id, court_id, starts_at, place, capacity)
        VALUES ($1, $2, $3, $4, $5)
        """,
        session.id,
        session.court_id,
        session.starts_at,
        session.place,
        session.capacity,
    )


async def lock_session(connection: Connection, session_id: UUID) -> AssistanceSession | None:
    """A session, held, so that its places are given one after the other."""
    row = await connection.fetchrow(
        """
        SELECT s.id, s.court_id, courts.time_zone, s.starts_at, s.place, s.capacity, s.booked_count,
               s.cancelled_at
          FROM assistance_sessions AS s
          JOIN courts ON courts.id = s.court_id
         WHERE s.id = $1
           FOR UPDATE OF s
        """,
        session_id,
    )
    return None if row is None else AssistanceSession(**row)


async def update_session(connection: Connection, session: AssistanceSession) -> None:
    """Write a session as it is now."""
    await connection.execute(
        """
        UPDATE assistance_sessions
           SET starts_at = $2, place = $3, capacity = $4, booked_count = $5, cancelled_at = $6
         WHERE id = $1
        """,
        session.id,
        session.starts_at,
        session.place,
        session.capacity,
        session.booked_count,
        session.cancelled_at,
    )


async def list_coming_sessions(
    connection: Connection, court_id: str, account_id: UUID, now: datetime
) -> tuple[AssistanceSessionShown, ...]:
    """A court's next sessions, and whether the account has a place there."""
    rows = await connection.fetch(
        """
        SELECT s.id AS assistance_session_id, s.starts_at, s.place, s.capacity,
               s.capacity - s.booked_count AS places_left, bookings.id AS booking_id
          FROM assistance_sessions AS s
          LEFT JOIN bookings ON bookings.assistance_session_id = s.id AND bookings.account_id = $2
                            AND bookings.ended_at IS NULL
         WHERE s.court_id = $1 AND s.cancelled_at IS NULL AND s.starts_at > $3
         ORDER BY s.starts_at, s.id
         LIMIT $4
        """,
        court_id,
        account_id,
        now,
        MOST_LISTED,
    )
    return tuple(AssistanceSessionShown(**row) for row in rows)


async def list_booked_ids(connection: Connection, session_id: UUID) -> list[UUID]:
    """Who has a place, by account."""
    rows = await connection.fetch(
        """
        SELECT account_id FROM bookings
         WHERE assistance_session_id = $1 AND ended_at IS NULL
         ORDER BY account_id
        """,
        session_id,
    )
    return [row["account_id"] for row in rows]


async def list_open_bookings(connection: Connection, account_id: UUID) -> list[Booking]:
    """The account's bookings that nobody has ended."""
    rows = await connection.fetch(
        """
        SELECT b.id, b.account_id, b.assistance_session_id, b.court_id, s.starts_at, b.ended_at
          FROM bookings AS b
          JOIN assistance_sessions AS s ON s.id = b.assistance_session_id
         WHERE b.account_id = $1 AND b.ended_at IS NULL
         ORDER BY b.id
        """,
        account_id,
    )
    return [Booking(**row) for row in rows]


async def find_booking(connection: Connection, booking_id: UUID) -> Booking | None:
    """A booking; one that must not change is read again once its session is held."""
    row = await connection.fetchrow(
        """
        SELECT b.id, b.account_id, b.assistance_session_id, b.court_id, s.starts_at, b.ended_at
          FROM bookings AS b
          JOIN assistance_sessions AS s ON s.id = b.assistance_session_id
         WHERE b.id = $1
        """,
        booking_id,
    )
    return None if row is None else Booking(**row)


async def end_past_bookings(connection: Connection, account_id: UUID, court_id: str, now: datetime) -> None:
    """End the account's bookings at a court whose session has begun."""
    await connection.execute(
        """
        UPDATE bookings AS b SET ended_at = $3, ended_by = 'time'
          FROM assistance_sessions AS s
         WHERE b.account_id = $1 AND b.court_id = $2 AND b.ended_at IS NULL
           AND s.id = b.assistance_session_id AND s.starts_at <= $3
        """,
        account_id,
        court_id,
        now,
    )


async def insert_booking(connection: Connection, booked: AssistanceSessionBooked, at: datetime) -> None:
    """Give a place; its session is held."""
    await connection.execute(
        """
        INSERT INTO bookings (id, assistance_session_id, court_id, account_id, booked_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        booked.booking_id,
        booked.assistance_session_id,
        booked.court_id,
        booked.account_id,
        at,
    )


async def count_places(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """Write down how many places are taken; the sessions are held."""
    await connection.execute(
        """
        UPDATE assistance_sessions AS s
           SET booked_count = (SELECT count(*) FROM bookings
                                WHERE assistance_session_id = s.id AND ended_at IS NULL)
         WHERE s.id = ANY($1::uuid[])
        """,
        list(session_ids),
    )


async def end_bookings(
    connection: Connection, booking_ids: Sequence[UUID], ended_by: EndedBy, at: datetime
) -> None:
    """Take places back; their sessions are held."""
    await connection.execute(
        "UPDATE bookings SET ended_at = $3, ended_by = $2 WHERE id = ANY($1::uuid[]) AND ended_at IS NULL",
        list(booking_ids),
        ended_by,
        at,
    )


async def end_all_bookings(connection: Connection, session_id: UUID, at: datetime) -> None:
    """Take all places of a session back that was called off; it is held."""
    await connection.execute(
        """
        UPDATE bookings SET ended_at = $2, ended_by = 'court'
         WHERE assistance_session_id = $1 AND ended_at IS NULL
        """,
        session_id,
        at,
    )


async def lock_sessions(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """Hold sessions, in the order of their ids."""
    await connection.execute(
        "SELECT id FROM assistance_sessions WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",
        list(session_ids),
    )

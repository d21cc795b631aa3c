"""The books' quarters, and the locks by which an intake and a close agree on where a line belongs."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from services.paa_billing.model import Quarter
from shared.database import Connection

_LOCK_CLASS = 1_905
"""The first key of the advisory locks on quarters; the second is the quarter, as 20241."""


async def insert_quarters(connection: Connection, quarters: Sequence[Quarter], zone: ZoneInfo) -> None:
    """Begin quarters, open; those that were begun stay as they are."""
    await connection.execute(
        """
        INSERT INTO quarters (quarter, starts_at, ends_at, state)
        SELECT begun.quarter, begun.starts_at, begun.ends_at, 'open'
          FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS begun (quarter, starts_at, ends_at)
         ORDER BY begun.quarter
        ON CONFLICT (quarter) DO NOTHING
        """,
        [str(quarter) for quarter in quarters],
        [quarter.starts_at(zone) for quarter in quarters],
        [quarter.ends_at(zone) for quarter in quarters],
    )


async def find_latest_quarter(connection: Connection) -> Quarter | None:
    """The last quarter that was begun."""
    name = await connection.fetchval("SELECT max(quarter) FROM quarters")
    return None if name is None else Quarter.parse(name)


async def list_open_quarters(connection: Connection) -> list[Quarter]:
    """The quarters in which lines may still be billed, oldest first."""
    rows = await connection.fetch("SELECT quarter FROM quarters WHERE state = 'open' ORDER BY quarter")
    return [Quarter.parse(row["quarter"]) for row in rows]


async def share_quarters(connection: Connection, quarters: Sequence[Quarter]) -> None:
    """Hold quarters against a close until this transaction ends; others may hold them too."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock_shared($1, key) FROM unnest($2::integer[]) AS key",
        _LOCK_CLASS,
        [_key(quarter) for quarter in sorted(quarters)],
    )


async def lock_quarter(connection: Connection, quarter: Quarter) -> None:
    """Wait until no intake is under way in a quarter, and let none begin until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", _LOCK_CLASS, _key(quarter))


def _key(quarter: Quarter) -> int:
    return quarter.year * 10 + quarter.number

"""How long partitions are kept: handled ids two quarters, announced messages thirty days."""

from datetime import datetime, timedelta

from shared.database import Connection

INBOX_KEPT = timedelta(days=184)
"""The two longest quarters in a row."""
ANNOUNCED_KEPT = timedelta(days=30)


async def drop_oldest_partition(connection: Connection, now: datetime) -> str | None:
    """Drop one partition that is no longer kept and name it; None if there is none.

    Raises LockNotAvailableError when others hold the table for two seconds: try again later.
    """
    name: str | None = await connection.fetchval(
        "SELECT drop_partitions($1, $2)", now - INBOX_KEPT, now - ANNOUNCED_KEPT
    )
    return name


async def get_start_of_inbox(connection: Connection) -> datetime:
    """Since when the inbox knows what was handled: the lower bound of its oldest partition."""
    start: datetime | None = await connection.fetchval(
        """
        SELECT min(to_date(right(child.relname, 6), 'YYYYMM'))::timestamp AT TIME ZONE 'UTC'
          FROM pg_inherits
          JOIN pg_class AS child ON child.oid = inhrelid
         WHERE inhparent = 'inbox'::regclass
        """
    )
    if start is None:
        raise LookupError("the inbox has no partition; start the service once")
    return start

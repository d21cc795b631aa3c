"""The business zone in which usage is booked: kept once, never changed."""

from shared.database import Connection


async def keep_zone(connection: Connection, name: str) -> str | None:
    """Keep the zone of the first booking; answers the one that is kept.

    None: another transaction has kept one while this statement ran, so that only the next one sees it.
    """
    kept: str | None = await connection.fetchval(
        """
        WITH added AS (
            INSERT INTO business_zone (name) VALUES ($1) ON CONFLICT (is_only_row) DO NOTHING RETURNING name
        )
        SELECT name FROM added UNION ALL SELECT name FROM business_zone
        """,
        name,
    )
    return kept


async def find_zone(connection: Connection) -> str | None:
    """The zone in which usage was booked; None before the first."""
    kept: str | None = await connection.fetchval("SELECT name FROM business_zone")
    return kept

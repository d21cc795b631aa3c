"""Firms and their administrators."""

from datetime import datetime
from uuid import UUID

from services.paa_billing.model.firms import Firm
from shared.database import Connection


async def insert_firm(
    connection: Connection, paa_id: UUID, name: str, known_since: datetime, registered_at: datetime | None
) -> None:
    """`registered_at` is None for a firm that is taken over with a legacy account."""
    await connection.execute(
        "INSERT INTO firms (paa_id, name, known_since, registered_at) VALUES ($1, $2, $3, $4)",
        paa_id,
        name,
        known_since,
        registered_at,
    )


async def insert_administrator(
    connection: Connection, account_id: UUID, paa_id: UUID, since_at: datetime
) -> None:
    """An account that administers a firm already is a unique violation."""
    await connection.execute(
        "INSERT INTO firm_administrators (account_id, paa_id, since_at) VALUES ($1, $2, $3)",
        account_id,
        paa_id,
        since_at,
    )


async def register_firm(connection: Connection, paa_id: UUID, name: str, registered_at: datetime) -> None:
    """Name a firm that was taken over, once its administrator registers it."""
    await connection.execute(
        "UPDATE firms SET name = $2, registered_at = $3 WHERE paa_id = $1", paa_id, name, registered_at
    )


async def find_firm(connection: Connection, paa_id: UUID) -> Firm | None:
    row = await connection.fetchrow(
        """
        SELECT f.paa_id, f.name, f.registered_at,
               ARRAY(SELECT a.account_id FROM firm_administrators AS a
                      WHERE a.paa_id = f.paa_id ORDER BY a.account_id) AS administrator_ids
          FROM firms AS f
         WHERE f.paa_id = $1
        """,
        paa_id,
    )
    return None if row is None else _firm(**row)


async def find_firm_of(connection: Connection, administrator_id: UUID) -> Firm | None:
    """The firm that an account administers."""
    row = await connection.fetchrow(
        """
        SELECT f.paa_id, f.name, f.registered_at,
               ARRAY(SELECT a.account_id FROM firm_administrators AS a
                      WHERE a.paa_id = f.paa_id ORDER BY a.account_id) AS administrator_ids
          FROM firm_administrators AS own
          JOIN firms AS f USING (paa_id)
         WHERE own.account_id = $1
        """,
        administrator_id,
    )
    return None if row is None else _firm(**row)


def _firm(*, paa_id: UUID, name: str, registered_at: datetime | None, administrator_ids: list[UUID]) -> Firm:
    return Firm(
        paa_id=paa_id, name=name, registered_at=registered_at, administrator_ids=tuple(administrator_ids)
    )

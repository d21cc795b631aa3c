"""How ready a court's filers are: counted from its roster, links and the names of accounts."""

from datetime import date, datetime

from shared.database import Connection
from shared.messages.linking.readiness import PersonToAct, ReadinessCounts, ReadinessDay

MOST_DAYS = 400
_COUNTS = ReadinessCounts.__struct_fields__


async def count_readiness(connection: Connection, court_id: str) -> ReadinessCounts:
    """The counts now. Of who isn't linked nothing but the name can be compared."""
    (row,) = await connection.fetch(
        """
        SELECT count(*) AS filing_accounts,
               count(*) FILTER (WHERE is_linked) AS linked,
               count(*) FILTER (WHERE has_account) AS seem_to_have_account,
               count(*) FILTER (WHERE has_account AND is_upgraded) AS seem_upgraded
          FROM (SELECT links.id IS NOT NULL AS is_linked,
                       links.id IS NULL AND EXISTS (
                           SELECT FROM accounts AS a
                            WHERE first_and_last_word(a.first_name || ' ' || a.last_name)
                                  = first_and_last_word(f.name)
                              AND a.kind = 'individual' AND a.status <> 'deactivated') AS has_account,
                       EXISTS (
                           SELECT FROM accounts AS a
                            WHERE first_and_last_word(a.first_name || ' ' || a.last_name)
                                  = first_and_last_word(f.name)
                              AND a.generation = 'upgraded'
                              AND a.kind = 'individual' AND a.status <> 'deactivated') AS is_upgraded
                  FROM filing_accounts AS f
                  LEFT JOIN links ON links.filing_account_id = f.id AND links.unlinked_at IS NULL
                 WHERE f.court_id = $1 AND f.gone_at IS NULL) AS found
        """,
        court_id,
    )
    return ReadinessCounts(**row)


async def list_days(connection: Connection, court_id: str) -> tuple[ReadinessDay, ...]:
    """The counts that were kept, the newest first."""
    rows = await connection.fetch(
        """
        SELECT counted_on, filing_accounts, seem_to_have_account, seem_upgraded, linked
          FROM readiness_days
         WHERE court_id = $1
         ORDER BY counted_on DESC
         LIMIT $2
        """,
        court_id,
        MOST_DAYS,
    )
    return tuple(
        ReadinessDay(
            counted_on=row["counted_on"], counts=ReadinessCounts(**{name: row[name] for name in _COUNTS})
        )
        for row in rows
    )


async def insert_day(
    connection: Connection, court_id: str, counts: ReadinessCounts, on: date, at: datetime
) -> None:
    """Keep a day's counts, the first time that they are taken."""
    await connection.execute(
        """
        INSERT INTO readiness_days (court_id, counted_on, counted_at, filing_accounts, seem_to_have_account,
                                    seem_upgraded, linked)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (court_id, counted_on) DO NOTHING
        """,
        court_id,
        on,
        at,
        counts.filing_accounts,
        counts.seem_to_have_account,
        counts.seem_upgraded,
        counts.linked,
    )


async def list_courts_with_roster(connection: Connection) -> list[str]:
    """The courts that have loaded a roster, by id."""
    rows = await connection.fetch(
        """
        SELECT id FROM courts
         WHERE EXISTS (SELECT FROM filing_accounts WHERE court_id = courts.id)
         ORDER BY id
        """
    )
    return [row["id"] for row in rows]


async def list_people_to_act(
    connection: Connection, court_id: str, after_login: str, limit: int
) -> list[PersonToAct]:
    """Filing accounts of a court that are neither linked nor gone and follow a login, by login."""
    rows = await connection.fetch(
        """
        SELECT f.id AS filing_account_id, f.login, f.name, coalesce(f.email, '') AS email, f.role
          FROM filing_accounts AS f
         WHERE f.court_id = $1 AND f.login > $2 AND f.gone_at IS NULL
           AND NOT EXISTS (SELECT FROM links
                            WHERE links.filing_account_id = f.id AND links.unlinked_at IS NULL)
         ORDER BY f.login
         LIMIT $3
        """,
        court_id,
        after_login,
        limit,
    )
    return [PersonToAct(**row) for row in rows]

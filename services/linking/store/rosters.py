"""Whole rosters in the database: what is open, which logins it has named, and which rows were refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.linking.model.rosters import LinkedLogin, NamedRow, RefusedRow, Roster
from shared.database import Connection
from shared.messages.linking import RosterCounts, RosterFinished, RosterRowRefused


async def lock_beginning(connection: Connection, court_id: str) -> bool:
    """Let one roster at a time begin at a court; is there such a court?

    Not the lock of who changes a court: that one would wait for who holds a roster and adds filing accounts.
    """
    found = await connection.fetchval("SELECT id FROM courts WHERE id = $1 FOR NO KEY UPDATE", court_id)
    return found is not None


async def lock_open_roster(connection: Connection, court_id: str) -> UUID | None:
    """The court's open roster, held: no piece of it is being saved."""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM rosters WHERE court_id = $1 AND state = 'open' FOR UPDATE", court_id
    )
    return found


async def replace_roster(connection: Connection, roster_id: UUID, at: datetime) -> None:
    """A newer roster takes the place of this one."""
    await connection.execute(
        "UPDATE rosters SET state = 'replaced', ended_at = $2 WHERE id = $1", roster_id, at
    )


async def insert_roster(connection: Connection, roster: Roster) -> None:
    """Keep a roster that begins."""
    await connection.execute(
        """
        INSERT INTO rosters (id, court_id, begun_at, begun_by_account_id, remark, state)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        roster.id,
        roster.court_id,
        roster.begun_at,
        roster.begun_by_account_id,
        roster.remark,
        roster.state,
    )


async def lock_roster(connection: Connection, roster_id: UUID) -> Roster | None:
    """A roster, held: its pieces are saved one after the other, and it ends after all of them."""
    row = await connection.fetchrow(
        """
        SELECT id, court_id, begun_at, begun_by_account_id, remark, state, ended_at, counts, gone_count
          FROM rosters
         WHERE id = $1
           FOR UPDATE
        """,
        roster_id,
    )
    return None if row is None else _roster(**row)


async def find_roster(connection: Connection, roster_id: UUID) -> Roster | None:
    """A roster, as it is now."""
    row = await connection.fetchrow(
        """
        SELECT id, court_id, begun_at, begun_by_account_id, remark, state, ended_at, counts, gone_count
          FROM rosters
         WHERE id = $1
        """,
        roster_id,
    )
    return None if row is None else _roster(**row)


async def finish_roster(connection: Connection, finished: RosterFinished) -> None:
    """Note what came of a roster."""
    await connection.execute(
        """
        UPDATE rosters SET state = 'finished', ended_at = $2, counts = $3::text::jsonb, gone_count = $4
         WHERE id = $1
        """,
        finished.roster_id,
        finished.finished_at,
        msgspec.json.encode(finished.counts).decode(),
        finished.gone,
    )


async def list_named_lines(connection: Connection, roster_id: UUID, logins: Sequence[str]) -> dict[str, int]:
    """On which line a roster has named these logins, as far as it has.

    Looked up one by one: before the table has statistics, a plan for the whole list compares each row of the
    roster with each login.
    """
    rows = await connection.fetch(
        """
        SELECT given.login, named.line
          FROM unnest($2::text[]) AS given (login),
               LATERAL (SELECT line FROM roster_rows
                         WHERE roster_id = $1 AND login = given.login OFFSET 0) AS named
        """,
        roster_id,
        logins,
    )
    return {row["login"]: row["line"] for row in rows}


async def insert_rows(connection: Connection, roster_id: UUID, rows: Sequence[NamedRow]) -> None:
    """Note what rows have become; a piece that is sent again stays as it was the first time."""
    await connection.execute(
        """
        INSERT INTO roster_rows (roster_id, login, line, outcome, is_wrapped)
        SELECT $1, login, line, outcome, is_wrapped
          FROM unnest($2::text[], $3::integer[], $4::text[], $5::boolean[])
               AS given (login, line, outcome, is_wrapped)
        ON CONFLICT (roster_id, login) DO NOTHING
        """,
        roster_id,
        [row.login for row in rows],
        [row.line for row in rows],
        [row.outcome for row in rows],
        [row.is_wrapped for row in rows],
    )


async def insert_refusals(connection: Connection, roster_id: UUID, rows: Sequence[RefusedRow]) -> None:
    """Keep which rows were refused, for the court to read."""
    await connection.execute(
        """
        INSERT INTO roster_refusals (roster_id, line, field, reason, login_is)
        SELECT $1, line, field, reason, login_is
          FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[])
               AS given (line, field, reason, login_is)
        ON CONFLICT (roster_id, line) DO NOTHING
        """,
        roster_id,
        [row.line for row in rows],
        [row.field for row in rows],
        [row.reason for row in rows],
        ["repeated" if row.is_repeated else "unknown" if row.login is None else "named" for row in rows],
    )


async def count_rows(connection: Connection, roster_id: UUID) -> RosterCounts:
    """What became of an open roster's rows so far."""
    row = await connection.fetchrow(
        """
        SELECT named.rows + refusals.others AS rows, named.added, named.changed, named.unchanged,
               named.refused + refusals.others AS refused, refusals.unnamed, named.wrapped
          FROM (SELECT count(*) AS rows,
                       count(*) FILTER (WHERE outcome = 'added') AS added,
                       count(*) FILTER (WHERE outcome = 'changed') AS changed,
                       count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged,
                       count(*) FILTER (WHERE outcome = 'refused') AS refused,
                       count(*) FILTER (WHERE is_wrapped) AS wrapped
                  FROM roster_rows WHERE roster_id = $1) AS named,
               (SELECT count(*) FILTER (WHERE login_is <> 'named') AS others,
                       count(*) FILTER (WHERE login_is = 'unknown') AS unnamed
                  FROM roster_refusals WHERE roster_id = $1) AS refusals
        """,
        roster_id,
    )
    return RosterCounts() if row is None else RosterCounts(**row)


async def list_refusals(
    connection: Connection, roster_id: UUID, after_line: int, limit: int
) -> tuple[RosterRowRefused, ...]:
    """Refused rows by line, from the one after this line on."""
    rows = await connection.fetch(
        """
        SELECT line, field, reason FROM roster_refusals
         WHERE roster_id = $1 AND line > $2
         ORDER BY line
         LIMIT $3
        """,
        roster_id,
        after_line,
        limit,
    )
    return tuple(RosterRowRefused(**row) for row in rows)


async def delete_rows(connection: Connection, roster_id: UUID) -> None:
    """Forget which logins a roster has named: it is at an end."""
    await connection.execute("DELETE FROM roster_rows WHERE roster_id = $1", roster_id)


async def delete_refusals_of_court(connection: Connection, court_id: str) -> None:
    """Forget which rows were refused of the court's rosters until now."""
    await connection.execute(
        "DELETE FROM roster_refusals USING rosters WHERE rosters.id = roster_id AND court_id = $1", court_id
    )


async def count_unnamed(connection: Connection, court_id: str, roster_id: UUID) -> tuple[int, int]:
    """How many filing accounts of a court aren't gone, and how many of these the roster doesn't name.

    One that was made on request, and has no address yet, never came from a roster: none misses it.
    """
    row = await connection.fetchrow(
        """
        SELECT count(*) AS present, count(*) FILTER (WHERE roster_rows.login IS NULL) AS unnamed
          FROM filing_accounts
          LEFT JOIN roster_rows ON roster_rows.roster_id = $2 AND roster_rows.login = filing_accounts.login
         WHERE filing_accounts.court_id = $1 AND filing_accounts.gone_at IS NULL
           AND filing_accounts.email IS NOT NULL
        """,
        court_id,
        roster_id,
    )
    return (0, 0) if row is None else (row["present"], row["unnamed"])


async def mark_gone(connection: Connection, court_id: str, roster_id: UUID, at: datetime) -> list[UUID]:
    """Those whom `count_unnamed` finds unnamed are gone; answers their ids."""
    rows = await connection.fetch(
        """
        WITH unnamed AS MATERIALIZED (
            SELECT id FROM filing_accounts
             WHERE court_id = $1 AND gone_at IS NULL AND email IS NOT NULL
               AND NOT EXISTS (SELECT FROM roster_rows
                                WHERE roster_id = $2 AND roster_rows.login = filing_accounts.login)
             ORDER BY login
               FOR UPDATE
        )
        UPDATE filing_accounts SET gone_at = $3 FROM unnamed WHERE filing_accounts.id = unnamed.id
        RETURNING filing_accounts.id
        """,
        court_id,
        roster_id,
        at,
    )
    return [row["id"] for row in rows]


async def list_open_links(connection: Connection, filing_account_ids: Sequence[UUID]) -> list[LinkedLogin]:
    """The open links of these filing accounts."""
    rows = await connection.fetch(
        """
        SELECT id AS link_id, account_id, filing_account_id, role
          FROM links
         WHERE filing_account_id = ANY($1::uuid[]) AND unlinked_at IS NULL
         ORDER BY id
        """,
        filing_account_ids,
    )
    return [LinkedLogin(**row) for row in rows]


async def list_open_links_of_logins(
    connection: Connection, court_id: str, logins: Sequence[str]
) -> list[LinkedLogin]:
    """The open links of a court's filing accounts with these logins."""
    rows = await connection.fetch(
        """
        SELECT links.id AS link_id, account_id, filing_account_id, links.role
          FROM filing_accounts
          JOIN links ON filing_account_id = filing_accounts.id AND unlinked_at IS NULL
         WHERE filing_accounts.court_id = $1 AND login = ANY($2::text[])
         ORDER BY links.id
        """,
        court_id,
        logins,
    )
    return [LinkedLogin(**row) for row in rows]


def _roster(*, counts: str | None, **others: Any) -> Roster:
    return Roster(**others, counts=None if counts is None else msgspec.json.decode(counts, type=RosterCounts))

"""Quarters being closed, and each payer's stage, which is left in the transaction of what it stands for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.paa_billing.model import Quarter
from services.paa_billing.model.closes import (
    Close,
    CloseProgress,
    ClosingPayer,
    Parked,
    QuarterState,
)
from shared.database import Connection

_ISSUE_LOCK = 1_908
"""The advisory lock under which statements get their numbers."""


async def list_quarters(connection: Connection) -> dict[Quarter, QuarterState]:
    """All quarters that were begun, and how far each is."""
    rows = await connection.fetch("SELECT quarter, state FROM quarters ORDER BY quarter")
    return {Quarter.parse(row["quarter"]): row["state"] for row in rows}


async def cut_off(connection: Connection, quarter: Quarter, at: datetime) -> None:
    """From now on nothing more is billed in the quarter."""
    await connection.execute(
        "UPDATE quarters SET state = 'closing', cut_off_at = $2 WHERE quarter = $1 AND state = 'open'",
        str(quarter),
        at,
    )


async def lock_state(connection: Connection, quarter: Quarter) -> QuarterState | None:
    """How far a quarter is, held: stages are counted and the state changed by one worker at a time."""
    state: QuarterState | None = await connection.fetchval(
        "SELECT state FROM quarters WHERE quarter = $1 FOR UPDATE", str(quarter)
    )
    return state


async def change_state(connection: Connection, quarter: Quarter, state: QuarterState) -> None:
    """Take a quarter whose state is held one step on, or back for payers that were parked."""
    await connection.execute("UPDATE quarters SET state = $2 WHERE quarter = $1", str(quarter), state)


async def insert_close(connection: Connection, close: Close) -> None:
    await connection.execute(
        """
        INSERT INTO closes (quarter, command_id, correlation_id, cut_off_at, waiver_schedule_on, policies)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        str(close.quarter),
        close.command_id,
        close.correlation_id,
        close.cut_off_at,
        close.waiver_schedule_on,
        close.policies,
    )


async def find_close(connection: Connection, quarter: Quarter) -> Close | None:
    row = await connection.fetchrow(
        """
        SELECT c.quarter, q.state, c.command_id, c.correlation_id, c.cut_off_at, c.waiver_schedule_on,
               c.policies, c.listed_at
          FROM closes AS c
          JOIN quarters AS q USING (quarter)
         WHERE c.quarter = $1
        """,
        str(quarter),
    )
    return None if row is None else Close(**{**row, "quarter": Quarter.parse(row["quarter"])})


async def find_running_close(connection: Connection) -> Close | None:
    """The oldest close that isn't finished."""
    row = await connection.fetchrow(
        """
        SELECT c.quarter, q.state, c.command_id, c.correlation_id, c.cut_off_at, c.waiver_schedule_on,
               c.policies, c.listed_at
          FROM closes AS c
          JOIN quarters AS q USING (quarter)
         WHERE q.state <> 'closed'
         ORDER BY c.quarter
         LIMIT 1
        """
    )
    return None if row is None else Close(**{**row, "quarter": Quarter.parse(row["quarter"])})


async def insert_payers(connection: Connection, quarter: Quarter) -> None:
    """List everyone with lines in a quarter, or with a change of balance that its statement must say."""
    await connection.execute(
        """
        INSERT INTO closing_payers (quarter, payer_id, payer_kind)
        SELECT $1, payer_id,
               CASE WHEN EXISTS (SELECT FROM firms AS f WHERE f.paa_id = payer_id)
                    THEN 'paa' ELSE 'person' END
          FROM (SELECT payer_id FROM usage_lines WHERE billed_quarter = $1
                 UNION
                SELECT payer_id FROM payer_movements WHERE quarter = $1) AS concerned
         ORDER BY payer_id
        ON CONFLICT (quarter, payer_id) DO NOTHING
        """,
        str(quarter),
    )


async def note_listed(connection: Connection, quarter: Quarter, at: datetime) -> None:
    await connection.execute(
        "UPDATE closes SET listed_at = $2 WHERE quarter = $1 AND listed_at IS NULL", str(quarter), at
    )


async def lock_listed(
    connection: Connection, quarter: Quarter, limit: int, *, has_failed: bool = False
) -> list[ClosingPayer]:
    """The next payers to settle, held, of those that have failed or not; those held already are left out."""
    rows = await connection.fetch(
        """
        SELECT payer_id, payer_kind, attempt
          FROM closing_payers
         WHERE quarter = $1 AND stage = 'listed' AND (failures > 0) = $3
         ORDER BY payer_id
         LIMIT $2
           FOR UPDATE SKIP LOCKED
        """,
        str(quarter),
        limit,
        has_failed,
    )
    return [ClosingPayer(**row) for row in rows]


async def mark_settled(connection: Connection, quarter: Quarter, payers: Sequence[ClosingPayer]) -> None:
    """Keep what the quarter comes to for payers that were held in this transaction."""
    await connection.execute(
        """
        UPDATE closing_payers AS c
           SET stage = 'settled', settlement = s.settlement, carried_cents = s.carried_cents, failures = 0
          FROM unnest($2::uuid[], $3::bytea[], $4::bigint[]) AS s (payer_id, settlement, carried_cents)
         WHERE c.quarter = $1 AND c.payer_id = s.payer_id AND c.stage = 'listed'
        """,
        str(quarter),
        [payer.payer_id for payer in payers],
        [msgspec.json.encode(payer.settlement) for payer in payers],
        [payer.carried_cents for payer in payers],
    )


async def mark_sealed(connection: Connection, quarter: Quarter, payers: Sequence[ClosingPayer]) -> set[UUID]:
    """Answers whose drafts may be kept: not those that others have sealed, or taken up anew, meanwhile."""
    rows = await connection.fetch(
        """
        UPDATE closing_payers AS c SET stage = 'sealed', leased_until = NULL, failures = 0
          FROM unnest($2::uuid[], $3::integer[]) AS s (payer_id, attempt)
         WHERE c.quarter = $1 AND c.payer_id = s.payer_id AND c.attempt = s.attempt AND c.stage = 'settled'
        RETURNING c.payer_id
        """,
        str(quarter),
        [payer.payer_id for payer in payers],
        [payer.attempt for payer in payers],
    )
    return {row["payer_id"] for row in rows}


async def lock_issuing(connection: Connection) -> None:
    """Let nobody else take statement numbers until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _ISSUE_LOCK)


async def list_sealed(connection: Connection, quarter: Quarter, limit: int) -> list[UUID]:
    """The next payers to get a statement, always in the same order."""
    rows = await connection.fetch(
        """
        SELECT payer_id
          FROM closing_payers
         WHERE quarter = $1 AND stage = 'sealed'
         ORDER BY payer_id
         LIMIT $2
        """,
        str(quarter),
        limit,
    )
    return [row["payer_id"] for row in rows]


async def mark_issued(connection: Connection, quarter: Quarter, payer_ids: Sequence[UUID]) -> None:
    await connection.execute(
        """
        UPDATE closing_payers SET stage = 'issued'
         WHERE quarter = $1 AND payer_id = ANY($2::uuid[]) AND stage = 'sealed'
        """,
        str(quarter),
        payer_ids,
    )


async def park_payers(connection: Connection, quarter: Quarter, parked: Sequence[Parked]) -> None:
    """Set payers aside, each alone, with the figures that don't agree; not those taken up anew meanwhile."""
    await connection.execute(
        """
        UPDATE closing_payers AS c
           SET stage = 'parked', stage_before = c.stage, reason = p.reason, expected = p.expected,
               found = p.found, leased_until = NULL
          FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[])
               AS p (payer_id, attempt, reason, expected, found)
         WHERE c.quarter = $1 AND c.payer_id = p.payer_id AND c.attempt = p.attempt
           AND c.stage IN ('listed', 'settled')
        """,
        str(quarter),
        [each.payer_id for each in parked],
        [each.attempt for each in parked],
        [each.reason for each in parked],
        [each.expected for each in parked],
        [each.found for each in parked],
    )


async def list_parked(connection: Connection, quarter: Quarter) -> list[ClosingPayer]:
    """Those that were set aside, without what their quarter came to."""
    rows = await connection.fetch(
        """
        SELECT payer_id, payer_kind, attempt
          FROM closing_payers
         WHERE quarter = $1 AND stage = 'parked'
         ORDER BY payer_id
        """,
        str(quarter),
    )
    return [ClosingPayer(**row) for row in rows]


async def unpark_payers(connection: Connection, quarter: Quarter) -> None:
    """Take up again, from the beginning, all that were set aside; what they posted has been reversed."""
    await connection.execute(
        """
        UPDATE closing_payers
           SET stage = 'listed', stage_before = NULL, reason = NULL, expected = NULL, found = NULL,
               settlement = NULL, carried_cents = NULL, attempt = attempt + 1, failures = 0
         WHERE quarter = $1 AND stage = 'parked'
        """,
        str(quarter),
    )


async def has_stage(connection: Connection, quarter: Quarter, stage: str) -> bool:
    """Does any payer of the quarter still stand at this stage?"""
    found = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM closing_payers WHERE quarter = $1 AND stage = $2)", str(quarter), stage
    )
    return bool(found)


async def find_progress(connection: Connection, quarter: Quarter) -> CloseProgress | None:
    row = await connection.fetchrow(
        """
        SELECT q.state,
               count(c.payer_id) AS payers,
               count(c.payer_id) FILTER (WHERE c.settlement IS NOT NULL) AS settled,
               count(c.payer_id) FILTER (WHERE c.stage IN ('sealed', 'issued')) AS sealed,
               count(c.payer_id) FILTER (WHERE c.stage = 'issued') AS issued,
               count(c.payer_id) FILTER (WHERE c.stage = 'parked') AS parked
          FROM quarters AS q
          LEFT JOIN closing_payers AS c USING (quarter)
         WHERE q.quarter = $1
         GROUP BY q.state
        """,
        str(quarter),
    )
    return None if row is None else CloseProgress(**row)

"""Claims of a close's leased work: payers to seal, statements whose files are to be made."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from services.paa_billing.model import Quarter, Settlement
from services.paa_billing.model.closes import ClosingPayer, Stage
from services.paa_billing.model.issued import Rendering
from shared.database import Connection


async def lease_settled(
    connection: Connection, quarter: Quarter, limit: int, lease_seconds: float, *, has_failed: bool = False
) -> list[ClosingPayer]:
    """Claim the next payers to seal, of those that have failed or not, for some time.

    A worker that dies gives them back by not finishing.
    """
    rows = await connection.fetch(
        """
        WITH free AS MATERIALIZED (
               SELECT payer_id
                 FROM closing_payers
                WHERE quarter = $1 AND stage = 'settled' AND (failures > 0) = $4
                  AND (leased_until IS NULL OR leased_until < clock_timestamp())
                ORDER BY payer_id
                LIMIT $2
                  FOR UPDATE SKIP LOCKED)
        UPDATE closing_payers AS c
           SET leased_until = clock_timestamp() + make_interval(secs => $3)
          FROM free
         WHERE c.quarter = $1 AND c.payer_id = free.payer_id
        RETURNING c.payer_id, c.payer_kind, c.attempt, c.settlement, c.carried_cents
        """,
        str(quarter),
        limit,
        lease_seconds,
        has_failed,
    )
    return [
        ClosingPayer(**{**row, "settlement": msgspec.json.decode(row["settlement"], type=Settlement)})
        for row in rows
    ]


async def extend_settled(
    connection: Connection, quarter: Quarter, payer_ids: Sequence[UUID], lease_seconds: float
) -> None:
    """Keep claimed payers for some time more."""
    await connection.execute(
        """
        UPDATE closing_payers
           SET leased_until = clock_timestamp() + make_interval(secs => $3)
         WHERE quarter = $1 AND payer_id = ANY($2::uuid[]) AND stage = 'settled'
        """,
        str(quarter),
        payer_ids,
        lease_seconds,
    )


async def note_failures(
    connection: Connection, quarter: Quarter, stage: Stage, payers: Sequence[ClosingPayer]
) -> dict[UUID, int]:
    """Give back payers whose step failed; answers how often each has by now, but for those that went on."""
    rows = await connection.fetch(
        """
        UPDATE closing_payers AS c SET failures = c.failures + 1, leased_until = NULL
          FROM unnest($3::uuid[], $4::integer[]) AS s (payer_id, attempt)
         WHERE c.quarter = $1 AND c.stage = $2 AND c.payer_id = s.payer_id AND c.attempt = s.attempt
        RETURNING c.payer_id, c.failures
        """,
        str(quarter),
        stage,
        [payer.payer_id for payer in payers],
        [payer.attempt for payer in payers],
    )
    return {row["payer_id"]: row["failures"] for row in rows}


async def lease_rendering(connection: Connection, lease_seconds: float) -> Rendering | None:
    """Claim the next statement whose files are to be made; one that failed comes after the others."""
    row = await connection.fetchrow(
        """
        WITH free AS MATERIALIZED (
               SELECT statement_id
                 FROM statement_renderings
                WHERE leased_until IS NULL OR leased_until < clock_timestamp()
                ORDER BY attempts, statement_id
                LIMIT 1
                  FOR UPDATE SKIP LOCKED)
        UPDATE statement_renderings AS r
           SET attempts = r.attempts + 1, leased_until = clock_timestamp() + make_interval(secs => $1)
          FROM free
          JOIN statements AS s ON s.id = free.statement_id
          JOIN statement_drafts AS d USING (quarter, payer_id)
         WHERE r.statement_id = free.statement_id
        RETURNING s.id AS statement_id, s.number, s.issued_at, s.sha256, d.canonical AS draft, r.attempts
        """,
        lease_seconds,
    )
    return None if row is None else Rendering(**row)


async def extend_rendering(connection: Connection, claimed: Rendering, lease_seconds: float) -> None:
    """Keep a claimed statement for some time more, unless another worker has claimed it since."""
    await connection.execute(
        """
        UPDATE statement_renderings
           SET leased_until = clock_timestamp() + make_interval(secs => $3)
         WHERE statement_id = $1 AND attempts = $2
        """,
        claimed.statement_id,
        claimed.attempts,
        lease_seconds,
    )


async def count_failing_renderings(connection: Connection) -> int:
    """How many statements' files were begun more than once and aren't made yet."""
    return int(await connection.fetchval("SELECT count(*) FROM statement_renderings WHERE attempts > 1"))

"""What a quarter's lines come to by payer, and the lines themselves for a statement."""

from collections.abc import Sequence
from uuid import UUID

from services.paa_billing.model import CourtTotal, Quarter, UsageLine
from services.paa_billing.model.closes import QuarterSums
from shared.database import Connection
from shared.money import Cents


async def sum_lines(
    connection: Connection, quarter: Quarter, payer_ids: Sequence[UUID]
) -> dict[UUID, QuarterSums]:
    """Each payer's lines, summed once by court and once by person, at one instant."""
    rows = await connection.fetch(
        """
        SELECT payer_id, court_id, account_id, count(*) AS line_count,
               sum(gross_cents)::bigint AS gross_cents, sum(exempt_cents)::bigint AS exempt_cents
          FROM usage_lines
         WHERE billed_quarter = $1 AND payer_id = ANY($2::uuid[])
         GROUP BY GROUPING SETS ((payer_id, court_id), (payer_id, account_id))
        """,
        str(quarter),
        payer_ids,
    )
    found = {payer_id: QuarterSums() for payer_id in payer_ids}
    for row in rows:
        sums = found[row["payer_id"]]
        if row["court_id"] is not None:
            court = CourtTotal(
                court_id=row["court_id"], gross_cents=row["gross_cents"], exempt_cents=row["exempt_cents"]
            )
            found[row["payer_id"]] = sums.with_court(court, row["line_count"])
        else:
            charged_cents = Cents(row["gross_cents"] - row["exempt_cents"])
            found[row["payer_id"]] = sums.with_person(row["account_id"], charged_cents)
    return found


async def sum_charged_by_person(
    connection: Connection, quarter: Quarter, account_ids: Sequence[UUID]
) -> dict[UUID, Cents]:
    """What each person's lines of a quarter are charged, all payers together."""
    rows = await connection.fetch(
        """
        SELECT account_id, sum(gross_cents - exempt_cents)::bigint AS charged_cents
          FROM usage_lines
         WHERE billed_quarter = $1 AND account_id = ANY($2::uuid[])
         GROUP BY account_id
        """,
        str(quarter),
        account_ids,
    )
    return {row["account_id"]: Cents(row["charged_cents"]) for row in rows}


async def sum_unissued(connection: Connection, payer_id: UUID, before: Quarter) -> Cents:
    """What a payer is charged in earlier quarters whose statement isn't issued yet."""
    charged = await connection.fetchval(
        """
        SELECT coalesce(sum(l.gross_cents - l.exempt_cents), 0)::bigint
          FROM quarters AS q
          JOIN usage_lines AS l ON l.billed_quarter = q.quarter AND l.payer_id = $1
         WHERE q.quarter < $2
           AND NOT EXISTS (SELECT FROM statements AS s WHERE s.quarter = q.quarter AND s.payer_id = $1)
        """,
        payer_id,
        str(before),
    )
    return Cents(charged)


async def list_lines(
    connection: Connection, quarter: Quarter, payer_ids: Sequence[UUID]
) -> dict[UUID, list[UsageLine]]:
    """All lines that are billed in a quarter to these payers."""
    rows = await connection.fetch(
        """
        SELECT court_id, usage_id, account_id, payer_id, used_at, kind, page_count, byte_count, record_count,
               description, case_number, client_code, schedule_effective_on, gross_cents, exempt_cents,
               exemption_id, reasons, used_quarter, billed_quarter
          FROM usage_lines
         WHERE billed_quarter = $1 AND payer_id = ANY($2::uuid[])
        """,
        str(quarter),
        payer_ids,
    )
    found: dict[UUID, list[UsageLine]] = {payer_id: [] for payer_id in payer_ids}
    for row in rows:
        line = UsageLine(
            **{
                **row,
                "reasons": tuple(row["reasons"]),
                "used_quarter": Quarter.parse(row["used_quarter"]),
                "billed_quarter": quarter,
            }
        )
        found[line.payer_id].append(line)
    return found

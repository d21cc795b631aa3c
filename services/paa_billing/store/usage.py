"""The ids of booked uses and their priced lines, written in one statement each way."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.paa_billing.model import Quarter
from services.paa_billing.model.intake import BookedLine
from shared.database import Connection
from shared.money import Cents


async def find_digests(connection: Connection, court_id: str, usage_ids: Sequence[str]) -> dict[str, bytes]:
    """The digests of those of a court's ids that are booked, or wait."""
    rows = await connection.fetch(
        """
        SELECT usage_id, digest FROM usage_ids WHERE court_id = $1 AND usage_id = ANY($2::text[])
        UNION ALL
        SELECT usage_id, digest FROM waiting_usage WHERE court_id = $1 AND usage_id = ANY($2::text[])
        """,
        court_id,
        usage_ids,
    )
    return {row["usage_id"]: row["digest"] for row in rows}


async def claim_ids(connection: Connection, lines: Sequence[BookedLine]) -> set[str]:
    """Take the ids of one court's lines and answer those that were free.

    An id that another transaction is taking is waited for; all take them in the same order.
    """
    rows = sorted(lines, key=lambda booked: booked.line.usage_id)
    claimed = await connection.fetch(
        """
        INSERT INTO usage_ids (court_id, usage_id, digest, billed_quarter)
        SELECT court_id, usage_id, digest, billed_quarter
          FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[])
               AS reported (court_id, usage_id, digest, billed_quarter)
        ON CONFLICT (court_id, usage_id) DO NOTHING
        RETURNING usage_id
        """,
        [booked.line.court_id for booked in rows],
        [booked.line.usage_id for booked in rows],
        [booked.digest for booked in rows],
        [str(booked.line.billed_quarter) for booked in rows],
    )
    return {row["usage_id"] for row in claimed}


async def insert_lines(connection: Connection, booked: Sequence[BookedLine]) -> None:
    """Keep lines whose ids were claimed in this transaction."""
    lines = [each.line for each in booked]
    await connection.execute(
        """
        INSERT INTO usage_lines (id, court_id, usage_id, account_id, payer_id, paa_id, used_at, recorded_at,
                                 kind, page_count, byte_count, record_count, description, case_number,
                                 client_code, schedule_effective_on, gross_cents, exempt_cents,
                                 exemption_id, reasons, used_quarter, billed_quarter)
        SELECT id, court_id, usage_id, account_id, payer_id, paa_id, used_at, recorded_at, kind, page_count,
               byte_count, record_count, description, case_number, client_code, schedule_effective_on,
               gross_cents, exempt_cents, exemption_id, string_to_array(reasons, ' '), used_quarter,
               billed_quarter
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[],
                      $7::timestamptz[], $8::timestamptz[], $9::text[], $10::bigint[], $11::bigint[],
                      $12::bigint[], $13::text[], $14::text[], $15::text[], $16::date[], $17::bigint[],
                      $18::bigint[], $19::uuid[], $20::text[], $21::text[], $22::text[])
               AS priced (id, court_id, usage_id, account_id, payer_id, paa_id, used_at, recorded_at, kind,
                          page_count, byte_count, record_count, description, case_number, client_code,
                          schedule_effective_on, gross_cents, exempt_cents, exemption_id, reasons,
                          used_quarter, billed_quarter)
        """,
        [each.id for each in booked],
        [line.court_id for line in lines],
        [line.usage_id for line in lines],
        [line.account_id for line in lines],
        [line.payer_id for line in lines],
        [each.paa_id for each in booked],
        [line.used_at for line in lines],
        [each.recorded_at for each in booked],
        [line.kind for line in lines],
        [line.page_count for line in lines],
        [line.byte_count for line in lines],
        [line.record_count for line in lines],
        [line.description for line in lines],
        [line.case_number for line in lines],
        [line.client_code for line in lines],
        [line.schedule_effective_on for line in lines],
        [line.gross_cents for line in lines],
        [line.exempt_cents for line in lines],
        [line.exemption_id for line in lines],
        # Arrays of arrays can't be taken apart by unnest; the names of rules hold no space.
        [" ".join(line.reasons) for line in lines],
        [str(line.used_quarter) for line in lines],
        [str(line.billed_quarter) for line in lines],
    )


async def restamp_lines(
    connection: Connection,
    account_id: UUID,
    since: datetime,
    paa_id: UUID | None,
    quarters: Sequence[Quarter],
) -> None:
    """Give the lines from an instant on to another payer; courts may report minutes ahead of our clock."""
    await connection.execute(
        """
        UPDATE usage_lines SET paa_id = $3, payer_id = coalesce($3, account_id)
         WHERE account_id = $1 AND used_at >= $2 AND billed_quarter = ANY($4::text[])
        """,
        account_id,
        since,
        paa_id,
        [str(quarter) for quarter in quarters],
    )


async def sum_charged(connection: Connection, payer_id: UUID, quarter: Quarter) -> Cents:
    """What a payer's lines billed in a quarter come to so far, exempt ones left out."""
    charged = await connection.fetchval(
        """
        SELECT coalesce(sum(gross_cents - exempt_cents), 0)::bigint
          FROM usage_lines
         WHERE payer_id = $1 AND billed_quarter = $2
        """,
        payer_id,
        str(quarter),
    )
    return Cents(charged)

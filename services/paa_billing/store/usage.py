"""The ids of booked uses and their priced lines, written in one statement."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from services.paa_billing.model import Quarter, UsageKind
from services.paa_billing.model.intake import BookedLine
from shared.database import Connection
from shared.money import Cents


class _Row(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A line as `insert_lines` reads it from JSON, where a field that is left out is NULL."""

    id: UUID
    usage_id: str
    digest: bytes
    account_id: UUID
    paa_id: UUID | None = None
    used_at: datetime
    kind: UsageKind
    page_count: int | None = None
    byte_count: int | None = None
    record_count: int | None = None
    description: str
    case_number: str | None
    client_code: str | None
    schedule_effective_on: date
    gross_cents: Cents
    exempt_cents: Cents
    exemption_id: UUID | None = None
    reasons: tuple[str, ...]
    used_quarter: str
    billed_quarter: str


async def find_digests(connection: Connection, court_id: str, usage_ids: Sequence[str]) -> dict[str, bytes]:
    """The digests of those of a court's ids that are booked, or wait.

    Each id is looked up by itself: for a list of ids, statistics of yesterday can choose a plan that reads
    all ids of the court.
    """
    rows = await connection.fetch(
        """
        SELECT asked.usage_id, kept.digest
          FROM unnest($2::text[]) AS asked (usage_id)
         CROSS JOIN LATERAL (
               (SELECT digest FROM usage_ids WHERE court_id = $1 AND usage_id = asked.usage_id LIMIT 1)
               UNION ALL
               (SELECT digest FROM waiting_usage WHERE court_id = $1 AND usage_id = asked.usage_id LIMIT 1)
         ) AS kept
        """,
        court_id,
        usage_ids,
    )
    return {row["usage_id"]: row["digest"] for row in rows}


async def insert_lines(
    connection: Connection, court_id: str, recorded_at: datetime, lines: Sequence[BookedLine]
) -> set[str]:
    """Book those of one court's lines whose ids are free, and answer the ids that aren't.

    An id that another transaction is taking is waited for; all take them in the same order. The lines travel
    as one JSON text: the client takes several times as long to encode them as arrays.
    """
    rows = await connection.fetch(
        """
        WITH reported AS MATERIALIZED (
            SELECT id, usage_id, digest, account_id, paa_id, used_at, kind, page_count, byte_count,
                   record_count, description, case_number, client_code, schedule_effective_on, gross_cents,
                   exempt_cents, exemption_id, reasons, used_quarter, billed_quarter
              FROM json_to_recordset($3::json)
                   AS line (id uuid, usage_id text, digest text, account_id uuid, paa_id uuid,
                            used_at timestamptz, kind text, page_count bigint, byte_count bigint,
                            record_count bigint, description text, case_number text, client_code text,
                            schedule_effective_on date, gross_cents bigint, exempt_cents bigint,
                            exemption_id uuid, reasons text[], used_quarter text, billed_quarter text)
        ), claimed AS (
            INSERT INTO usage_ids (court_id, usage_id, digest, billed_quarter)
            SELECT $1, usage_id, decode(digest, 'base64'), billed_quarter
              FROM reported
            ON CONFLICT (court_id, usage_id) DO NOTHING
            RETURNING usage_id
        ), booked AS (
            INSERT INTO usage_lines (id, court_id, usage_id, account_id, payer_id, paa_id, used_at,
                                     recorded_at, kind, page_count, byte_count, record_count, description,
                                     case_number, client_code, schedule_effective_on, gross_cents,
                                     exempt_cents, exemption_id, reasons, used_quarter, billed_quarter)
            SELECT id, $1, usage_id, account_id, coalesce(paa_id, account_id), paa_id, used_at, $2, kind,
                   page_count, byte_count, record_count, description, case_number, client_code,
                   schedule_effective_on, gross_cents, exempt_cents, exemption_id, reasons, used_quarter,
                   billed_quarter
              FROM reported
              JOIN claimed USING (usage_id)
        )
        SELECT usage_id FROM reported EXCEPT ALL SELECT usage_id FROM claimed
        """,
        court_id,
        recorded_at,
        _as_json(lines),
    )
    return {row["usage_id"] for row in rows}


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


def _as_json(lines: Sequence[BookedLine]) -> str:
    rows = [
        _Row(
            id=each.id,
            usage_id=each.line.usage_id,
            digest=each.digest,
            account_id=each.line.account_id,
            paa_id=each.paa_id,
            used_at=each.line.used_at,
            kind=each.line.kind,
            page_count=each.line.page_count,
            byte_count=each.line.byte_count,
            record_count=each.line.record_count,
            description=each.line.description,
            case_number=each.line.case_number,
            client_code=each.line.client_code,
            schedule_effective_on=each.line.schedule_effective_on,
            gross_cents=each.line.gross_cents,
            exempt_cents=each.line.exempt_cents,
            exemption_id=each.line.exemption_id,
            reasons=each.line.reasons,
            used_quarter=str(each.line.used_quarter),
            billed_quarter=str(each.line.billed_quarter),
        )
        for each in sorted(lines, key=lambda each: each.line.usage_id)
    ]
    return msgspec.json.encode(rows).decode()

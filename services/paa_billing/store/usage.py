"""The ids of booked uses and their priced lines, written in one statement."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from services.paa_billing.model import Quarter
from services.paa_billing.model.intake import BookedLine
from shared.database import Connection
from shared.money import Cents

_INSERT_LINES = """
    WITH reported AS MATERIALIZED (
        SELECT id, court_id, usage_id, digest, account_id, paa_id, used_at, kind, page_count, byte_count,
               record_count, description, case_number, client_code, schedule_effective_on, gross_cents,
               exempt_cents, exemption_id, reasons, used_quarter, billed_quarter
          FROM unnest($1::reported_line[])
    ), booked AS (
        INSERT INTO usage_lines (id, court_id, usage_id, account_id, payer_id, paa_id, used_at, recorded_at,
                                 kind, page_count, byte_count, record_count, description, case_number,
                                 client_code, schedule_effective_on, gross_cents, exempt_cents, exemption_id,
                                 reasons, used_quarter, billed_quarter)
        SELECT id, court_id, usage_id, account_id, coalesce(paa_id, account_id), paa_id, used_at, $2, kind,
               page_count, byte_count, record_count, description, case_number, client_code,
               schedule_effective_on, gross_cents, exempt_cents, exemption_id, string_to_array(reasons, ' '),
               used_quarter, billed_quarter
          FROM reported
    )
    INSERT INTO usage_ids (court_id, usage_id, digest, billed_quarter)
    SELECT court_id, usage_id, digest, billed_quarter
      FROM reported
    """
"""The ids are the main statement: they come first, and a taken one is noticed before any line is written."""


async def find_digests(
    connection: Connection, usage_ids: Sequence[tuple[str, str]]
) -> defaultdict[str, dict[str, bytes]]:
    """The digests of those of these ids (court, id) that are booked, or wait; by court and id.

    Each id is looked up by itself: for a list of ids, statistics of yesterday can choose a plan that reads
    all ids of the court.
    """
    rows = await connection.fetch(
        """
        SELECT asked.court_id, asked.usage_id, kept.digest
          FROM unnest($1::text[], $2::text[]) AS asked (court_id, usage_id)
         CROSS JOIN LATERAL (
               (SELECT digest FROM usage_ids
                 WHERE court_id = asked.court_id AND usage_id = asked.usage_id LIMIT 1)
               UNION ALL
               (SELECT digest FROM waiting_usage
                 WHERE court_id = asked.court_id AND usage_id = asked.usage_id LIMIT 1)
         ) AS kept
        """,
        [court_id for court_id, _ in usage_ids],
        [usage_id for _, usage_id in usage_ids],
    )
    digests: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
    for court_id, usage_id, digest in rows:
        digests[court_id][usage_id] = digest
    return digests


async def insert_lines(connection: Connection, recorded_at: datetime, lines: Sequence[BookedLine]) -> None:
    """Book lines, in the order of their ids. Raises UniqueViolationError if an id is taken.

    The lines travel as one array of rows, which is cheaper for both ends than an array for each column, or
    than JSON; and to ask for conflicts (`ON CONFLICT`), which are rare, costs as much as half of the ids.
    """
    await connection.execute(_INSERT_LINES, _as_rows(lines), recorded_at)


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


def _as_rows(lines: Sequence[BookedLine]) -> list[tuple[object, ...]]:
    """The lines as values of the type `reported_line`, in the order of their ids."""
    written = cache(str)  # few quarters are in many lines
    return [
        (
            each.id,
            each.court_id,
            use.usage_id,
            use.digest,
            priced.account_id,
            priced.paa_id,
            use.used_at,
            use.kind,
            use.page_count,
            use.byte_count,
            use.record_count,
            use.description,
            use.case_number,
            use.client_code,
            priced.schedule_effective_on,
            priced.price.gross_cents,
            priced.price.exempt_cents,
            priced.exemption_id,
            " ".join(priced.price.reasons),
            written(priced.used_quarter),
            written(each.billed_quarter),
        )
        for each in sorted(lines, key=lambda each: (each.court_id, each.priced.use.usage_id))
        for priced in (each.priced,)
        for use in (priced.use,)
    ]

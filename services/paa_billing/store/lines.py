"""What people and firms see of usage lines; a firm's own come through the eyes of its role."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from services.paa_billing.model import Usage
from services.paa_billing.prices import Pages, count_pages
from shared.database import Connection
from shared.messages.paa_billing import LookShown, MemberShown, UsageShown


async def list_lines_of_account(
    connection: Connection, account_id: UUID, quarter: str, after: UUID | None, limit: int
) -> list[UsageShown]:
    """A person's own lines billed in a quarter, whoever pays, oldest first."""
    rows = await connection.fetch(
        """
        SELECT l.id, l.used_at, l.court_id, l.kind, l.page_count, l.byte_count, l.record_count,
               l.description, l.case_number, l.client_code, l.gross_cents, l.exempt_cents,
               a.account_number, a.first_name, a.last_name, f.name AS paid_by_firm
          FROM usage_lines AS l
          JOIN accounts AS a USING (account_id)
          LEFT JOIN firms AS f ON f.paa_id = l.paa_id
         WHERE l.account_id = $1 AND l.billed_quarter = $2
           AND ($3::uuid IS NULL OR (l.used_at, l.id) > (
               SELECT before.used_at, before.id FROM usage_lines AS before
                WHERE before.billed_quarter = $2 AND before.id = $3))
         ORDER BY l.used_at, l.id
         LIMIT $4
        """,
        account_id,
        quarter,
        after,
        limit,
    )
    return [_usage_shown(row) for row in rows]


async def list_lines_of_firm(
    connection: Connection,
    paa_id: UUID,
    quarter: str,
    after: UUID | None,
    limit: int,
    kinds_without_description: Sequence[str],
) -> list[UsageShown]:
    """The lines that a firm pays for, oldest first; row security shows no other, whatever is asked."""
    rows = await connection.fetch(
        """
        SELECT l.id, l.used_at, l.court_id, l.kind, l.page_count, l.byte_count, l.record_count,
               CASE WHEN l.kind = ANY($5::text[]) THEN '' ELSE l.description END AS description,
               l.case_number, l.client_code, l.gross_cents, l.exempt_cents,
               a.account_number, a.first_name, a.last_name, NULL AS paid_by_firm
          FROM usage_lines AS l
          JOIN accounts AS a USING (account_id)
         WHERE l.payer_id = $1 AND l.billed_quarter = $2
           AND ($3::uuid IS NULL OR (l.used_at, l.id) > (
               SELECT before.used_at, before.id FROM usage_lines AS before
                WHERE before.billed_quarter = $2 AND before.id = $3))
         ORDER BY l.used_at, l.id
         LIMIT $4
        """,
        paa_id,
        quarter,
        after,
        limit,
        kinds_without_description,
    )
    return [_usage_shown(row) for row in rows]


async def list_members(connection: Connection, limit: int) -> list[MemberShown]:
    """The present members of the firm whose eyes this connection has, by name."""
    rows = await connection.fetch(
        """
        SELECT a.account_number, a.first_name, a.last_name, m.joined_at, a.has_second_factor,
               EXISTS (SELECT FROM filing_links AS f
                        WHERE f.account_id = a.account_id AND NOT f.is_unlinked) AS is_filer
          FROM memberships AS m
          JOIN accounts AS a USING (account_id)
         WHERE m.left_at IS NULL
         ORDER BY a.last_name, a.first_name, a.account_number
         LIMIT $1
        """,
        limit,
    )
    return [MemberShown(**row) for row in rows]


async def list_looks(connection: Connection, account_id: UUID, limit: int) -> list[LookShown]:
    """When firms looked at a quarter in which they pay for uses of this account, newest first."""
    rows = await connection.fetch(
        """
        SELECT f.name AS firm_name, k.administrator_id, k.quarter, k.looked_at, k.kind
          FROM firm_looks AS k
          JOIN firms AS f USING (paa_id)
         WHERE k.kind IN ('usage', 'statement')
           AND EXISTS (SELECT FROM usage_lines AS l
                        WHERE l.account_id = $1 AND l.paa_id = k.paa_id AND l.billed_quarter = k.quarter
                          AND l.recorded_at <= k.looked_at)
         ORDER BY k.looked_at DESC, k.look_id DESC
         LIMIT $2
        """,
        account_id,
        limit,
    )
    return [LookShown(**row) for row in rows]


def _usage_shown(row: Record) -> UsageShown:
    size = Usage(
        kind=row["kind"],
        page_count=row["page_count"],
        byte_count=row["byte_count"],
        record_count=row["record_count"],
    )
    pages = count_pages(size)
    return UsageShown(
        line_id=row["id"],
        used_at=row["used_at"],
        court_id=row["court_id"],
        kind=row["kind"],
        description=row["description"],
        case_number=row["case_number"],
        client_code=row["client_code"],
        pages=pages.count if isinstance(pages, Pages) else 0,
        gross_cents=row["gross_cents"],
        exempt_cents=row["exempt_cents"],
        account_number=row["account_number"],
        member_name=f"{row['first_name']} {row['last_name']}".strip(),
        paid_by_firm=row["paid_by_firm"],
    )

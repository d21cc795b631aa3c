"""What may be filed: each question about it is one statement on linking's own tables."""

from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.linking.model import AccountState, FilingHere
from shared.database import Connection
from shared.messages.linking import Filer, FilingRight

_STATE = tuple(AccountState.__dataclass_fields__)


async def read_filing_rights(
    connection: Connection, account_id: UUID, now: datetime
) -> tuple[AccountState | None, tuple[FilingRight, ...]]:
    """What our copy says of an account, and its links at courts that are live and name it, in one read."""
    rows = await connection.fetch(
        """
        SELECT accounts.version, accounts.kind, accounts.generation, accounts.status,
               accounts.email_verified,
               linked.link_id, linked.court_id, linked.court_name, linked.login, linked.name, linked.role,
               linked.linked_at
          FROM (VALUES ($1::uuid)) AS asked (account_id)
          LEFT JOIN accounts ON accounts.account_id = asked.account_id
          LEFT JOIN (SELECT links.account_id, links.id AS link_id, links.court_id, courts.name AS court_name,
                            filing_accounts.login, filing_accounts.name, links.role, links.linked_at
                       FROM links
                       JOIN courts ON courts.id = links.court_id AND courts.go_live_at <= $2
                       JOIN filing_accounts ON filing_accounts.id = links.filing_account_id
                                           AND filing_accounts.gone_at IS NULL
                      WHERE links.unlinked_at IS NULL) AS linked
            ON linked.account_id = asked.account_id
         ORDER BY linked.court_id, linked.role
        """,
        account_id,
        now,
    )
    rights = (
        FilingRight(**{name: row[name] for name in FilingRight.__struct_fields__})
        for row in rows
        if row["link_id"]
    )
    return _known(rows[0]), tuple(rights)


async def read_filing_here(connection: Connection, account_id: UUID, court_id: str) -> FilingHere:
    """What our copy says of an account, the court, and the account's links there by role, in one read."""
    rows = await connection.fetch(
        """
        SELECT accounts.version, accounts.kind, accounts.generation, accounts.status,
               accounts.email_verified,
               courts.id IS NOT NULL AS is_court_known, courts.go_live_at,
               linked.link_id, linked.login, linked.name, linked.role, linked.linked_at
          FROM (VALUES ($1::uuid, $2::text)) AS asked (account_id, court_id)
          LEFT JOIN accounts ON accounts.account_id = asked.account_id
          LEFT JOIN courts ON courts.id = asked.court_id
          LEFT JOIN (SELECT links.account_id, links.court_id, links.id AS link_id, filing_accounts.login,
                            filing_accounts.name, links.role, links.linked_at
                       FROM links
                       JOIN filing_accounts ON filing_accounts.id = links.filing_account_id
                                           AND filing_accounts.gone_at IS NULL
                      WHERE links.unlinked_at IS NULL) AS linked
            ON linked.account_id = asked.account_id AND linked.court_id = asked.court_id
         ORDER BY linked.role
        """,
        account_id,
        court_id,
    )
    return FilingHere(
        known=_known(rows[0]),
        is_court_known=rows[0]["is_court_known"],
        court_go_live_at=rows[0]["go_live_at"],
        filers=tuple(
            Filer(**{name: row[name] for name in Filer.__struct_fields__}) for row in rows if row["link_id"]
        ),
    )


def _known(row: Record) -> AccountState | None:
    return None if row["version"] is None else AccountState(**{name: row[name] for name in _STATE})

"""The history of links in the database."""

from uuid import UUID

from services.linking.store.people import person_seen
from shared.database import Connection
from shared.messages.linking.history import LinkOfFilingAccount, MyLink


async def list_links_of_account(
    connection: Connection, account_id: UUID, before: UUID | None, limit: int
) -> list[MyLink]:
    """An account's links before one of them, present and past, the newest first."""
    rows = await connection.fetch(
        """
        SELECT links.id AS link_id, links.court_id, courts.name AS court_name, filing_accounts.login,
               filing_accounts.name, links.role, links.linked_at, links.unlinked_at, links.unlinked_by,
               coalesce(links.remark, '') AS remark
          FROM links
          JOIN courts ON courts.id = links.court_id
          JOIN filing_accounts ON filing_accounts.id = links.filing_account_id
         WHERE links.account_id = $1 AND ($2::uuid IS NULL OR links.id < $2)
         ORDER BY links.id DESC
         LIMIT $3
        """,
        account_id,
        before,
        limit,
    )
    return [MyLink(**row) for row in rows]


async def list_links_of_login(
    connection: Connection, court_id: str, login: str, before: UUID | None, limit: int
) -> list[LinkOfFilingAccount]:
    """The links of a court's filing account before one of them, with who held it, the newest first."""
    rows = await connection.fetch(
        """
        SELECT links.id, links.account_id, accounts.account_number, accounts.first_name, accounts.last_name,
               links.role, links.linked_at, links.unlinked_at, links.unlinked_by,
               links.unlinked_by_account_id, coalesce(links.remark, '') AS remark
          FROM filing_accounts
          JOIN links ON links.filing_account_id = filing_accounts.id
          LEFT JOIN accounts ON accounts.account_id = links.account_id
         WHERE filing_accounts.court_id = $1 AND filing_accounts.login = $2
           AND ($3::uuid IS NULL OR links.id < $3)
         ORDER BY links.id DESC
         LIMIT $4
        """,
        court_id,
        login,
        before,
        limit,
    )
    return [
        LinkOfFilingAccount(
            link_id=row["id"],
            person=person_seen(row),
            role=row["role"],
            linked_at=row["linked_at"],
            unlinked_at=row["unlinked_at"],
            unlinked_by=row["unlinked_by"],
            unlinked_by_account_id=row["unlinked_by_account_id"],
            remark=row["remark"],
        )
        for row in rows
    ]

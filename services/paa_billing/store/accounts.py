"""The copy of accounts, and which of them file somewhere."""

from collections.abc import Sequence
from uuid import UUID

from services.paa_billing.model.firms import Account, AccountOfUse
from shared.database import Connection

_NUMBER_LOCK_CLASS = 1_909
"""The first key of the advisory locks on account numbers; the second is a hash of the number."""


async def upsert_account(connection: Connection, account: Account) -> bool:
    """Keep an account's state if it is newer than what is kept; says whether it was."""
    status = await connection.execute(
        """
        INSERT INTO accounts (account_id, version, account_number, first_name, last_name, kind, generation,
                              status, is_search_active, has_second_factor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (account_id) DO UPDATE
           SET version = excluded.version, first_name = excluded.first_name,
               last_name = excluded.last_name, kind = excluded.kind, generation = excluded.generation,
               status = excluded.status, is_search_active = excluded.is_search_active,
               has_second_factor = excluded.has_second_factor
         WHERE accounts.version < excluded.version
        """,
        account.account_id,
        account.version,
        account.account_number,
        account.first_name,
        account.last_name,
        account.kind,
        account.generation,
        account.status,
        account.is_search_active,
        account.has_second_factor,
    )
    return status == "INSERT 0 1"


async def blank_account(connection: Connection, account_id: UUID) -> None:
    """Forget a person's names; number and lines stay, for they are billing records."""
    await connection.execute(
        "UPDATE accounts SET first_name = '', last_name = '' WHERE account_id = $1", account_id
    )


async def find_account(connection: Connection, account_id: UUID) -> Account | None:
    row = await connection.fetchrow(
        """
        SELECT account_id, version, account_number, first_name, last_name, kind, generation, status,
               is_search_active, has_second_factor
          FROM accounts
         WHERE account_id = $1
        """,
        account_id,
    )
    return None if row is None else Account(**row)


async def lock_account(connection: Connection, account_id: UUID) -> Account | None:
    """Read an account and hold its row: its payer changes one after the other, and not during an intake."""
    row = await connection.fetchrow(
        """
        SELECT account_id, version, account_number, first_name, last_name, kind, generation, status,
               is_search_active, has_second_factor
          FROM accounts
         WHERE account_id = $1
           FOR UPDATE
        """,
        account_id,
    )
    return None if row is None else Account(**row)


async def find_account_by_number(connection: Connection, account_number: str) -> Account | None:
    row = await connection.fetchrow(
        """
        SELECT account_id, version, account_number, first_name, last_name, kind, generation, status,
               is_search_active, has_second_factor
          FROM accounts
         WHERE account_number = $1
        """,
        account_number,
    )
    return None if row is None else Account(**row)


async def share_accounts(connection: Connection, account_numbers: Sequence[str]) -> dict[str, AccountOfUse]:
    """The known accounts by number, held so that nobody's payer changes while their uses are booked.

    They are held in the order given. Each is looked up by itself: for a list whose length isn't known, a plan
    can read the whole table and compare each row with each number.
    """
    rows = await connection.fetch(
        """
        SELECT held.account_number, held.account_id, held.kind
          FROM unnest($1::text[]) AS asked (account_number)
         CROSS JOIN LATERAL (
               SELECT account_number, account_id, kind
                 FROM accounts
                WHERE account_number = asked.account_number
                  FOR SHARE
         ) AS held
        """,
        account_numbers,
    )
    return {number: AccountOfUse(account_id=account_id, kind=kind) for number, account_id, kind in rows}


async def hold_number(connection: Connection, account_number: str) -> None:
    """Let nobody find out meanwhile that this number is unknown: an account is about to get it."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock($1, hashtext($2))", _NUMBER_LOCK_CLASS, account_number
    )


async def share_numbers(connection: Connection, account_numbers: Sequence[str]) -> None:
    """Let no account get one of these numbers meanwhile; look them up again then, for one may just have."""
    await connection.fetch(
        """
        SELECT pg_advisory_xact_lock_shared($1, hashtext(account_number))
          FROM unnest($2::text[]) AS asked (account_number)
        """,
        _NUMBER_LOCK_CLASS,
        account_numbers,
    )


async def insert_filing_link(connection: Connection, link_id: UUID, account_id: UUID) -> None:
    """Note a link, unless its end is known already."""
    await connection.execute(
        """
        INSERT INTO filing_links (link_id, account_id, is_unlinked)
        VALUES ($1, $2, false)
        ON CONFLICT (link_id) DO NOTHING
        """,
        link_id,
        account_id,
    )


async def end_filing_link(connection: Connection, link_id: UUID, account_id: UUID) -> None:
    """Note a link's end, also when it comes before the link."""
    await connection.execute(
        """
        INSERT INTO filing_links (link_id, account_id, is_unlinked)
        VALUES ($1, $2, true)
        ON CONFLICT (link_id) DO UPDATE SET is_unlinked = true
        """,
        link_id,
        account_id,
    )

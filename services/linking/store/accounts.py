"""Our copy of the accounts' public state."""

from datetime import datetime
from uuid import UUID

from services.linking.model import AccountState
from shared.database import Connection
from shared.messages.accounts import AccountChanged

_LAST_VERSION = 2**31 - 1
"""The version of an erased account: no event or assertion still on its way has a higher one."""


async def lock_account(connection: Connection, account_id: UUID) -> None:
    """Let one transaction at a time link, unlink or erase for an account, known to our copy or not."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(account_id))


async def find_account_state(connection: Connection, account_id: UUID) -> AccountState | None:
    """What our copy says of an account, if it knows it."""
    row = await connection.fetchrow(
        "SELECT version, kind, generation, status, email_verified FROM accounts WHERE account_id = $1",
        account_id,
    )
    return None if row is None else AccountState(**row)


async def save_account(connection: Connection, account: AccountChanged) -> None:
    """Take a newer version over; an older one changes nothing, and an erased account has the last one."""
    await connection.execute(
        """
        INSERT INTO accounts (account_id, version, account_number, first_name, last_name, kind, generation,
                              status, email_verified, is_search_active, has_second_factor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (account_id) DO UPDATE
           SET version = excluded.version,
               account_number = excluded.account_number,
               first_name = excluded.first_name,
               last_name = excluded.last_name,
               kind = excluded.kind,
               generation = excluded.generation,
               status = excluded.status,
               email_verified = excluded.email_verified,
               is_search_active = excluded.is_search_active,
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
        account.email_verified,
        account.is_search_active,
        account.has_second_factor,
    )


async def blank_account(connection: Connection, account_id: UUID, at: datetime) -> None:
    """Keep the id alone; nothing that still arrives about the account is taken over."""
    await connection.execute(
        """
        INSERT INTO accounts (account_id, version, account_number, first_name, last_name, kind, generation,
                              status, email_verified, is_search_active, has_second_factor, erased_at)
        VALUES ($1, $2, '', '', '', 'individual', 'legacy', 'deactivated', false, false, false, $3)
        ON CONFLICT (account_id) DO UPDATE
           SET version = excluded.version,
               account_number = '',
               first_name = '',
               last_name = '',
               status = 'deactivated',
               email_verified = false,
               is_search_active = false,
               has_second_factor = false,
               erased_at = coalesce(accounts.erased_at, excluded.erased_at)
        """,
        account_id,
        _LAST_VERSION,
        at,
    )

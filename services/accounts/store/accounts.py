"""SQL of accounts: who somebody is."""

from collections.abc import Collection
from operator import attrgetter
from uuid import UUID

from services.accounts.model import Account, Likeness
from shared.database import Connection
from shared.errors import NotYetKnownError

# What goes into each `$n` of the two statements that write a whole account, in order.
_inserted = attrgetter(
    *("id", "account_number", "version", "kind", "generation", "status", "is_shared", "user_name"),
    *("user_name_key", "legacy_user_name_key", "first_name", "last_name", "name_key", "email", "email_key"),
    *("is_email_verified", "date_of_birth", "address", "city", "state", "postal_code", "county", "phone"),
    *("user_type", "is_search_active", "has_second_factor", "is_factor_announced", "factor_skips_used"),
    *("created_at", "upgraded_at", "deactivated_at"),
)
_updated = attrgetter(
    *("id", "version", "generation", "status", "user_name", "user_name_key", "first_name", "last_name"),
    *("name_key", "email", "email_key", "is_email_verified", "date_of_birth", "address", "city", "state"),
    *("postal_code", "county", "phone", "user_type", "is_search_active", "has_second_factor"),
    *("is_factor_announced", "factor_skips_used", "upgraded_at", "deactivated_at", "legacy_user_name_key"),
    *("erased_at", "is_search_withheld"),
)


async def get_account(connection: Connection, account_id: UUID) -> Account:
    """Read an account. Raises NotYetKnownError."""
    return _known(await find_account(connection, account_id), account_id)


async def find_account(connection: Connection, account_id: UUID) -> Account | None:
    """Read an account, if there is one."""
    row = await connection.fetchrow(
        """
        SELECT id, account_number, version, kind, generation, status, is_shared, user_name, user_name_key,
               legacy_user_name_key, first_name, last_name, name_key, email, email_key, is_email_verified,
               date_of_birth, address, city, state, postal_code, county, phone, user_type, is_search_active,
               has_second_factor, is_factor_announced, factor_skips_used, created_at, upgraded_at,
               deactivated_at, erased_at, is_search_withheld
          FROM accounts
         WHERE id = $1
        """,
        account_id,
    )
    return None if row is None else Account(**row)


async def list_accounts(connection: Connection, account_ids: Collection[UUID]) -> list[Account]:
    """Read several accounts, by id."""
    rows = await connection.fetch(
        """
        SELECT id, account_number, version, kind, generation, status, is_shared, user_name, user_name_key,
               legacy_user_name_key, first_name, last_name, name_key, email, email_key, is_email_verified,
               date_of_birth, address, city, state, postal_code, county, phone, user_type, is_search_active,
               has_second_factor, is_factor_announced, factor_skips_used, created_at, upgraded_at,
               deactivated_at, erased_at, is_search_withheld
          FROM accounts
         WHERE id = ANY($1::uuid[])
         ORDER BY id
        """,
        list(account_ids),
    )
    return [Account(**row) for row in rows]


async def lock_account(connection: Connection, account_id: UUID) -> Account:
    """Read an account and hold its row: whoever changes anything of it waits. Raises NotYetKnownError."""
    row = await connection.fetchrow(
        """
        SELECT id, account_number, version, kind, generation, status, is_shared, user_name, user_name_key,
               legacy_user_name_key, first_name, last_name, name_key, email, email_key, is_email_verified,
               date_of_birth, address, city, state, postal_code, county, phone, user_type, is_search_active,
               has_second_factor, is_factor_announced, factor_skips_used, created_at, upgraded_at,
               deactivated_at, erased_at, is_search_withheld
          FROM accounts
         WHERE id = $1
           FOR NO KEY UPDATE
        """,
        account_id,
    )
    return _known(None if row is None else Account(**row), account_id)


async def hold_accounts(connection: Connection, account_ids: Collection[UUID]) -> None:
    """Hold several accounts, always in the same order, so that two who do it never wait in a ring."""
    await connection.execute(
        "SELECT FROM accounts WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", list(account_ids)
    )


def _known(account: Account | None, account_id: UUID) -> Account:
    if account is None:
        raise NotYetKnownError(f"account {account_id}")
    return account


async def find_id_by_number(connection: Connection, account_number: str) -> UUID | None:
    """Whose number is it?"""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM accounts WHERE account_number = $1", account_number
    )
    return found


async def find_id_by_user_name(connection: Connection, user_name_key: str) -> UUID | None:
    """Whose user name is it?"""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM accounts WHERE user_name_key = $1", user_name_key
    )
    return found


async def list_known_legacy_names(connection: Connection, user_name_keys: list[str]) -> set[str]:
    """Those of the names under which an account was taken over before, upgraded or erased since or not."""
    rows = await connection.fetch(
        """
        SELECT name
          FROM unnest($1::text[]) AS name
         WHERE EXISTS (SELECT FROM accounts WHERE legacy_user_name_key = name)
            OR EXISTS (SELECT FROM taken_user_names WHERE name_hash = sha256(convert_to(name, 'UTF8')))
        """,
        user_name_keys,
    )
    return {row["name"] for row in rows}


async def lock_identity(connection: Connection, key: str) -> None:
    """Hold a user name, a name with date of birth, or an address, so that two like ones see each other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)


async def list_likenesses(connection: Connection, account: Account) -> list[Likeness]:
    """The accounts that are equal in at least two of name, date of birth and address.

    One whose address was never proved doesn't count: anybody could make it, of anybody's data. A legacy one
    does: it was taken over, not made by whoever came along.
    """
    rows = await connection.fetch(
        """
        SELECT name_key = $2 AS is_name_equal,
               coalesce(date_of_birth = $3, false) AS is_birth_equal,
               email_key = $4 AS is_email_equal
          FROM accounts
         WHERE id <> $1
           AND (is_email_verified OR generation = 'legacy')
           AND ((name_key = $2 AND date_of_birth = $3)
                OR (email_key = $4 AND (name_key = $2 OR date_of_birth = $3)))
         ORDER BY (name_key = $2 AND date_of_birth = $3 AND email_key = $4) DESC NULLS LAST
         LIMIT 20
        """,
        account.id,
        account.name_key,
        account.date_of_birth,
        account.email_key,
    )
    return [Likeness(**row) for row in rows]


async def insert_account(connection: Connection, account: Account) -> bool:
    """Add an account; False where its number or a user name is taken."""
    status = await connection.execute(
        """
        INSERT INTO accounts (
            id, account_number, version, kind, generation, status, is_shared, user_name, user_name_key,
            legacy_user_name_key, first_name, last_name, name_key, email, email_key, is_email_verified,
            date_of_birth, address, city, state, postal_code, county, phone, user_type, is_search_active,
            has_second_factor, is_factor_announced, factor_skips_used, created_at, upgraded_at,
            deactivated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)
        ON CONFLICT DO NOTHING
        """,
        *_inserted(account),
    )
    return status == "INSERT 0 1"


async def update_account(connection: Connection, account: Account) -> None:
    """Write all of an account that may change."""
    await connection.execute(
        """
        UPDATE accounts
           SET version = $2, generation = $3, status = $4, user_name = $5, user_name_key = $6,
               first_name = $7, last_name = $8, name_key = $9, email = $10, email_key = $11,
               is_email_verified = $12, date_of_birth = $13, address = $14, city = $15, state = $16,
               postal_code = $17, county = $18, phone = $19, user_type = $20, is_search_active = $21,
               has_second_factor = $22, is_factor_announced = $23, factor_skips_used = $24,
               upgraded_at = $25, deactivated_at = $26, legacy_user_name_key = $27, erased_at = $28,
               is_search_withheld = $29
         WHERE id = $1
        """,
        *_updated(account),
    )

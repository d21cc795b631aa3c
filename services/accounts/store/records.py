"""SQL of erasures: those that were asked for, and what goes with an account."""

from collections.abc import Sequence
from uuid import UUID

from services.accounts.model import AskedErasure
from shared.database import Connection


async def insert_asked_erasure(connection: Connection, asked: AskedErasure) -> None:
    """Note that an erasure was asked for; whoever does holds the account's row."""
    await connection.execute(
        """
        INSERT INTO asked_erasures (account_id, asked_at, final_at, status, is_search_active)
        VALUES ($1, $2, $3, $4, $5)
        """,
        asked.account_id,
        asked.asked_at,
        asked.final_at,
        asked.status,
        asked.is_search_active,
    )


async def find_asked_erasure(connection: Connection, account_id: UUID) -> AskedErasure | None:
    """The erasure that was asked for and not taken back, if there is one."""
    row = await connection.fetchrow(
        """
        SELECT account_id, asked_at, final_at, status, is_search_active
          FROM asked_erasures
         WHERE account_id = $1
        """,
        account_id,
    )
    return None if row is None else AskedErasure(**row)


async def delete_asked_erasure(connection: Connection, account_id: UUID) -> None:
    """The erasure was taken back, or is done."""
    await connection.execute("DELETE FROM asked_erasures WHERE account_id = $1", account_id)


async def keep_names_taken(connection: Connection, account_id: UUID, user_name_keys: Sequence[str]) -> None:
    """Nobody gets these user names again, or those given up before, and nothing says whose they were."""
    await connection.execute(
        """
        WITH former AS (DELETE FROM former_user_names WHERE account_id = $1 RETURNING user_name_key)
        INSERT INTO taken_user_names (name_hash)
        SELECT sha256(convert_to(name, 'UTF8')) FROM unnest($2::text[]) AS name
         UNION
        SELECT sha256(convert_to(user_name_key, 'UTF8')) FROM former
        ON CONFLICT DO NOTHING
        """,
        account_id,
        user_name_keys,
    )


async def list_addresses(connection: Connection, account_id: UUID) -> list[str]:
    """Every e-mail address that the account has, had, or was to have."""
    rows = await connection.fetch(
        """
        SELECT email FROM accounts WHERE id = $1
        UNION
        SELECT email FROM email_verifications WHERE account_id = $1
        UNION
        SELECT email FROM one_time_tokens WHERE account_id = $1
        """,
        account_id,
    )
    return [row["email"] for row in rows]


async def list_user_names(connection: Connection, account_id: UUID) -> list[str]:
    """Every user name that the account has or had, from before 2014 too, as names are compared."""
    rows = await connection.fetch(
        """
        SELECT user_name_key FROM accounts WHERE id = $1
        UNION
        SELECT legacy_user_name_key FROM accounts WHERE id = $1 AND legacy_user_name_key IS NOT NULL
        UNION
        SELECT user_name_key FROM former_user_names WHERE account_id = $1
        """,
        account_id,
    )
    return [row["user_name_key"] for row in rows]


async def delete_what_proves(connection: Connection, account_id: UUID) -> None:
    """Forget all by which the holder was known: password, factors, sessions, networks, tokens."""
    await connection.execute(
        """
        WITH passwords AS (DELETE FROM credentials WHERE account_id = $1),
             counts AS (DELETE FROM guards WHERE account_id = $1),
             factors AS (DELETE FROM authenticators WHERE account_id = $1),
             codes AS (DELETE FROM backup_codes WHERE account_id = $1),
             mails AS (DELETE FROM recovery_mails WHERE account_id = $1),
             networks AS (DELETE FROM known_networks WHERE account_id = $1),
             verifications AS (DELETE FROM email_verifications WHERE account_id = $1),
             tokens AS (DELETE FROM one_time_tokens WHERE account_id = $1),
             programs AS (DELETE FROM personal_tokens WHERE account_id = $1)
        DELETE FROM sessions WHERE account_id = $1
        """,
        account_id,
    )


async def blank_history(connection: Connection, account_id: UUID) -> None:
    """Drop salt and content of an erased account's history; hashes stay, and the chain still verifies."""
    await connection.execute("SELECT blank_history($1)", account_id)

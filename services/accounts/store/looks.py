"""What PSC staff look for and see: SQL, and writing down for each holder that it was seen."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from services.accounts.model import LikeAccount
from services.accounts.store import history, saving
from services.accounts.store.saving import Work
from shared.database import Connection

LOOK = "seen_by_staff"
_MOST_LIKE = 500


async def find_ids_by_email(
    connection: Connection, email_key: str, after: UUID | None, limit: int
) -> list[UUID]:
    """The accounts of an address, after one of them."""
    rows = await connection.fetch(
        """
        SELECT id FROM accounts
         WHERE email_key = $1 AND ($2::uuid IS NULL OR id > $2)
         ORDER BY id
         LIMIT $3
        """,
        email_key,
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def find_ids_by_name(
    connection: Connection, last_name: str, first_name: str | None, after: UUID | None, limit: int
) -> list[UUID]:
    """The accounts of a last name, and a first one if given, whatever the case; after one of them."""
    rows = await connection.fetch(
        """
        SELECT id FROM accounts
         WHERE lower(last_name) = lower($1) AND ($2::text IS NULL OR lower(first_name) = lower($2))
           AND ($3::uuid IS NULL OR id > $3)
         ORDER BY id
         LIMIT $4
        """,
        last_name,
        first_name,
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def list_held_ids(connection: Connection, after: UUID | None, limit: int) -> list[UUID]:
    """The accounts that wait for a review, after one of them."""
    rows = await connection.fetch(
        """
        SELECT id FROM accounts
         WHERE status = 'held_for_review' AND ($1::uuid IS NULL OR id > $1)
         ORDER BY id
         LIMIT $2
        """,
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def list_like_accounts(
    connection: Connection, account_ids: Collection[UUID], among: Collection[UUID] | None = None
) -> list[LikeAccount]:
    """What each is like in at least two of name, date of birth and address: all, or those `among` some.

    One whose address was never proved doesn't count, as for `list_likenesses`, nor is it like any: staff
    could register one with somebody's name, and try dates of birth until it is like them.
    """
    rows = await connection.fetch(
        """
        SELECT a.id AS of_account_id, b.id AS account_id, b.account_number,
               b.name_key = a.name_key AS is_name_equal,
               coalesce(b.date_of_birth = a.date_of_birth, false) AS is_birth_equal,
               b.email_key = a.email_key AS is_email_equal
          FROM accounts a
          JOIN accounts b
            ON b.id <> a.id
           AND (b.is_email_verified OR b.generation = 'legacy')
           AND ((b.name_key = a.name_key AND b.date_of_birth = a.date_of_birth)
                OR (b.email_key = a.email_key
                    AND (b.name_key = a.name_key OR b.date_of_birth = a.date_of_birth)))
         WHERE a.id = ANY($1::uuid[])
           AND (a.is_email_verified OR a.generation = 'legacy')
           AND ($3::uuid[] IS NULL OR b.id = ANY($3))
         ORDER BY a.id, b.id
         LIMIT $2
        """,
        list(account_ids),
        _MOST_LIKE,
        None if among is None else list(among),
    )
    return [LikeAccount(**row) for row in rows]


async def list_locks(
    connection: Connection, account_ids: Collection[UUID], now: datetime
) -> dict[UUID, datetime]:
    """Until when those of the accounts are locked that are."""
    rows = await connection.fetch(
        """
        SELECT account_id, max(locked_until) AS locked_until
          FROM guards
         WHERE account_id = ANY($1::uuid[]) AND locked_until > $2
         GROUP BY account_id
        """,
        list(account_ids),
        now,
    )
    return {row["account_id"]: row["locked_until"] for row in rows}


async def hold_unerased(connection: Connection, account_ids: Collection[UUID]) -> list[UUID]:
    """Hold those of the accounts of which anything is left to see, always in the same order."""
    rows = await connection.fetch(
        """
        SELECT id FROM accounts
         WHERE id = ANY($1::uuid[]) AND erased_at IS NULL
         ORDER BY id
           FOR NO KEY UPDATE
        """,
        list(account_ids),
    )
    return [row["id"] for row in rows]


async def record_look(work: Work, account_id: UUID, view: str) -> None:
    """Write a look at one person down, each time; the account's row is held."""
    await saving.record_for(work, account_id, LOOK, **_content(work, view))


async def record_looks(work: Work, account_ids: Collection[UUID], view: str) -> list[UUID]:
    """Write a look at many down for each, once a day for each viewer and view; answers who is to be seen."""
    held = await hold_unerased(work.connection, account_ids)
    content = _content(work, view)
    known = await history.list_accounts_with_entry(
        work.connection, held, LOOK, saving.as_content(content), work.now - timedelta(days=1)
    )
    for account_id in sorted(set(held) - known):
        await saving.record_for(work, account_id, LOOK, **content)
    return held


def _content(work: Work, view: str) -> dict[str, str]:
    return {"actor_account_id": str(work.assertion.account_id), "view": view}

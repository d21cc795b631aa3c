"""SQL of the security history."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.accounts.model import HistoryEnd, HistoryEntry, HistoryHead
from shared.database import Connection

_LAST_SEQUENCE = 2**63 - 1


async def find_end(connection: Connection, account_id: UUID) -> HistoryEnd | None:
    """The entry that the next one follows; whoever adds one holds the account's row."""
    row = await connection.fetchrow(
        """
        SELECT sequence, entry_hash FROM history WHERE account_id = $1 ORDER BY sequence DESC LIMIT 1
        """,
        account_id,
    )
    return None if row is None else HistoryEnd(**row)


async def list_entries(connection: Connection, account_id: UUID) -> list[HistoryEntry]:
    """All entries of an account, from its first."""
    rows = await connection.fetch(
        """
        SELECT account_id, sequence, at, kind, salt, content, content_hash, previous_hash, entry_hash
          FROM history
         WHERE account_id = $1
         ORDER BY sequence
        """,
        account_id,
    )
    return [HistoryEntry(**row) for row in rows]


async def list_newest(
    connection: Connection, account_id: UUID, before: int | None, limit: int
) -> list[HistoryEntry]:
    """The newest entries of an account, or the newest before one of them, from the newest."""
    rows = await connection.fetch(
        """
        SELECT account_id, sequence, at, kind, salt, content, content_hash, previous_hash, entry_hash
          FROM history
         WHERE account_id = $1 AND ($2::bigint IS NULL OR sequence < $2)
         ORDER BY sequence DESC
         LIMIT $3
        """,
        account_id,
        None if before is None else min(before, _LAST_SEQUENCE),
        limit,
    )
    return [HistoryEntry(**row) for row in rows]


async def insert_entry(connection: Connection, entry: HistoryEntry) -> None:
    """Add an entry."""
    await connection.execute(
        """
        INSERT INTO history (account_id, sequence, at, kind, salt, content, content_hash, previous_hash,
                             entry_hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        entry.account_id,
        entry.sequence,
        entry.at,
        entry.kind,
        entry.salt,
        entry.content,
        entry.content_hash,
        entry.previous_hash,
        entry.entry_hash,
    )


async def list_accounts_with_entry(
    connection: Connection, account_ids: Collection[UUID], kind: str, content: str, since: datetime
) -> set[UUID]:
    """Those of the accounts that have an entry of this kind and content later than an instant."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT account_id
          FROM history
         WHERE account_id = ANY($1::uuid[]) AND kind = $2 AND content = $3 AND at > $4
        """,
        list(account_ids),
        kind,
        content,
        since,
    )
    return {row["account_id"] for row in rows}


async def count_entries(connection: Connection, account_id: UUID, kind: str, since: datetime) -> int:
    """How many entries of this kind has an account since an instant?"""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM history WHERE account_id = $1 AND kind = $2 AND at > $3",
            account_id,
            kind,
            since,
        )
    )


async def list_heads(
    connection: Connection, account_number: str | None, after: UUID, limit: int
) -> list[HistoryHead]:
    """Where the histories of accounts end, or that of one; by account, those after one of them."""
    rows = await connection.fetch(
        """
        SELECT a.id AS account_id, a.account_number, a.erased_at IS NOT NULL AS is_erased, h.sequence,
               h.entry_hash
          FROM accounts a
          LEFT JOIN history_heads h ON h.account_id = a.id
         WHERE a.id > $2 AND ($1::text IS NULL OR a.account_number = $1)
         ORDER BY a.id
         LIMIT $3
        """,
        account_number,
        after,
        limit,
    )
    return [HistoryHead(**{name: value for name, value in row.items() if value is not None}) for row in rows]


async def list_entries_between(
    connection: Connection, after: tuple[UUID, int], last_account_id: UUID, limit: int
) -> list[HistoryEntry]:
    """The entries that follow an account's entry of a sequence, of it and of the accounts up to the last."""
    rows = await connection.fetch(
        """
        SELECT account_id, sequence, at, kind, salt, content, content_hash, previous_hash, entry_hash
          FROM history
         WHERE (account_id, sequence) > ($1, $2) AND account_id <= $3
         ORDER BY account_id, sequence
         LIMIT $4
        """,
        *after,
        last_account_id,
        limit,
    )
    return [HistoryEntry(**row) for row in rows]

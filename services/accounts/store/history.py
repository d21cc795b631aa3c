"""SQL of the security history."""

from uuid import UUID

from services.accounts.model import HistoryEntry
from shared.database import Connection


async def find_last_entry(connection: Connection, account_id: UUID) -> HistoryEntry | None:
    """The entry that the next one follows; whoever adds one holds the account's row."""
    row = await connection.fetchrow(
        """
        SELECT account_id, sequence, at, kind, salt, content, content_hash, previous_hash, entry_hash
          FROM history
         WHERE account_id = $1
         ORDER BY sequence DESC
         LIMIT 1
        """,
        account_id,
    )
    return None if row is None else HistoryEntry(**row)


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
        before,
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

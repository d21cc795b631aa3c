"""The queues of conflicts in the database; a conflict is open while its holder's link is."""

from datetime import datetime
from uuid import UUID

from services.linking.model.cases import Conflict
from services.linking.store.people import person_seen
from shared.database import Connection
from shared.messages.linking.conflicts import ConflictSeen, ConflictSettled


async def list_open_conflicts(
    connection: Connection, court_id: str, after: UUID | None, limit: int
) -> list[ConflictSeen]:
    """The open conflicts at a court after one of them, with both who claim a filing account."""
    rows = await connection.fetch(
        """
        SELECT conflicts.id, conflicts.filing_account_id, filing_accounts.login, filing_accounts.name,
               links.role, links.linked_at, conflicts.found_at,
               conflicts.holder_account_id, holders.account_number AS holder_account_number,
               holders.first_name AS holder_first_name, holders.last_name AS holder_last_name,
               conflicts.claimant_account_id, claimants.account_number AS claimant_account_number,
               claimants.first_name AS claimant_first_name, claimants.last_name AS claimant_last_name
          FROM conflicts
          JOIN filing_accounts ON filing_accounts.id = conflicts.filing_account_id
          JOIN links ON links.filing_account_id = conflicts.filing_account_id
                    AND links.account_id = conflicts.holder_account_id AND links.unlinked_at IS NULL
          LEFT JOIN accounts AS holders ON holders.account_id = conflicts.holder_account_id
          LEFT JOIN accounts AS claimants ON claimants.account_id = conflicts.claimant_account_id
         WHERE conflicts.court_id = $1 AND conflicts.settled_at IS NULL
           AND ($2::uuid IS NULL OR conflicts.id > $2)
         ORDER BY conflicts.id
         LIMIT $3
        """,
        court_id,
        after,
        limit,
    )
    return [
        ConflictSeen(
            conflict_id=row["id"],
            filing_account_id=row["filing_account_id"],
            login=row["login"],
            name=row["name"],
            role=row["role"],
            holder=person_seen(row, "holder_"),
            claimant=person_seen(row, "claimant_"),
            linked_at=row["linked_at"],
            found_at=row["found_at"],
        )
        for row in rows
    ]


async def find_conflict(connection: Connection, conflict_id: UUID) -> Conflict | None:
    """A conflict; lock its filing account and the holder's link before deciding on what is read."""
    row = await connection.fetchrow(
        """
        SELECT id, court_id, filing_account_id, holder_account_id, claimant_account_id, settled_at
          FROM conflicts
         WHERE id = $1
        """,
        conflict_id,
    )
    return None if row is None else Conflict(**row)


async def find_open_link_id(connection: Connection, filing_account_id: UUID, account_id: UUID) -> UUID | None:
    """The link by which an account holds a filing account now."""
    found: UUID | None = await connection.fetchval(
        """
        SELECT id FROM links
         WHERE filing_account_id = $1 AND account_id = $2 AND unlinked_at IS NULL
        """,
        filing_account_id,
        account_id,
    )
    return found


async def settle_conflict(connection: Connection, settled: ConflictSettled, remark: str) -> None:
    """Note what was decided, by whom and why."""
    await connection.execute(
        """
        UPDATE conflicts SET settled_at = $2, decision = $3, settled_by_account_id = $4, remark = $5
         WHERE id = $1
        """,
        settled.conflict_id,
        settled.settled_at,
        settled.decision,
        settled.actor_account_id,
        remark,
    )


async def settle_with_link(
    connection: Connection, filing_account_id: UUID, holder_account_id: UUID, at: datetime
) -> None:
    """The holder's link has ended, and with it what others claimed against it."""
    await connection.execute(
        """
        UPDATE conflicts SET settled_at = $3
         WHERE filing_account_id = $1 AND holder_account_id = $2 AND settled_at IS NULL
        """,
        filing_account_id,
        holder_account_id,
        at,
    )


async def blank_remarks_of_account(connection: Connection, account_id: UUID) -> None:
    """Blank what staff remarked on conflicts of an account."""
    await connection.execute(
        """
        UPDATE conflicts SET remark = '(erased)'
         WHERE (claimant_account_id = $1 OR holder_account_id = $1) AND remark IS NOT NULL
        """,
        account_id,
    )


async def blank_links_ended_for(connection: Connection, claimant_account_id: UUID) -> list[UUID]:
    """Blank what was remarked on links of others that were ended in this claimant's favour; answers which."""
    rows = await connection.fetch(
        """
        UPDATE links SET remark = '(erased)'
          FROM conflicts
         WHERE conflicts.claimant_account_id = $1 AND conflicts.decision = 'unlink_holder'
           AND links.filing_account_id = conflicts.filing_account_id
           AND links.account_id = conflicts.holder_account_id
           AND links.unlinked_at = conflicts.settled_at
        RETURNING links.id
        """,
        claimant_account_id,
    )
    return [row["id"] for row in rows]

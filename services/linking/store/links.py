"""Links and conflicts in the database."""

from datetime import datetime
from uuid import UUID

from services.linking.model import Link
from shared.database import Connection
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked, LinkConflictFound


async def insert_link(connection: Connection, link: FilingAccountLinked) -> None:
    """Keep a new link."""
    await connection.execute(
        """
        INSERT INTO links (id, account_id, court_id, filing_account_id, role, linked_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        link.link_id,
        link.account_id,
        link.court_id,
        link.filing_account_id,
        link.role,
        link.linked_at,
    )


async def find_filing_account_of_link(connection: Connection, link_id: UUID) -> UUID | None:
    """Which filing account a link is about, if there is such a link."""
    found: UUID | None = await connection.fetchval(
        "SELECT filing_account_id FROM links WHERE id = $1", link_id
    )
    return found


async def lock_link(connection: Connection, link_id: UUID) -> Link | None:
    """A link, held so that it ends once; lock its filing account first."""
    row = await connection.fetchrow(
        """
        SELECT id, account_id, court_id, filing_account_id, role, linked_at, unlinked_at
          FROM links
         WHERE id = $1
           FOR UPDATE
        """,
        link_id,
    )
    return None if row is None else Link(**row)


async def lock_open_links_of(connection: Connection, account_id: UUID) -> list[Link]:
    """The links that an account holds now, held, by id."""
    rows = await connection.fetch(
        """
        SELECT id, account_id, court_id, filing_account_id, role, linked_at, unlinked_at
          FROM links
         WHERE account_id = $1 AND unlinked_at IS NULL
         ORDER BY id
           FOR UPDATE
        """,
        account_id,
    )
    return [Link(**row) for row in rows]


async def end_link(connection: Connection, end: FilingAccountUnlinked) -> None:
    """Note when and by whom a link was ended, and why."""
    await connection.execute(
        """
        UPDATE links
           SET unlinked_at = $2, unlinked_by = $3, unlinked_by_account_id = $4, remark = $5
         WHERE id = $1 AND unlinked_at IS NULL
        """,
        end.link_id,
        end.unlinked_at,
        end.unlinked_by,
        end.actor_account_id,
        end.remark,
    )


async def blank_remarks(connection: Connection, account_id: UUID) -> None:
    """Blank what was remarked on the ended links of an account."""
    await connection.execute(
        """
        UPDATE links SET remark = CASE unlinked_by WHEN 'court' THEN '(erased)' ELSE '' END
         WHERE account_id = $1 AND unlinked_at IS NOT NULL
        """,
        account_id,
    )


async def insert_conflict(connection: Connection, conflict: LinkConflictFound, at: datetime) -> bool:
    """Put a conflict into the court's queue; answers False if this claim waits there already.

    Lock the filing account first: the conflict names who holds it now. The link is held too, so that its end
    finds the conflict that goes with it.
    """
    status = await connection.execute(
        """
        INSERT INTO conflicts (id, court_id, filing_account_id, holder_account_id, claimant_account_id,
                               found_at)
        SELECT $1, $2, filing_account_id, account_id, $4, $5
          FROM links
         WHERE filing_account_id = $3 AND unlinked_at IS NULL
           FOR SHARE
        ON CONFLICT (filing_account_id, claimant_account_id) WHERE settled_at IS NULL DO NOTHING
        """,
        conflict.conflict_id,
        conflict.court_id,
        conflict.filing_account_id,
        conflict.claimant_account_id,
        at,
    )
    return status == "INSERT 0 1"


async def settle_conflicts_of_account(connection: Connection, account_id: UUID, at: datetime) -> None:
    """Take out of the courts' queues what an account claimed or held."""
    await connection.execute(
        """
        UPDATE conflicts SET settled_at = $2
         WHERE (claimant_account_id = $1 OR holder_account_id = $1) AND settled_at IS NULL
        """,
        account_id,
        at,
    )

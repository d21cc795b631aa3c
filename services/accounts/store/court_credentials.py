"""SQL of the credentials of courts' machines."""

from datetime import datetime
from uuid import UUID

from services.accounts.model import CourtCredential
from shared.database import Connection


async def insert_credential(connection: Connection, credential: CourtCredential, secret_hash: bytes) -> None:
    """Keep a credential that was issued."""
    await connection.execute(
        """
        INSERT INTO court_credentials (id, court_id, name, secret_hash, issued_at, issued_by, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        credential.id,
        credential.court_id,
        credential.name,
        secret_hash,
        credential.issued_at,
        credential.issued_by,
        credential.ends_at,
    )


async def count_in_force(connection: Connection, court_id: str, now: datetime) -> int:
    """How many of a court are in force."""
    count: int = await connection.fetchval(
        """
        SELECT count(*)
          FROM court_credentials
         WHERE court_id = $1 AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $2)
        """,
        court_id,
        now,
    )
    return count


async def list_credentials(
    connection: Connection, court_id: str, limit: int, now: datetime
) -> tuple[CourtCredential, ...]:
    """Those of a court: all that are in force, and then the others, each newest first."""
    rows = await connection.fetch(
        """
        SELECT id, court_id, name, issued_at, issued_by, ends_at, ended_at, last_used_at
          FROM court_credentials
         WHERE court_id = $1
         ORDER BY ended_at IS NULL AND (ends_at IS NULL OR ends_at > $3) DESC, id DESC
         LIMIT $2
        """,
        court_id,
        limit,
        now,
    )
    return tuple(CourtCredential(**row) for row in rows)


async def end_credential(
    connection: Connection, court_id: str, credential_id: UUID, ended_by: UUID | None, at: datetime
) -> str | None:
    """End one of a court that is in force, and answer its name; None where none like it is."""
    name: str | None = await connection.fetchval(
        """
        UPDATE court_credentials SET ended_at = $4, ended_by = $3
         WHERE id = $2 AND court_id = $1 AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $4)
        RETURNING name
        """,
        court_id,
        credential_id,
        ended_by,
        at,
    )
    return name


async def find_in_force(connection: Connection, secret_hash: bytes, now: datetime) -> CourtCredential | None:
    """The credential with this hash, if it is in force."""
    row = await connection.fetchrow(
        """
        SELECT id, court_id, name, issued_at, issued_by, ends_at, ended_at, last_used_at
          FROM court_credentials
         WHERE secret_hash = $1 AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $2)
        """,
        secret_hash,
        now,
    )
    return None if row is None else CourtCredential(**row)


async def note_use(
    connection: Connection, credential_id: UUID, noted_before: datetime, now: datetime
) -> None:
    """Note that a credential is used, unless that was noted since an instant: machines ask all day."""
    await connection.execute(
        """
        UPDATE court_credentials SET last_used_at = $3
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
        """,
        credential_id,
        noted_before,
        now,
    )

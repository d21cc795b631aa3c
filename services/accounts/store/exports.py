"""SQL of exports and their parts."""

from uuid import UUID

from services.accounts.model import Export, ExportPart, Gathered
from shared.database import Connection
from shared.messaging.envelope import Envelope


async def insert_export(connection: Connection, export: Export, cause: Envelope) -> None:
    """Keep an export that begins; a second one under way of an account is a unique violation."""
    await connection.execute(
        """
        INSERT INTO exports (export_id, account_id, asked_at, expires_at, state, asked_by, correlation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        export.export_id,
        export.account_id,
        export.asked_at,
        export.expires_at,
        export.state,
        cause.message_id,
        cause.correlation_id,
    )


async def list_exports(connection: Connection, account_id: UUID) -> list[Export]:
    """The exports of an account that were not ended, the newest first."""
    rows = await connection.fetch(
        """
        SELECT export_id, account_id, asked_at, expires_at, state, key, sha256, size_bytes, secret
          FROM exports
         WHERE account_id = $1 AND state <> 'over'
         ORDER BY asked_at DESC, export_id
        """,
        account_id,
    )
    return [Export(**row) for row in rows]


async def find_export(connection: Connection, export_id: UUID) -> Export | None:
    """An export, if there is one."""
    row = await connection.fetchrow(
        """
        SELECT export_id, account_id, asked_at, expires_at, state, key, sha256, size_bytes, secret
          FROM exports
         WHERE export_id = $1
        """,
        export_id,
    )
    return None if row is None else Export(**row)


async def lock_export(connection: Connection, export_id: UUID) -> Export | None:
    """An export, held: its parts come one after the other, and none after its end."""
    row = await connection.fetchrow(
        """
        SELECT export_id, account_id, asked_at, expires_at, state, key, sha256, size_bytes, secret
          FROM exports
         WHERE export_id = $1
           FOR UPDATE
        """,
        export_id,
    )
    return None if row is None else Export(**row)


async def insert_part(connection: Connection, export_id: UUID, service: str, key: str, secret: bytes) -> None:
    """Keep where a service's part lies; the first that is told of counts."""
    await connection.execute(
        """
        INSERT INTO export_parts (export_id, service, key, secret)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        export_id,
        service,
        key,
        secret,
    )


async def list_parts(connection: Connection, export_id: UUID) -> list[ExportPart]:
    """The parts of an export that are there."""
    rows = await connection.fetch(
        "SELECT service, key, secret FROM export_parts WHERE export_id = $1 ORDER BY service", export_id
    )
    return [ExportPart(**row) for row in rows]


async def claim_gathered(
    connection: Connection, services: tuple[str, ...], lease_seconds: float
) -> Gathered | None:
    """Take an export of which the part of each service is there, for some time."""
    row = await connection.fetchrow(
        """
        WITH free AS MATERIALIZED (
               SELECT export_id
                 FROM exports AS e
                WHERE state = 'gathering'
                  AND (leased_until IS NULL OR leased_until < clock_timestamp())
                  AND (SELECT count(*) FROM export_parts AS p
                        WHERE p.export_id = e.export_id AND p.service = ANY ($1::text[])) = cardinality($1)
                ORDER BY asked_at
                LIMIT 1
                  FOR UPDATE SKIP LOCKED)
        UPDATE exports AS e
           SET leased_until = clock_timestamp() + make_interval(secs => $2)
          FROM free
         WHERE e.export_id = free.export_id
        RETURNING e.export_id, e.account_id, e.asked_at, e.expires_at, e.state, e.asked_by, e.correlation_id
        """,
        services,
        lease_seconds,
    )
    if row is None:
        return None
    fields = dict(row)
    asked_by, correlation_id = fields.pop("asked_by"), fields.pop("correlation_id")
    return Gathered(export=Export(**fields), asked_by=asked_by, correlation_id=correlation_id)


async def extend_export(connection: Connection, export_id: UUID, lease_seconds: float) -> None:
    """Keep a claimed export for some time more."""
    await connection.execute(
        """
        UPDATE exports SET leased_until = clock_timestamp() + make_interval(secs => $2) WHERE export_id = $1
        """,
        export_id,
        lease_seconds,
    )


async def finish_export(connection: Connection, export: Export) -> bool:
    """Write where the file lies, and drop the parts' secrets; no if the export has ended, or was finished."""
    status = await connection.execute(
        """
        WITH done AS (
               UPDATE exports SET state = 'ready', key = $2, sha256 = $3, size_bytes = $4, secret = $5
                WHERE export_id = $1 AND state = 'gathering'
               RETURNING export_id)
        DELETE FROM export_parts AS p USING done WHERE p.export_id = done.export_id
        """,
        export.export_id,
        export.key,
        export.sha256,
        export.size_bytes,
        export.secret,
    )
    return status != "DELETE 0"


async def end_exports(connection: Connection, account_id: UUID, export_id: UUID | None = None) -> None:
    """Drop every secret of an account's exports, or of one: nobody opens their objects any more."""
    await connection.execute(
        """
        WITH ended AS (
               UPDATE exports SET state = 'over', key = NULL, sha256 = NULL, size_bytes = NULL, secret = NULL
                WHERE account_id = $1 AND ($2::uuid IS NULL OR export_id = $2) AND state <> 'over'
               RETURNING export_id)
        DELETE FROM export_parts AS p USING ended WHERE p.export_id = ended.export_id
        """,
        account_id,
        export_id,
    )


async def find_unswept(connection: Connection) -> UUID | None:
    """An export that is over and whose objects may still be there."""
    found: UUID | None = await connection.fetchval(
        "SELECT export_id FROM exports WHERE state = 'over' AND NOT is_swept ORDER BY asked_at LIMIT 1"
    )
    return found


async def note_swept(connection: Connection, export_id: UUID) -> None:
    """The objects of an export are gone."""
    await connection.execute("UPDATE exports SET is_swept = true WHERE export_id = $1", export_id)


async def sweep_again(connection: Connection, export_id: UUID) -> None:
    """An object came late: the export's folder is swept once more, once it is over."""
    await connection.execute("UPDATE exports SET is_swept = false WHERE export_id = $1", export_id)

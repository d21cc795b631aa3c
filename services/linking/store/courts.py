"""Courts in the database."""

from collections.abc import Sequence

from services.linking.model import Court
from shared.database import Connection


async def lock_shipment(connection: Connection) -> None:
    """Let one process at a time load the shipped courts."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('linking.shipped_courts'))")


async def list_courts(connection: Connection) -> list[Court]:
    """All courts, by name."""
    rows = await connection.fetch(
        """
        SELECT id, cmecf_code, type, name, time_zone, go_live_at, help_desk, contact_email, version,
               is_go_live_set_by_court, is_contact_set_by_court
          FROM courts
         ORDER BY name, id
        """
    )
    return [Court(**row) for row in rows]


async def find_court(connection: Connection, court_id: str) -> Court | None:
    """A court, if there is one of this id."""
    row = await connection.fetchrow(
        """
        SELECT id, cmecf_code, type, name, time_zone, go_live_at, help_desk, contact_email, version,
               is_go_live_set_by_court, is_contact_set_by_court
          FROM courts
         WHERE id = $1
        """,
        court_id,
    )
    return None if row is None else Court(**row)


async def lock_court(connection: Connection, court_id: str) -> Court | None:
    """A court, held so that two changes of it follow one another."""
    row = await connection.fetchrow(
        """
        SELECT id, cmecf_code, type, name, time_zone, go_live_at, help_desk, contact_email, version,
               is_go_live_set_by_court, is_contact_set_by_court
          FROM courts
         WHERE id = $1
           FOR UPDATE
        """,
        court_id,
    )
    return None if row is None else Court(**row)


async def lock_all_courts(connection: Connection) -> list[Court]:
    """All courts, held, by id."""
    rows = await connection.fetch(
        """
        SELECT id, cmecf_code, type, name, time_zone, go_live_at, help_desk, contact_email, version,
               is_go_live_set_by_court, is_contact_set_by_court
          FROM courts
         ORDER BY id
           FOR UPDATE
        """
    )
    return [Court(**row) for row in rows]


async def save_courts(connection: Connection, courts: Sequence[Court]) -> None:
    """Write courts as they are now, new and known ones; none may be given twice."""
    rows = sorted(courts, key=lambda court: court.id)
    await connection.execute(
        """
        INSERT INTO courts (id, cmecf_code, type, name, time_zone, go_live_at, help_desk, contact_email,
                            version, is_go_live_set_by_court, is_contact_set_by_court)
        SELECT id, cmecf_code, type, name, time_zone, go_live_at, help_desk, contact_email, version,
               is_go_live_set_by_court, is_contact_set_by_court
          FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                      $7::text[], $8::text[], $9::integer[], $10::boolean[], $11::boolean[])
               AS given (id, cmecf_code, type, name, time_zone, go_live_at, help_desk, contact_email,
                         version, is_go_live_set_by_court, is_contact_set_by_court)
        ON CONFLICT (id) DO UPDATE
           SET cmecf_code = excluded.cmecf_code,
               type = excluded.type,
               name = excluded.name,
               time_zone = excluded.time_zone,
               go_live_at = excluded.go_live_at,
               help_desk = excluded.help_desk,
               contact_email = excluded.contact_email,
               version = excluded.version,
               is_go_live_set_by_court = excluded.is_go_live_set_by_court,
               is_contact_set_by_court = excluded.is_contact_set_by_court
        """,
        [court.id for court in rows],
        [court.cmecf_code for court in rows],
        [court.type for court in rows],
        [court.name for court in rows],
        [court.time_zone for court in rows],
        [court.go_live_at for court in rows],
        [court.help_desk for court in rows],
        [court.contact_email for court in rows],
        [court.version for court in rows],
        [court.is_go_live_set_by_court for court in rows],
        [court.is_contact_set_by_court for court in rows],
    )

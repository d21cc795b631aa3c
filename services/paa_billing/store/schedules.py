"""Fee schedules, which never change, and exemptions from fees."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.paa_billing.model import Exemption, FeeSchedule
from shared.database import Connection
from shared.errors import NotYetKnownError


async def insert_schedules(connection: Connection, schedules: Sequence[FeeSchedule]) -> None:
    """Add the schedules of dates that have none; what is kept stays as it is."""
    await connection.executemany(
        """
        INSERT INTO fee_schedules (effective_on, page_cents, document_cap_pages, audio_file_cents,
                                   waiver_cents, waiver_period, note)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (effective_on) DO NOTHING
        """,
        [
            (
                each.effective_on,
                each.page_cents,
                each.document_cap_pages,
                each.audio_file_cents,
                each.waiver_cents,
                each.waiver_period,
                each.note,
            )
            for each in schedules
        ],
    )


async def list_schedules(connection: Connection) -> tuple[FeeSchedule, ...]:
    """All fee schedules, oldest first."""
    rows = await connection.fetch(
        """
        SELECT effective_on, page_cents, document_cap_pages, audio_file_cents, waiver_cents, waiver_period,
               note
          FROM fee_schedules
         ORDER BY effective_on
        """
    )
    return tuple(FeeSchedule(**row) for row in rows)


async def get_schedule(connection: Connection, effective_on: date) -> FeeSchedule:
    """The schedule of a date, which must have one."""
    row = await connection.fetchrow(
        """
        SELECT effective_on, page_cents, document_cap_pages, audio_file_cents, waiver_cents, waiver_period,
               note
          FROM fee_schedules
         WHERE effective_on = $1
        """,
        effective_on,
    )
    if row is None:
        raise NotYetKnownError(f"fee schedule of {effective_on}")
    return FeeSchedule(**row)


async def insert_exemption(connection: Connection, exemption: Exemption) -> None:
    await connection.execute(
        """
        INSERT INTO exemptions (id, account_id, court_id, starts_at, ends_at, must_be_claimed, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        exemption.id,
        exemption.account_id,
        exemption.court_id,
        exemption.starts_at,
        exemption.ends_at,
        exemption.must_be_claimed,
        exemption.reason,
    )


async def list_exemptions(connection: Connection, account_ids: Sequence[UUID]) -> list[Exemption]:
    """All exemptions, ended ones too, of these accounts."""
    rows = await connection.fetch(
        """
        SELECT id, account_id, court_id, starts_at, ends_at, must_be_claimed, reason
          FROM exemptions
         WHERE account_id = ANY($1::uuid[])
        """,
        account_ids,
    )
    return [Exemption(**row) for row in rows]

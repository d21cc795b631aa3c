"""Reported uses that are not booked: those that wait for their account, and those in quarantine."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.paa_billing.model.intake import ReportedUse, Unbookable
from shared.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingUse:
    """A use whose account wasn't known when it was reported."""

    court_id: str
    batch_id: UUID
    position: int
    raw: bytes


async def insert_waiting(
    connection: Connection,
    uses: Sequence[tuple[str, ReportedUse]],
    received_at: datetime,
    give_up_at: datetime,
) -> None:
    """Keep courts' uses until their accounts are known, in the order of their ids.

    Raises UniqueViolationError if one of an id waits already.
    """
    rows = sorted(uses, key=lambda row: (row[0], row[1].usage_id))
    await connection.execute(
        """
        INSERT INTO waiting_usage (court_id, usage_id, digest, account_number, batch_id, position, record,
                                   received_at, give_up_at)
        SELECT court_id, usage_id, digest, account_number, batch_id, position, record, $8, $9
          FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::uuid[], $6::integer[], $7::bytea[])
               AS reported (court_id, usage_id, digest, account_number, batch_id, position, record)
        """,
        [court_id for court_id, _ in rows],
        [use.usage_id for _, use in rows],
        [use.digest for _, use in rows],
        [use.account_number for _, use in rows],
        [use.batch_id for _, use in rows],
        [use.position for _, use in rows],
        [use.raw for _, use in rows],
        received_at,
        give_up_at,
    )


async def has_waiting(connection: Connection, account_number: str) -> bool:
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM waiting_usage WHERE account_number = $1)", account_number
        )
    )


async def is_any_waiting(connection: Connection) -> bool:
    return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM waiting_usage)"))


async def take_bookable(connection: Connection, account_number: str | None, limit: int) -> list[WaitingUse]:
    """Take out uses whose account has become known: of one number, or (None) of any."""
    rows = await connection.fetch(
        """
        WITH bookable AS MATERIALIZED (
               SELECT w.court_id, w.usage_id
                 FROM waiting_usage AS w
                 JOIN accounts AS a USING (account_number)
                WHERE $1::text IS NULL OR w.account_number = $1
                ORDER BY w.court_id, w.usage_id
                LIMIT $2
                  FOR UPDATE OF w SKIP LOCKED)
        DELETE FROM waiting_usage AS w
         USING bookable
         WHERE w.court_id = bookable.court_id AND w.usage_id = bookable.usage_id
        RETURNING w.court_id, w.batch_id, w.position, w.record AS raw
        """,
        account_number,
        limit,
    )
    return [WaitingUse(**row) for row in rows]


async def take_given_up(connection: Connection, now: datetime, limit: int) -> list[WaitingUse]:
    """Take out uses that waited for their account to the end."""
    rows = await connection.fetch(
        """
        WITH given_up AS MATERIALIZED (
               SELECT court_id, usage_id
                 FROM waiting_usage
                WHERE give_up_at <= $1
                ORDER BY court_id, usage_id
                LIMIT $2
                  FOR UPDATE SKIP LOCKED)
        DELETE FROM waiting_usage AS w
         USING given_up
         WHERE w.court_id = given_up.court_id AND w.usage_id = given_up.usage_id
        RETURNING w.court_id, w.batch_id, w.position, w.record AS raw
        """,
        now,
        limit,
    )
    return [WaitingUse(**row) for row in rows]


async def insert_quarantined(
    connection: Connection,
    court_id: str,
    records: Sequence[tuple[UUID, Unbookable]],
    received_at: datetime,
) -> None:
    """Keep records that can't be booked, with their bytes, for PSC; the same bytes of a court once."""
    rows = sorted((hashlib.sha256(each.raw).digest(), row_id, each) for row_id, each in records)
    await connection.execute(
        """
        INSERT INTO quarantined_usage (id, court_id, batch_id, position, usage_id, field, reason, record,
                                       record_sha256, received_at)
        SELECT id, $1, batch_id, position, usage_id, field, reason, record, record_sha256, $10
          FROM unnest($2::uuid[], $3::uuid[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::bytea[],
                      $9::bytea[])
               AS refused (id, batch_id, position, usage_id, field, reason, record, record_sha256)
        ON CONFLICT (court_id, record_sha256) DO NOTHING
        """,
        court_id,
        [row_id for _, row_id, _ in rows],
        [each.batch_id for _, _, each in rows],
        [each.position for _, _, each in rows],
        [each.usage_id for _, _, each in rows],
        [each.field for _, _, each in rows],
        [each.reason for _, _, each in rows],
        [each.raw for _, _, each in rows],
        [digest for digest, _, _ in rows],
        received_at,
    )

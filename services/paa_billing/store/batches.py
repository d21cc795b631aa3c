"""What became of batches that courts' machines reported over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.messages.paa_billing import UsageBatchSettled, UsageQuarantined
from shared.messages.paa_billing.reporting import UsageBatchShown


async def insert_settled(
    connection: Connection, batches: Sequence[UsageBatchSettled], settled_at: datetime
) -> None:
    """Keep what became of batches; one that was parked before was redriven."""
    rows = sorted(batches, key=lambda each: (each.court_id, each.batch_id))
    await connection.execute(
        """
        INSERT INTO reported_batches (court_id, batch_id, state, since, record_count, duplicate_count,
                                      quarantined, reason)
        SELECT court_id, batch_id, 'settled', $6, record_count, duplicate_count, quarantined::jsonb, ''
          FROM unnest($1::text[], $2::uuid[], $3::integer[], $4::integer[], $5::text[])
               AS settled (court_id, batch_id, record_count, duplicate_count, quarantined)
        ON CONFLICT (court_id, batch_id) DO UPDATE
           SET state = EXCLUDED.state, since = EXCLUDED.since, record_count = EXCLUDED.record_count,
               duplicate_count = EXCLUDED.duplicate_count, quarantined = EXCLUDED.quarantined,
               reason = EXCLUDED.reason
         WHERE reported_batches.state = 'parked'
        """,
        [each.court_id for each in rows],
        [each.batch_id for each in rows],
        [each.booked + each.duplicate + each.waiting + len(each.quarantined) for each in rows],
        [each.duplicate for each in rows],
        [msgspec.json.encode(each.quarantined).decode() for each in rows],
        settled_at,
    )


async def insert_parked(
    connection: Connection, court_id: str, batch_id: UUID, reason: str, parked_at: datetime
) -> None:
    """Keep that a batch was given up; where one of its id is settled, that this one had other content."""
    await connection.execute(
        """
        INSERT INTO reported_batches (court_id, batch_id, state, since, record_count, duplicate_count,
                                      quarantined, reason)
        VALUES ($1, $2, 'parked', $4, 0, 0, '[]', $3)
        ON CONFLICT (court_id, batch_id) DO UPDATE
           SET other_content_at = EXCLUDED.since
         WHERE reported_batches.state = 'settled'
        """,
        court_id,
        batch_id,
        reason,
        parked_at,
    )


async def add_quarantined(
    connection: Connection, court_id: str, batch_id: UUID, quarantined: Sequence[UsageQuarantined]
) -> bool:
    """Add uses that waited in vain, if their batch was reported over HTTP; answers whether it was.

    A batch that came over AMQP as well has none of its own there: over HTTP all of its uses are duplicates.
    """
    status = await connection.execute(
        """
        UPDATE reported_batches SET quarantined = quarantined || $3::jsonb
         WHERE court_id = $1 AND batch_id = $2 AND state = 'settled'
           AND record_count >= duplicate_count + jsonb_array_length(quarantined || $3::jsonb)
        """,
        court_id,
        batch_id,
        msgspec.json.encode(quarantined).decode(),
    )
    return status == "UPDATE 1"


async def find_batch(connection: Connection, court_id: str, batch_id: UUID) -> UsageBatchShown | None:
    """What became of a batch until now; None if nothing has.

    No more of it can wait than is neither a duplicate nor in quarantine: if the batch came over AMQP as well,
    its uses wait there. Another batch with its id that came over AMQP isn't told apart (decision 54).
    """
    row = await connection.fetchrow(
        """
        SELECT court_id, batch_id, state, since, record_count, duplicate_count, quarantined::text, reason,
               other_content_at,
               LEAST(record_count - duplicate_count - jsonb_array_length(quarantined),
                     (SELECT count(*)
                        FROM waiting_usage AS w
                       WHERE w.court_id = b.court_id AND w.batch_id = b.batch_id)) AS waiting
          FROM reported_batches AS b
         WHERE court_id = $1 AND batch_id = $2
        """,
        court_id,
        batch_id,
    )
    if row is None:
        return None
    quarantined = msgspec.json.decode(row["quarantined"], type=tuple[UsageQuarantined, ...])
    return UsageBatchShown(
        court_id=row["court_id"],
        batch_id=row["batch_id"],
        state=row["state"],
        since=row["since"],
        booked=row["record_count"] - row["duplicate_count"] - row["waiting"] - len(quarantined),
        duplicate=row["duplicate_count"],
        waiting=row["waiting"],
        quarantined=quarantined,
        reason=row["reason"],
        other_content_at=row["other_content_at"],
    )

"""The relay: what brings the outbox to the broker, and due work into the outbox. One leader per database."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import structlog

from shared.database import LockNotAvailableError, OwnConnection, open_connection, transaction
from shared.errors import UnconfirmedError
from shared.messaging import due_work, outbox, parked, partitions
from shared.messaging.bench import Bench
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.publishing import Publishing
from shared.messaging.unit_of_work import has_subscribers
from shared.metrics import OUTBOX_AGE, OUTBOX_LENGTH, RELAYED

BATCH_SIZE = 500
IDLE_SECONDS = 1.0
DUE_SECONDS = 1.0
MEASUREMENT_SECONDS = 5.0
FLUSH_LOOK_SECONDS = 0.05
LEADER_LOCK = 5_207_184_130_411_093
UPKEEP_SECONDS, UPKEEP_RETRY_SECONDS = 3_600.0, 60.0
PARTITIONS_BEHIND, PARTITIONS_AHEAD = timedelta(days=2), timedelta(days=190)


class Relay:
    """Publishes this service's outbox while it holds the database's leader lock.

    The lock lives as long as the connection that it was taken on, and the leader reads and moves rows on that
    same connection: who has lost the lock can't move rows any more. Two leaders in the moment of a change
    would publish a row twice, which the readers' inboxes make harmless.
    """

    def __init__(self, bench: Bench[Any], database_url: str, publishing: Publishing) -> None:
        self._bench = bench
        self._database_url = database_url
        self._publishing = publishing
        self.is_leading = False
        self.oldest_seconds = 0.0
        """For how long the oldest message waits, while this process leads; else 0: the leader tells."""

    async def lead(self) -> None:
        """Wait for the lock, then relay until the database or this task ends; run by `keep_running`."""
        connection = await open_connection(self._database_url, name=f"{self._bench.service.name} relay")
        try:
            while not await _try_lock(connection):
                await self._wake_leader(connection)
            await connection.add_listener(outbox.WOKEN_CHANNEL, lambda *_: self._bench.outbox_filled.wake())
            self.is_leading = True
            await self._relay_forever(connection)
        finally:
            self.is_leading, self.oldest_seconds = False, 0.0
            connection.terminate()

    async def flush(self) -> None:
        """Return when all is published that may be now; at once if another process leads and does that."""
        while self.is_leading and await self._is_anything_waiting():
            self._bench.outbox_filled.wake()
            await asyncio.sleep(FLUSH_LOOK_SECONDS)

    async def _is_anything_waiting(self) -> bool:
        async with transaction(self._bench.pool) as connection:
            return bool(await outbox.read_oldest(connection, limit=1))

    async def _wake_leader(self, connection: OwnConnection) -> None:
        """While another leads: tell it, at most twenty times a second, that we filled the outbox."""
        if await self._bench.outbox_filled.wait(at_most_seconds=IDLE_SECONDS):
            await outbox.notify_relay(connection)
            await asyncio.sleep(0.05)

    async def _relay_forever(self, connection: OwnConnection) -> None:
        loop = asyncio.get_running_loop()
        next_upkeep = next_measurement = next_look = loop.time()
        while True:
            if loop.time() >= next_measurement:
                length, self.oldest_seconds = await outbox.count_and_age(connection)
                OUTBOX_LENGTH.set(length)
                OUTBOX_AGE.set(self.oldest_seconds)
                next_measurement = loop.time() + MEASUREMENT_SECONDS
            if loop.time() >= next_upkeep:
                next_upkeep = loop.time() + await self._keep_house(connection)
            if loop.time() >= next_look:
                due = await turn_due_work_into_commands(self._bench, connection)
                next_look = loop.time() + (0 if due else DUE_SECONDS)
            if await relay_batch(self._bench, connection, self._publishing) == 0:
                idle_seconds = max(0.0, min(IDLE_SECONDS, next_look - loop.time()))
                await self._bench.outbox_filled.wait(at_most_seconds=idle_seconds)

    async def _keep_house(self, connection: OwnConnection) -> float:
        """Make and drop partitions, blank old bodies; answers after how many seconds to do so again."""
        now = self._bench.now()
        try:
            await outbox.ensure_partitions(connection, now - PARTITIONS_BEHIND, now + PARTITIONS_AHEAD)
            while name := await partitions.drop_oldest_partition(connection, now):
                structlog.get_logger().info("partition_dropped", partition=name)
        except LockNotAvailableError:
            structlog.get_logger().info("partitions_busy")
            return UPKEEP_RETRY_SECONDS
        while await parked.blank_bodies(connection, now - parked.BODIES_KEPT, BATCH_SIZE):
            continue
        return UPKEEP_SECONDS


async def relay_batch(bench: Bench[Any], connection: OwnConnection, publishing: Publishing) -> int:
    """Publish the oldest rows and move those that the broker confirmed; a crash in between publishes again.

    Answers how many were moved. No transaction is open while the broker is waited for.
    """
    rows = await outbox.read_oldest(connection, BATCH_SIZE)
    if not rows:
        return 0
    problems = await publishing.publish_all([_with_mandatory(row) for row in rows])
    confirmed = [row.message_id for row, problem in zip(rows, problems, strict=True) if problem is None]
    await outbox.move_to_announced(connection, confirmed, bench.now())
    for row, problem in zip(rows, problems, strict=True):
        # What is merely unconfirmed stays first in line: it goes again with the next connection.
        if problem is not None and not isinstance(problem, UnconfirmedError):
            await outbox.postpone(connection, row.message_id, type(problem).__name__)
    RELAYED.inc(len(confirmed))
    return len(confirmed)


async def turn_due_work_into_commands(bench: Bench[Any], connection: OwnConnection) -> int:
    """Move what is due into the outbox as commands to the own service, in one transaction."""
    now = bench.now()
    async with connection.transaction():
        rows = await due_work.take_due(connection, now, BATCH_SIZE)
        if rows:
            await outbox.insert_messages(connection, [_command(bench, row) for row in rows])
    return len(rows)


def _command(bench: Bench[Any], row: due_work.DueRow) -> Outgoing:
    return Outgoing(
        message_id=new_id(bench.now()),
        type=row.kind,
        exchange=bench.service.name,
        routing_key=row.kind,
        body=row.body,
        time=bench.now(),
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
    )


def _with_mandatory(row: Outgoing) -> Outgoing:
    return msgspec.structs.replace(row, is_mandatory=has_subscribers(row.type))


async def _try_lock(connection: OwnConnection) -> bool:
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK))

"""The sides of usage intake: what brings batches of uses into the tables, each in its own way."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.installation import BenchmarkError
from benchmarks.usages import COURT, OWNER, Batch
from services.paa_billing.handlers.usage import record_usage
from services.paa_billing.service import SERVICE
from services.paa_billing.settings import Resources
from shared.clock import real_clock
from shared.database import Connection, Pool, transaction
from shared.messages.paa_billing import RecordUsage
from shared.messaging.broker import Publisher
from shared.messaging.consumer import BULK_GROUP, BULK_WORKERS
from shared.messaging.envelope import Envelope, Outgoing
from shared.messaging.outbox import insert_messages
from shared.messaging.unit_of_work import UnitOfWork
from shared.policies import Policies
from shared.sealed import Seals

P = TypeVar("P")
LONGEST_SECONDS = 60
LOOK_SECONDS = 0.01
CREATE_BARE_LINES = f"""
    CREATE TABLE bare_lines (LIKE usage_lines, UNIQUE (court_id, usage_id));
    GRANT SELECT, INSERT, TRUNCATE ON bare_lines TO {OWNER}
    """
COLUMNS = {
    "id": "uuid",
    "court_id": "text",
    "usage_id": "text",
    "account_id": "uuid",
    "payer_id": "uuid",
    "paa_id": "uuid",
    "used_at": "timestamptz",
    "recorded_at": "timestamptz",
    "kind": "text",
    "page_count": "bigint",
    "byte_count": "bigint",
    "record_count": "bigint",
    "description": "text",
    "case_number": "text",
    "client_code": "text",
    "schedule_effective_on": "date",
    "gross_cents": "bigint",
    "exempt_cents": "bigint",
    "exemption_id": "uuid",
    "reasons": "text",
    "used_quarter": "text",
    "billed_quarter": "text",
}
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(COLUMNS.values(), 1))
_NAMES = ", ".join(COLUMNS)
INSERT_BARE_LINES = f"""
    INSERT INTO bare_lines ({_NAMES})
    SELECT {_NAMES.replace(" reasons", " string_to_array(reasons, ' ')")}
      FROM unnest({_ARRAYS}) AS line ({_NAMES})
    """  # noqa: S608 (names of columns, from above)


@dataclass(frozen=True, kw_only=True)
class Sending:
    """Sends batches over the broker and waits until all are committed."""

    publisher: Publisher
    pool: Pool
    exchange: str
    routing_key: str

    async def bring(self, batches: Sequence[Batch]) -> float:
        """Seconds from the first publish to the last commit."""
        messages = [self._outgoing(batch) for batch in batches]
        started = time.perf_counter()
        async with asyncio.timeout(LONGEST_SECONDS):
            problems = await self.publisher.publish_all(messages)
            if any(problems):
                raise BenchmarkError(f"not every batch was confirmed: {next(filter(None, problems))!r}")
            # A batch is committed as a whole, so its last use stands for it.
            await _wait_for(self.pool, [batch.usage_ids[-1] for batch in batches])
        return time.perf_counter() - started

    def _outgoing(self, batch: Batch) -> Outgoing:
        return Outgoing(
            message_id=batch.message_id,
            type=RecordUsage.message_name(),
            exchange=self.exchange,
            routing_key=self.routing_key,
            body=batch.body,
            time=real_clock(),
            correlation_id=batch.message_id,
        )


async def _wait_for(pool: Pool, usage_ids: Sequence[str]) -> None:
    waiting = set(usage_ids)
    while waiting:
        await asyncio.sleep(LOOK_SECONDS)
        rows = await pool.fetch(
            "SELECT usage_id FROM usage_ids WHERE court_id = $1 AND usage_id = ANY($2::text[])",
            COURT,
            sorted(waiting),
        )
        waiting -= {row["usage_id"] for row in rows}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The statements of the handler on bare connections, with the bodies from memory."""

    pool: Pool
    policies: Policies
    seals: Seals

    async def bring(self, batches: Sequence[Batch]) -> float:
        """Seconds, with as many connections as the service has workers, and groups of its size."""
        groups = [batches[place : place + BULK_GROUP] for place in range(0, len(batches), BULK_GROUP)]
        return await _share_out(groups, self._book, BULK_WORKERS)

    async def _book(self, group: Sequence[Batch]) -> None:
        commands = [RecordUsage.from_json(batch.body) for batch in group]
        async with transaction(self.pool) as connection:
            works = [self._work(connection, batch) for batch in group]
            await record_usage(list(zip(commands, works, strict=True)))
            await insert_messages(connection, [each for work in works for each in work.take_emitted()])

    def _work(self, connection: Connection, batch: Batch) -> UnitOfWork[Resources]:
        return UnitOfWork(
            connection=connection,
            cause=_cause(batch),
            now=real_clock(),
            clock=real_clock,
            service=SERVICE,
            seals=self.seals,
            resources=Resources(policies=self.policies),
            consumer=OWNER,
        )


@dataclass(frozen=True, kw_only=True)
class BareInsert:
    """The rows booked from these batches, inserted into a table that has one unique key and nothing else."""

    pool: Pool
    connections: int

    async def bring(self, batches: Sequence[Batch]) -> float:
        """Seconds, in which rows from memory are encoded and committed, batch by batch."""
        columns = [await self._read_columns(batch) for batch in batches]
        seconds = await _share_out(columns, self._insert, self.connections)
        await self._check(sum(len(batch.usage_ids) for batch in batches))
        return seconds

    async def _read_columns(self, batch: Batch) -> list[list[object]]:
        rows = await self.pool.fetch(
            f"""
            SELECT {_NAMES.replace(" reasons", " array_to_string(reasons, ' ')")}
              FROM usage_lines
             WHERE court_id = $1 AND usage_id = ANY($2::text[])
             ORDER BY usage_id
            """,  # noqa: S608 (names of columns, from above)
            COURT,
            batch.usage_ids,
        )
        return [list(column) for column in zip(*rows, strict=True)]

    async def _insert(self, columns: list[list[object]]) -> None:
        async with transaction(self.pool) as connection:
            await connection.execute(INSERT_BARE_LINES, *columns)

    async def _check(self, expected: int) -> None:
        inserted = await self.pool.fetchval("SELECT count(*) FROM bare_lines")
        await self.pool.execute("TRUNCATE bare_lines")
        if inserted != expected:
            raise BenchmarkError(f"{inserted} bare lines instead of {expected}")


async def _share_out(pieces: Sequence[P], work_on: Callable[[P], Awaitable[None]], tasks: int) -> float:
    """Seconds that so many tasks take for all pieces."""
    waiting = list(reversed(pieces))

    async def work() -> None:
        while waiting:
            await work_on(waiting.pop())

    started = time.perf_counter()
    async with asyncio.timeout(LONGEST_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(tasks):
            group.create_task(work())
    return time.perf_counter() - started


def _cause(batch: Batch) -> Envelope:
    return Envelope(
        message_id=batch.message_id,
        type=RecordUsage.message_name(),
        sender=COURT,
        time=real_clock(),
        correlation_id=batch.message_id,
    )

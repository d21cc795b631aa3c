"""What is kept for how long: handled ids two quarters, announced messages 30 days, settled bodies 90 days."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.servers import Servers
from shared.clock import real_clock
from shared.database import LockNotAvailableError, Pool, open_connection, transaction
from shared.messaging import outbox
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict
from shared.messaging.parked import BODIES_KEPT, Parked, Selection, insert_parked, list_parked, settle_parked
from shared.messaging.partitions import drop_oldest_partition, get_start_of_inbox
from shared.messaging.topology import SERVICES
from tests import toy
from tests.installation import running, until
from tests.messaging import NOON, HandClock, Workplace
from tests.operating import OperatedToys, operated_toys
from tests.toy import WordAdded

LATER = datetime(2024, 9, 10, 12, tzinfo=UTC)
"""By then, of the template's partitions, the inbox of February and most days of `announced` are too old."""


@pytest.fixture
async def toys(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[OperatedToys]:
    async with operated_toys(servers, role_passwords, database_of, tmp_path) as made:
        yield made


async def partitions_of(pool: Pool, table: str) -> list[str]:
    rows = await pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::text::regclass", table
    )
    return sorted(row["name"] for row in rows)


async def drop_all(pool: Pool, now: datetime) -> list[str]:
    dropped = []
    async with pool.acquire() as connection:
        while name := await drop_oldest_partition(connection, now):
            dropped.append(name)
    return dropped


def an_announcement(at: datetime) -> Outgoing:
    message_id = new_id(at)
    return Outgoing(
        message_id=message_id,
        type=WordAdded.message_name(),
        exchange="accounts",
        routing_key=WordAdded.message_name(),
        body=b"{}",
        time=at,
        correlation_id=message_id,
    )


async def test_partitions_go_when_their_last_instant_is_too_old_and_not_before(
    pool_of: Callable[[str], Awaitable[Pool]],
) -> None:
    pool = await pool_of("accounts")
    last_instant_of_february = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(days=184)

    before = await drop_all(pool, last_instant_of_february - timedelta(microseconds=1))
    at = await drop_all(pool, last_instant_of_february)

    assert [name for name in before if name.startswith("inbox")] == ["inbox_202401"]
    assert at == ["inbox_202402"]
    assert (await partitions_of(pool, "inbox"))[0] == "inbox_202403"
    async with pool.acquire() as connection:
        assert await get_start_of_inbox(connection) == datetime(2024, 3, 1, tzinfo=UTC)


async def test_announced_messages_are_kept_thirty_days(pool_of: Callable[[str], Awaitable[Pool]]) -> None:
    pool = await pool_of("accounts")

    dropped = await drop_all(pool, NOON + timedelta(days=30))

    assert dropped == ["announced_20240130", "announced_20240131"]
    assert (await partitions_of(pool, "announced"))[0] == "announced_20240201"


async def test_the_day_of_a_message_that_is_not_published_yet_stays(
    pool_of: Callable[[str], Awaitable[Pool]],
) -> None:
    pool = await pool_of("accounts")
    late = an_announcement(NOON)
    async with transaction(pool) as connection:
        await outbox.insert_messages(connection, [late])

    await drop_all(pool, LATER)
    async with transaction(pool) as connection:
        await outbox.move_to_announced(connection, [late.message_id], LATER)
    assert await pool.fetchval("SELECT count(*) FROM announced") == 1

    assert "announced_20240201" in await drop_all(pool, LATER)


async def test_an_id_whose_partition_was_dropped_is_a_bad_envelope(
    pool_of: Callable[[str], Awaitable[Pool]],
) -> None:
    toy.register_toys()
    place = Workplace(service=toy.NOTIFY, pool=await pool_of("notify"), resources=None)
    await drop_all(place.pool, LATER)

    judgement, _ = await place.judge(WordAdded(row_id=uuid4(), word="a"), message_id=new_id(NOON))

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "bad_envelope")


async def test_who_cannot_have_the_lock_in_two_seconds_gives_up_and_succeeds_later(
    pool_of: Callable[[str], Awaitable[Pool]],
) -> None:
    pool = await pool_of("accounts")
    async with pool.acquire() as reader, reader.transaction():
        await reader.fetch("SELECT 1 FROM announced")
        async with pool.acquire() as connection:
            with pytest.raises(LockNotAvailableError):
                await drop_oldest_partition(connection, LATER)

    assert "announced_20240130" in await drop_all(pool, LATER)


async def test_the_relay_goes_on_while_a_partition_cannot_be_dropped(toys: OperatedToys) -> None:
    async with (
        toys.pools["accounts"].acquire() as reader,
        reader.transaction(),
    ):
        await reader.fetch("SELECT 1 FROM announced")
        async with running(toys.process("accounts")), running(toys.process("notify")):
            await toys.publish("a")
            await toys.has_words("notify", "a")


async def test_the_relays_leader_keeps_house_by_the_business_clock(toys: OperatedToys) -> None:
    clock = toys.clock = HandClock(LATER)
    pool = toys.pools["accounts"]
    settled_at = {"old": LATER - BODIES_KEPT - timedelta(seconds=1), "new": LATER - BODIES_KEPT}
    for word, at in settled_at.items():
        await settle_one(pool, word.encode(), at)

    async with running(toys.process("accounts")):

        async def is_tidy() -> Any:
            oldest = (await partitions_of(pool, "inbox"))[0], (await partitions_of(pool, "announced"))[0]
            blank = await pool.fetchval("SELECT count(*) FROM parked_messages WHERE body IS NULL")
            return oldest == ("inbox_202403", "announced_20240908") and blank == 1

        await until(is_tidy, "what is too old is gone")

    assert clock.now == LATER
    assert [
        bytes(row["body"]) for row in await pool.fetch("SELECT body FROM parked_messages WHERE body <> ''")
    ] == [b"new"]


async def settle_one(pool: Pool, body: bytes, at: datetime) -> None:
    row_id = uuid4()
    async with transaction(pool) as connection:
        parked = Parked(
            id=row_id,
            queue="accounts.commands",
            message_id=None,
            type=None,
            sender=None,
            correlation_id=None,
            headers={},
            body=body,
            reason="failed",
            error="",
            attempts=1,
            parked_at=at,
        )
        await insert_parked(connection, parked)
        (seen,) = await list_parked(connection, Selection(id=row_id), 1)
        assert await settle_parked(connection, seen, at)


DDL = (
    "CREATE TABLE mine (id integer)",
    "CREATE TEMPORARY TABLE mine (id integer)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE INDEX mine ON outbox (type)",
    "CREATE TABLE inbox_209901 PARTITION OF inbox FOR VALUES FROM (MINVALUE) TO (MAXVALUE)",
    "ALTER TABLE outbox ADD COLUMN mine integer",
    "ALTER TABLE inbox DETACH PARTITION inbox_202402",
    "ALTER TABLE outbox OWNER TO CURRENT_USER",
    "ALTER FUNCTION drop_partitions OWNER TO CURRENT_USER",
    "DROP TABLE inbox",
    "DROP TABLE inbox_202402",
    "DROP TABLE announced_20240201",
    "DROP FUNCTION drop_partitions",
    "TRUNCATE inbox",
    "TRUNCATE inbox_202402",
    "SELECT ensure_messaging_partitions(now(), now())",
    "SELECT ensure_service_partitions(now(), now())",
)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_can_cause_no_other_ddl(
    pool_of: Callable[[str], Awaitable[Pool]], service: str
) -> None:
    pool, allowed = await pool_of(service), []

    for statement in DDL:
        try:
            await pool.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            continue
        allowed.append(statement)

    assert allowed == []


@pytest.mark.parametrize("table", ["redrives", "replays"])
async def test_the_record_of_what_operators_did_only_grows(
    pool_of: Callable[[str], Awaitable[Pool]], table: str
) -> None:
    pool = await pool_of("linking")

    for statement in (f"UPDATE {table} SET operator = 'nobody'", f"DELETE FROM {table}"):  # noqa: S608
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


async def test_dropping_finds_its_tables_whatever_the_callers_search_path_says(
    database_of: Callable[[str], Awaitable[str]],
) -> None:
    connection = await open_connection(await database_of("accounts"), name="test")
    await connection.execute("SET search_path = pg_temp, pg_catalog")
    dropped = await connection.fetchval("SELECT public.drop_partitions($1, $1)", real_clock())
    await connection.close()

    assert dropped == "announced_20240130"

"""Settling when something is amiss: the database is away, or one message of a group fails again and again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest

from deploy.local.servers import Servers
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.messages.base import Failed
from shared.messaging import settler
from shared.messaging.broker import Delivery, connect
from shared.messaging.broker.publisher import NOT_PERSISTENT, PERSISTENT
from shared.messaging.publishing import Publishing
from shared.messaging.requests import Requests
from shared.messaging.settler import Settler
from shared.metrics import RETRIES
from tests import toy
from tests.installation import until
from tests.integration import test_delivery
from tests.integration.test_delivery import Toys
from tests.toy import AddWord, CountWords

toys = test_delivery.toys
portal = test_delivery.portal
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@asynccontextmanager
async def a_settler(toys: Toys, pool: Pool) -> AsyncIterator[Settler]:
    """What settles the deliveries of `accounts`, on this pool."""
    bench = toys.installation.bench(toy.ACCOUNTS, pool, real_clock)
    publishing = Publishing(toys.installation.broker_url("accounts"), "test")
    async with asyncio.TaskGroup() as group:
        opening = group.create_task(publishing.keep_open())
        yield Settler(bench, publishing)
        opening.cancel()


@asynccontextmanager
async def held(toys: Toys, kind: str, count: int) -> AsyncIterator[list[Delivery]]:
    """So many deliveries from one of the queues of `accounts`, which stay unsettled."""
    found: list[Delivery] = []

    async def put(delivery: Delivery) -> None:
        found.append(delivery)

    async def are_held() -> bool:
        return len(found) == count

    async with connect(toys.installation.broker_url("accounts"), name="test") as connection:
        subscription = await connection.open_subscription(100)
        await subscription.consume(f"accounts.{kind}", put)
        await until(are_held, "all are held")
        yield found


async def add_words(toys: Toys, words: Sequence[str]) -> None:
    """Send words to `accounts`, which has the partitions that its process makes."""
    day, now = timedelta(days=1), real_clock()
    await toys.pools["accounts"].execute("SELECT ensure_partitions($1, $2)", now - day, now + day)
    for word in words:
        await toys.publish(body=msgspec.json.encode(AddWord(word=word)))


async def test_a_request_that_meets_no_database_is_told_so_and_not_parked_too(
    toys: Toys, portal: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can't be redriven: who asked knows that it failed, and asks again."""
    monkeypatch.setattr(settler, "HOLD_AT_MOST_SECONDS", 0.2)
    nowhere = await open_pool(NOWHERE, size=1, name="test")

    async with a_settler(toys, nowhere) as settling, asyncio.TaskGroup() as group:
        asking = group.create_task(portal.ask(CountWords()))
        async with held(toys, "queries", 1) as queries:
            await asyncio.wait_for(settling.settle_all(queries), 5)

    assert isinstance(asking.result().message, Failed)
    assert queries[0].is_settled
    assert await toys.parked("accounts") == []


async def test_while_the_database_is_away_what_is_new_waits_for_it(
    toys: Toys, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settler, "HOLD_AT_MOST_SECONDS", 0.2)
    await add_words(toys, ["first", "new"])
    admin = await asyncpg.connect(servers.postgres_url)
    limit = f"ALTER DATABASE {urlsplit(toys.urls['accounts']).path[1:]} CONNECTION LIMIT {{}}"
    await admin.execute(limit.format(0))
    pool = await open_pool(toys.urls["accounts"], size=1, name="test")
    asked = count_asking(monkeypatch)

    async with (
        a_settler(toys, pool) as settling,
        held(toys, "commands", 2) as (first, new),
        asyncio.TaskGroup() as group,
    ):
        before = RETRIES.labels("30min")._value.get()
        await leave_to_the_last_tier(settling, first)
        monkeypatch.setattr(settler, "HOLD_AT_MOST_SECONDS", 600.0)
        asked.clear()
        group.create_task(settling.settle_all([new]))

        async def is_decided() -> bool:
            return bool(asked)

        await until(is_decided, "the database was asked for")
        await admin.execute(limit.format(-1))

    await admin.close()
    assert RETRIES.labels("30min")._value.get() == before + 1
    assert await toys.words("accounts") == ["new"]


def count_asking(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the database was found to be, each time it was asked whether it answers."""
    answers: list[bool] = []
    is_answering = settler.is_answering

    async def ask(pool: Pool) -> bool:
        answers.append(await is_answering(pool))
        return answers[-1]

    monkeypatch.setattr(settler, "is_answering", ask)
    return answers


async def leave_to_the_last_tier(settling: Settler, delivery: Delivery) -> None:
    """A worker gives one up for now, and is cut short while it waits for the database."""

    async def is_settled() -> bool:
        return delivery.is_settled

    async with asyncio.TaskGroup() as group:
        working = group.create_task(settling.settle_all([delivery]))
        await until(is_settled, "it is in the last tier")
        working.cancel()


async def test_of_a_group_that_is_undone_each_is_tried_once_before_any_is_tried_again(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one that runs into a time-out holds up all others for each of its tries."""
    await add_words(toys, ["boom", "a", "b"])
    tried: list[str] = []
    judge = settler.judge

    async def watched(bench: Any, queue: str, envelope: Any, body: bytes) -> Any:
        tried.append(msgspec.json.decode(body)["word"])
        return await judge(bench, queue, envelope, body)

    monkeypatch.setattr(settler, "judge", watched)
    async with (
        a_settler(toys, toys.pools["accounts"]) as settling,
        held(toys, "commands", 3) as deliveries,
    ):
        await settling.settle_all(deliveries)

    assert tried == ["boom", "a", "b", "boom", "boom"]
    assert await toys.words("accounts") == ["a", "b"]


async def test_a_request_rests_in_memory_alone_command_or_question(toys: Toys, portal: Requests) -> None:
    """Whoever asks waits for seconds and asks again: a disk would only make them wait longer."""
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(portal.ask(each)) for each in (AddWord(word="a"), CountWords())]
        async with held(toys, "commands", 1) as commands, held(toys, "queries", 1) as queries:
            modes = [delivery_mode(each) for each in (*commands, *queries)]
        for each in asking:
            each.cancel()

    assert modes == [NOT_PERSISTENT, NOT_PERSISTENT]


async def test_what_we_send_to_wait_rests_on_disk_however_it_came(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settler, "HOLD_AT_MOST_SECONDS", 0.2)
    nowhere = await open_pool(NOWHERE, size=1, name="test")
    await toys.publish(is_persistent=False)

    async with a_settler(toys, nowhere) as settling:
        async with held(toys, "commands", 1) as (first,):
            await leave_to_the_last_tier(settling, first)
        async with held(toys, "commands", 1) as (again,):
            modes = delivery_mode(first), delivery_mode(again)

    assert modes == (NOT_PERSISTENT, PERSISTENT)


def delivery_mode(delivery: Delivery) -> int | None:
    return delivery._properties.delivery_mode

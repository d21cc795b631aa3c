"""Messages through the real broker: commands, replies, events, wait tiers, parking."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest
from prometheus_client import REGISTRY

from deploy.local.rabbitmq import LARGEST_MESSAGE_BYTES
from deploy.local.servers import Servers
from deploy.tool.databases import url_for
from deploy.tool.topology import show_queues
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.errors import DeadlinePassedError, PublishError, ServiceUnavailableError, UnroutableError
from shared.messages.base import IdReused, TooLate
from shared.messaging import settler
from shared.messaging.broker import Delivery, connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.publishing import Publishing
from shared.messaging.registry import MAXIMUM_BODY_BYTES
from shared.messaging.requests import Requests
from shared.metrics import DELIVERIES, RETRIES
from shared.runtime import Process
from tests import toy
from tests.installation import Installation, asking, running, until
from tests.toy import AddWord, CountWords, Unheard, WordAdded, WordsCounted

PoolOf = Callable[[str], Awaitable[Pool]]


@dataclass
class Toys:
    """Both toys on their databases, and the portal that asks them."""

    installation: Installation
    pools: dict[str, Pool]
    urls: dict[str, str]

    def process(self, service: str, **changes: Any) -> Process:
        settings = self.installation.settings(service, self.urls[service], **changes)
        bench = self.installation.bench(toy.TOYS[service], self.pools[service], real_clock)
        return Process(bench, settings)

    async def words(self, service: str) -> list[str]:
        return [r["word"] for r in await self.pools[service].fetch("SELECT word FROM toy ORDER BY word")]

    async def parked(self, service: str) -> list[Any]:
        return list(await self.pools[service].fetch("SELECT * FROM parked_messages ORDER BY parked_at"))

    async def publish(self, **changes: Any) -> Outgoing:
        """Publish anything as the portal would."""
        now = real_clock()
        message_id = new_id(now)
        usual: dict[str, Any] = {
            "message_id": message_id,
            "type": AddWord.message_name(),
            "exchange": "portal",
            "routing_key": AddWord.message_name(),
            "body": msgspec.json.encode(AddWord(word="a")),
            "time": now,
            "correlation_id": message_id,
        }
        outgoing = Outgoing(**{**usual, **changes})
        async with connect(self.installation.broker_url("portal"), name="test") as connection:
            publisher = await connection.open_publisher()
            await publisher.publish(outgoing)
        return outgoing


@pytest.fixture
async def toys(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[Toys]:
    toy.register_toys()
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build(toy.CONTRACTS)
    urls, pools = {}, {}
    for service in toy.TOYS:
        urls[service] = await database_of(service)
        name = urlsplit(urls[service]).path[1:]
        owner = f"{service}_owner"
        await toy.make_toy_table(url_for(servers.postgres_url, owner, role_passwords[owner], name), service)
        pools[service] = await open_pool(urls[service], size=8, name="test")
    yield Toys(installation, pools, urls)
    for pool in pools.values():
        pool.terminate()
    installation.remove()


@pytest.fixture
async def portal(toys: Toys) -> AsyncIterator[Requests]:
    async with asking(toys.installation, real_clock) as requests:
        yield requests


async def test_a_command_is_answered_and_its_event_reaches_the_other_service(
    toys: Toys, portal: Requests
) -> None:
    async with running(toys.process("accounts")), running(toys.process("notify")):
        answer = await portal.ask(AddWord(word="a"))
        assert isinstance(answer.message, WordAdded)

        async def heard() -> bool:
            return await toys.words("notify") == ["a"]

        await until(heard, "notify has the word")
        counted = await portal.ask(CountWords())

    assert counted.message == WordsCounted(count=1)
    assert await toys.words("accounts") == ["a"]


async def test_asked_twice_at_once_is_done_once_and_answered_the_same_twice(
    toys: Toys, portal: Requests
) -> None:
    message_id = new_id(real_clock())
    async with running(toys.process("accounts")), asking(toys.installation, real_clock) as second:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(portal.ask(AddWord(word="a"), message_id=message_id))
            again = group.create_task(second.ask(AddWord(word="a"), message_id=message_id))
        other = await portal.ask(AddWord(word="b"), message_id=message_id)

    assert first.result().message == again.result().message
    assert isinstance(other.message, IdReused)
    assert await toys.words("accounts") == ["a"]


async def test_unroutable_is_an_error_and_not_a_success(toys: Toys, portal: Requests) -> None:
    with pytest.raises(UnroutableError):
        await toys.publish(type=Unheard.message_name(), routing_key=Unheard.message_name())
    with pytest.raises(ServiceUnavailableError):
        await portal.ask(Unheard())


async def test_a_query_that_nobody_takes_in_time_is_unavailable_not_hanging(
    toys: Toys, portal: Requests
) -> None:
    with pytest.raises(DeadlinePassedError):
        await portal.ask(CountWords(), deadline_seconds=0.5)


async def test_a_request_past_its_deadline_has_no_effect_and_may_be_asked_again(
    toys: Toys, portal: Requests
) -> None:
    message_id = new_id(real_clock())
    settled = DELIVERIES.labels("accounts.commands", AddWord.message_name(), "acknowledge")._value
    before = settled.get()
    with pytest.raises(DeadlinePassedError):
        await portal.ask(AddWord(word="a"), message_id=message_id, deadline_seconds=0.3)

    async with running(toys.process("accounts")):

        async def is_settled() -> bool:
            return settled.get() > before

        await until(is_settled, "the late command was settled")
        assert await toys.words("accounts") == []
        answer = await portal.ask(AddWord(word="a"), message_id=message_id)

    assert isinstance(answer.message, WordAdded)
    assert not isinstance(answer.message, TooLate)
    assert await toys.words("accounts") == ["a"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("undecodable", b"{"),
        ("wrong field", b'{"word": 1}'),
        ("oversize", b'{"word": "%s"}' % (b"x" * MAXIMUM_BODY_BYTES)),
        ("the largest that the broker takes", b"{" + b"x" * (LARGEST_MESSAGE_BYTES - 1)),
    ],
)
async def test_a_body_that_cannot_be_read_is_parked_and_the_rest_goes_on(
    toys: Toys, portal: Requests, name: str, body: bytes
) -> None:
    async with running(toys.process("accounts")):
        bad = await toys.publish(body=body)
        await portal.ask(AddWord(word=name))

        async def is_parked() -> list[Any]:
            return await toys.parked("accounts")

        parked = await until(is_parked, "the body is parked")

    assert [row["message_id"] for row in parked] == [bad.message_id]
    assert parked[0]["reason"] == "undecodable"
    assert bytes(parked[0]["body"]) == body
    assert await toys.words("accounts") == [name]


async def test_a_body_that_the_broker_does_not_take_reaches_nobody_and_the_rest_goes_on(
    toys: Toys, portal: Requests
) -> None:
    async with running(toys.process("accounts")):
        with pytest.raises(PublishError):
            await toys.publish(body=b"x" * (LARGEST_MESSAGE_BYTES + 1))
        await portal.ask(AddWord(word="a"))

    assert await toys.words("accounts") == ["a"]
    assert await toys.parked("accounts") == []


async def test_an_unknown_type_goes_through_the_wait_tiers_and_is_parked_at_last(
    toys: Toys, portal: Requests
) -> None:
    async with running(toys.process("accounts")):
        unknown = await toys.publish(type="accounts.of_tomorrow.v9")

        async def is_parked() -> list[Any]:
            return await toys.parked("accounts")

        parked = await until(is_parked, "the message is parked")

    assert [row["message_id"] for row in parked] == [unknown.message_id]
    assert (parked[0]["reason"], parked[0]["attempts"]) == ("unknown_type", 5)
    assert parked[0]["sender"] == "portal"


async def test_a_command_that_fails_again_and_again_is_parked_and_leaves_nothing(
    toys: Toys, portal: Requests
) -> None:
    async with running(toys.process("accounts")):
        await toys.publish(body=msgspec.json.encode(AddWord(word="boom")))
        await portal.ask(AddWord(word="fine"))

        async def is_parked() -> list[Any]:
            return await toys.parked("accounts")

        parked = await until(is_parked, "the message is parked")

    assert parked[0]["reason"] == "failed"
    assert "RuntimeError" in parked[0]["error"]
    assert await toys.words("accounts") == ["fine"]


async def test_a_query_of_an_unknown_type_is_parked_at_once_and_does_not_go_round(
    toys: Toys, portal: Requests
) -> None:
    async with running(toys.process("accounts")):
        unknown = await toys.publish(type="accounts.of_tomorrow.v9", routing_key=CountWords.message_name())

        async def is_parked() -> list[Any]:
            return await toys.parked("accounts")

        parked = await until(is_parked, "the query is parked")

    assert [(row["message_id"], row["queue"]) for row in parked] == [(unknown.message_id, "accounts.queries")]


async def test_two_relays_do_no_harm(toys: Toys, portal: Requests) -> None:
    words = [f"{n:03}" for n in range(60)]
    async with (
        running(toys.process("accounts")),
        running(toys.process("accounts")),
        running(toys.process("notify")),
        running(toys.process("notify")),
    ):
        async with asyncio.TaskGroup() as group:
            for word in words:
                group.create_task(portal.ask(AddWord(word=word)))

        async def heard() -> bool:
            return len(await toys.words("notify")) >= len(words)

        await until(heard, "notify has all words")

    assert await toys.words("accounts") == words
    assert await toys.words("notify") == words
    assert await toys.pools["accounts"].fetchval("SELECT count(*) FROM outbox") == 0
    assert await toys.pools["accounts"].fetchval("SELECT count(*) FROM announced") == len(words)


async def test_sigterm_drains_what_is_in_hand(toys: Toys, portal: Requests) -> None:
    process = toys.process("accounts")
    async with running(process):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(portal.ask(AddWord(word=f"{n}"))) for n in range(40)]
        assert all(isinstance(task.result().message, WordAdded) for task in tasks)

    assert await toys.pools["accounts"].fetchval("SELECT count(*) FROM outbox") == 0
    queues = show_queues(toys.installation.servers.broker_admin_url, toys.installation.instance)
    assert not await process.is_ready()
    assert {q["name"] for q in queues} >= {"accounts.commands", "accounts.wait.5s"}


async def test_an_id_far_from_our_clock_is_parked(toys: Toys, portal: Requests) -> None:
    async with running(toys.process("accounts")):
        old = new_id(real_clock() - timedelta(days=2))
        await toys.publish(message_id=old)

        async def is_parked() -> list[Any]:
            return await toys.parked("accounts")

        parked = await until(is_parked, "the message is parked")

    assert parked[0]["message_id"] == old
    assert await toys.words("accounts") == []


async def test_what_cannot_be_parked_waits_until_it_can(
    toys: Toys, servers: Servers, role_passwords: dict[str, str]
) -> None:
    name = urlsplit(toys.urls["accounts"]).path[1:]
    owner_url = url_for(servers.postgres_url, "accounts_owner", role_passwords["accounts_owner"], name)
    owner = await asyncpg.connect(owner_url)
    await owner.execute("REVOKE INSERT ON parked_messages FROM accounts")
    async with running(toys.process("accounts")):
        bad = await toys.publish(body=b"not JSON")

        async def is_put_off() -> bool:
            return RETRIES.labels("30min")._value.get() > before

        before = RETRIES.labels("30min")._value.get()
        await until(is_put_off, "it went to the last tier")
        assert await toys.parked("accounts") == []
        await owner.execute("GRANT INSERT ON parked_messages TO accounts")

        async def is_parked() -> bool:
            return bool(await toys.parked("accounts"))

        await until(is_parked, "it is parked")
    await owner.close()
    (parked,) = await toys.parked("accounts")
    assert (parked["message_id"], parked["reason"]) == (bad.message_id, "undecodable")


async def test_one_bad_message_holds_up_none_of_its_group(toys: Toys) -> None:
    words = [f"{n:02}" for n in range(40)]
    for word in (*words[:20], "boom", *words[20:]):
        await toys.publish(body=msgspec.json.encode(AddWord(word=word)))
    await toys.publish(body=b"not JSON")

    async with running(toys.process("accounts")):

        async def is_all_settled() -> bool:
            return len(await toys.parked("accounts")) == 2

        await until(is_all_settled, "both bad ones are parked")

    assert await toys.words("accounts") == words
    assert {row["reason"] for row in await toys.parked("accounts")} == {"failed", "undecodable"}
    transactions = await toys.pools["accounts"].fetchval("SELECT count(DISTINCT xmin::text) FROM toy")
    assert transactions <= len(words)


async def test_what_operators_measure_tells_of_a_command(toys: Toys, portal: Requests) -> None:
    async def measured(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    of_commands = {"queue": "accounts.commands"}
    counted = ("nextgen_inbox_lag_seconds_count", "nextgen_critical_seconds_count")
    before = {name: await measured(name, **of_commands) for name in counted}
    waits_before = await measured("nextgen_pool_wait_seconds_count")
    async with running(toys.process("accounts")):
        await portal.ask(AddWord(word="a"))

        async def are_counted() -> bool:
            return all([await measured(name, **of_commands) > before[name] for name in counted])

        await until(are_counted, "the command is measured")
        assert await measured("nextgen_consuming") == 1
        assert await measured("nextgen_pool_wait_seconds_count") > waits_before
    assert await measured("nextgen_consuming") == 0


async def test_all_that_is_held_goes_to_the_last_tier_when_the_database_stays_away(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the broker would take it for forgotten, and count deliveries that were none."""
    monkeypatch.setattr(settler, "HOLD_AT_MOST_SECONDS", 0.2)
    words = [f"{n:02}" for n in range(5)]
    for word in words:
        await toys.publish(body=msgspec.json.encode(AddWord(word=word)))
    nowhere = await open_pool("postgresql://nobody@127.0.0.1:1/none", size=1, name="test")
    bench = toys.installation.bench(toy.ACCOUNTS, nowhere, real_clock)
    publishing = Publishing(toys.installation.broker_url("accounts"), "test")
    held: list[Delivery] = []

    async def put(delivery: Delivery) -> None:
        held.append(delivery)

    async def are_held() -> bool:
        return len(held) == len(words)

    async def are_settled() -> bool:
        return all(delivery.is_settled for delivery in held)

    before = RETRIES.labels("30min")._value.get()
    async with connect(toys.installation.broker_url("accounts"), name="test") as connection:
        subscription = await connection.open_subscription(100)
        await subscription.consume("accounts.commands", put)
        async with asyncio.TaskGroup() as group:
            opening = group.create_task(publishing.keep_open())
            await until(are_held, "all are held")
            await subscription.cancel()
            settling = group.create_task(settler.Settler(bench, publishing).settle_all(held))
            await until(are_settled, "none is held any more")
            assert not settling.done(), "nothing new is begun while the database is away"
            settling.cancel()
            opening.cancel()
    assert RETRIES.labels("30min")._value.get() == before + len(words)

    async def are_done() -> bool:
        return await toys.words("accounts") == words

    async with running(toys.process("accounts")):
        await until(are_done, "all are done once it is back")
    assert await toys.parked("accounts") == []


async def test_a_deadline_that_passes_while_a_message_is_handled_leaves_no_effect(
    toys: Toys, portal: Requests, servers: Servers
) -> None:
    """As when it waits for a lock: the asker was told that nothing has happened."""
    name = urlsplit(toys.urls["accounts"]).path[1:]
    path = urlsplit(servers.postgres_url)._replace(path=f"/{name}").geturl()
    locker = await asyncpg.connect(path)
    async with running(toys.process("accounts")):
        async with locker.transaction():
            await locker.execute("LOCK TABLE toy IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(DeadlinePassedError):
                await portal.ask(AddWord(word="late"), deadline_seconds=1)
        answer = await portal.ask(AddWord(word="after"))
    await locker.close()

    assert isinstance(answer.message, WordAdded)
    assert await toys.words("accounts") == ["after"]

"""Requests: what a reply must be to be believed, and the same request made twice by one process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import msgspec
import pytest

from deploy.local.servers import Servers
from deploy.tool.databases import url_for
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.errors import DeadlinePassedError
from shared.messages.base import IdReused
from shared.messaging.broker import Delivery, connect
from shared.messaging.ids import new_id
from shared.messaging.requests import Requests
from shared.runtime import Process
from tests import toy
from tests.installation import Installation, asking, running, until
from tests.toy import AddWord, CountWords, WordAdded, WordsCounted


@dataclass
class Owner:
    """The toy `accounts`, which answers once its process runs."""

    installation: Installation
    pool: Pool
    url: str

    def process(self) -> Process:
        settings = self.installation.settings("accounts", self.url)
        return Process(self.installation.bench(toy.ACCOUNTS, self.pool, real_clock), settings)

    async def words(self) -> list[str]:
        return [row["word"] for row in await self.pool.fetch("SELECT word FROM toy ORDER BY word")]

    async def forge_reply(self, party: str, requests: Requests, *, user_id: bool = True) -> None:
        """Answer the one waiting request as a party that may have overheard it."""
        (request_id,) = requests.waiting
        now = real_clock()
        message = aio_pika.Message(
            msgspec.json.encode(WordsCounted(count=999)),
            message_id=str(new_id(now)),
            correlation_id=str(request_id),
            type=WordsCounted.message_name(),
            headers={"cloudEvents:time": now.isoformat(), "causation-id": str(request_id)},
            user_id=f"{self.installation.instance}-{party}" if user_id else None,
        )
        async with await aio_pika.connect(self.installation.broker_url(party)) as connection:
            exchange = await (await connection.channel()).get_exchange("replies", ensure=False)
            await exchange.publish(message, requests._reply_queue)


@pytest.fixture
async def owner(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[Owner]:
    toy.register_toys()
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build(toy.CONTRACTS)
    url = await database_of("accounts")
    password = role_passwords["accounts_owner"]
    name = urlsplit(url).path[1:]
    await toy.make_toy_table(url_for(servers.postgres_url, "accounts_owner", password, name), "accounts")
    pool = await open_pool(url, size=8, name="test")
    yield Owner(installation, pool, url)
    pool.terminate()
    installation.remove()


@pytest.fixture
async def portal(owner: Owner) -> AsyncIterator[Requests]:
    async with asking(owner.installation, real_clock) as requests:
        yield requests


async def ask_and_forge(owner: Owner, portal: Requests, party: str, *, user_id: bool = True) -> WordsCounted:
    """Ask a question that nobody is there to answer, and let a party answer it instead."""

    async def is_asked() -> bool:
        return bool(portal.waiting) and portal._publisher is not None

    async with asyncio.TaskGroup() as group:
        asking_task = group.create_task(portal.ask(CountWords(), deadline_seconds=2))
        await until(is_asked, "the question is asked")
        await owner.forge_reply(party, portal, user_id=user_id)
    answer = asking_task.result().message
    assert isinstance(answer, WordsCounted)
    return answer


async def test_a_reply_is_believed_from_the_owner_of_the_request(owner: Owner, portal: Requests) -> None:
    assert await ask_and_forge(owner, portal, "accounts") == WordsCounted(count=999)


@pytest.mark.parametrize("party", ["linking", "paa_billing", "notify"])
async def test_a_reply_from_another_than_the_owner_is_not_believed(
    owner: Owner, portal: Requests, party: str
) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await ask_and_forge(owner, portal, party)
    assert raised.group_contains(DeadlinePassedError)


async def test_a_reply_from_nobody_is_not_believed(owner: Owner, portal: Requests) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await ask_and_forge(owner, portal, "accounts", user_id=False)
    assert raised.group_contains(DeadlinePassedError)


async def test_one_process_asking_twice_at_once_gets_both_answers_and_one_effect(
    owner: Owner, portal: Requests
) -> None:
    """As when somebody clicks twice: both forms carry the same id."""
    message_id = new_id(real_clock())
    async with running(owner.process()), asyncio.TaskGroup() as group:
        same = [group.create_task(portal.ask(AddWord(word="a"), message_id=message_id)) for _ in range(3)]
        other = group.create_task(portal.ask(AddWord(word="b"), message_id=message_id))

    answers = [task.result().message for task in same]
    assert isinstance(answers[0], WordAdded)
    assert answers == [answers[0]] * 3
    assert isinstance(other.result().message, IdReused)
    assert await owner.words() == ["a"]
    assert not portal.waiting


async def test_a_second_request_of_an_id_goes_on_when_the_first_is_given_up(
    owner: Owner, portal: Requests
) -> None:
    message_id = new_id(real_clock())
    async with asyncio.TaskGroup() as group:
        first = group.create_task(portal.ask(AddWord(word="a"), message_id=message_id))
        second = group.create_task(portal.ask(AddWord(word="a"), message_id=message_id))
        await until(lambda: is_waiting(portal), "the first is asked")
        first.cancel()
        async with running(owner.process()):
            answer = await second

    assert isinstance(answer.message, WordAdded)
    assert await owner.words() == ["a"]


async def is_waiting(portal: Requests) -> bool:
    return bool(portal.waiting)


async def test_a_reply_queue_lost_on_a_live_connection_is_noticed(owner: Owner) -> None:
    """As when an operator deleted it: else every request would wait for its deadline."""
    lost = asyncio.Event()
    async with connect(owner.installation.broker_url("portal"), name="test") as connection:
        name = await connection.open_reply_queue(_ignore, lost.set)
        channel = await connection._connection.channel()
        await (await channel.get_queue(name, ensure=False)).delete(if_unused=False, if_empty=False)

        async with asyncio.timeout(10):
            await lost.wait()
        assert connection.is_open


async def _ignore(delivery: Delivery) -> None:
    pass


async def test_requests_go_on_with_a_new_reply_queue(owner: Owner, portal: Requests) -> None:
    async with running(owner.process()):
        await portal.ask(CountWords())
        before = portal._reply_queue
        assert portal._publisher is not None
        portal._publisher.give_up()

        async def has_another() -> bool:
            return portal._publisher is not None and portal._reply_queue != before

        await until(has_another, "another reply queue")
        assert isinstance((await portal.ask(CountWords())).message, WordsCounted)

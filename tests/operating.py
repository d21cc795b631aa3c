"""Both toys as an operator finds them: running, with messages that were parked, announced or left behind."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from deploy.local.servers import Servers
from deploy.tool.databases import url_for
from deploy.tool.operating import Place
from deploy.tool.redriving import Order
from deploy.tool.stepping import Pace
from shared.clock import Clock, real_clock
from shared.database import Pool, open_pool
from shared.errors import PoisonError
from shared.messaging.bench import Bench
from shared.messaging.broker import connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.parked import Selection
from shared.messaging.registry import Service
from shared.messaging.unit_of_work import UnitOfWork
from shared.runtime import Process
from tests import toy
from tests.installation import Installation, until
from tests.toy import AddWord, WordAdded

SERVICES = tuple(toy.TOYS)
QUICKLY = Pace(rate=500, wait=20)


@dataclass
class Broken:
    """The words over which the toys fail, until they are mended."""

    words: set[str] = field(default_factory=set)

    def services(self) -> dict[str, Service[None]]:
        async def add_word(command: AddWord, work: UnitOfWork[None]) -> WordAdded:
            outcome = await toy.add_word(command, work)
            self._check(command.word)
            return outcome

        async def hear_word(event: WordAdded, work: UnitOfWork[None]) -> None:
            await toy.hear_word(event, work)
            self._check(event.word)

        return {
            "accounts": replace(toy.ACCOUNTS, handles={AddWord: add_word}),
            "notify": replace(toy.NOTIFY, handles={WordAdded: hear_word}),
        }

    def _check(self, word: str) -> None:
        if word in self.words:
            raise PoisonError(word)


@dataclass
class OperatedToys:
    """The toys, as a place that the operator's tool works on."""

    installation: Installation
    pools: dict[str, Pool]
    urls: dict[str, str]
    broken: Broken = field(default_factory=Broken)
    clock: Clock = real_clock
    said: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    def database_url(self, service: str) -> str:
        return self.urls[service]

    def broker_url(self, party: str) -> str:
        return self.installation.broker_url(party)

    def environment(self, service: str, _: Mapping[str, int]) -> dict[str, str]:
        return self.installation.environment(service, self.urls[service], **self.settings)

    def say(self, line: str) -> None:
        self.said.append(line)

    def process(self, service: str) -> Process:
        settings = self.installation.settings(service, self.urls[service])
        return Process(self.bench(service), settings)

    def bench(self, service: str) -> Bench[Any]:
        return self.installation.bench(self.broken.services()[service], self.pools[service], self.clock)

    @asynccontextmanager
    async def open_bench(self, _: Place, service: str) -> AsyncIterator[Bench[Any]]:
        yield self.bench(service)

    async def words(self, service: str) -> list[str]:
        return [r["word"] for r in await self.pools[service].fetch("SELECT word FROM toy ORDER BY word")]

    async def rows(self, service: str, query: str, *arguments: object) -> list[Any]:
        return list(await self.pools[service].fetch(query, *arguments))

    async def publish(self, word: str, **changes: Any) -> Outgoing:
        """A command from the portal, for which nobody waits."""
        now = self.clock()
        message_id = new_id(now)
        usual: dict[str, Any] = {
            "message_id": message_id,
            "type": AddWord.message_name(),
            "exchange": "portal",
            "routing_key": AddWord.message_name(),
            "body": msgspec.json.encode(AddWord(word=word)),
            "time": now,
            "correlation_id": message_id,
        }
        outgoing = Outgoing(**{**usual, **changes})
        async with connect(self.broker_url("portal"), name="test") as connection:
            await (await connection.open_publisher()).publish(outgoing)
        return outgoing

    async def publish_parked(self, *words: str) -> None:
        """Commands that fail, sent and parked in this order; then what failed is mended."""
        self.broken.words.update(words)
        for place, word in enumerate(words, start=1):
            await self.publish(word)
            await self.has_parked("accounts", place)
        self.broken.words.clear()

    async def has_parked(self, service: str, count: int) -> None:
        """Return once so many messages are parked and open."""

        async def are_there() -> bool:
            query = "SELECT id FROM parked_messages WHERE settled_at IS NULL"
            return len(await self.rows(service, query)) == count

        await until(are_there, f"{service} has parked {count}")

    async def has_words(self, service: str, *words: str) -> None:
        """Return once the service has these words, each once, and no others."""

        async def are_there() -> bool:
            return await self.words(service) == sorted(words)

        await until(are_there, f"{service} has {words}")


def an_order(*, pace: Pace = QUICKLY, at_most: int = 1_000, **selection: Any) -> Order:
    """What an operator asks for."""
    return Order(selection=Selection(**selection), at_most=at_most, pace=pace, operator="olga@test")


@asynccontextmanager
async def operated_toys(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    folder: Path,
) -> AsyncIterator[OperatedToys]:
    """Both toys on migrated databases; nothing runs yet."""
    toy.register_toys()
    installation = Installation(servers=servers, folder=folder)
    installation.build(toy.CONTRACTS)
    urls, pools = {}, {}
    for service in SERVICES:
        urls[service] = await database_of(service)
        name, owner = urlsplit(urls[service]).path[1:], f"{service}_owner"
        await toy.make_toy_table(url_for(servers.postgres_url, owner, role_passwords[owner], name), service)
        pools[service] = await open_pool(urls[service], size=8, name="test")
    yield OperatedToys(installation, pools, urls)
    for pool in pools.values():
        pool.terminate()
    installation.remove()

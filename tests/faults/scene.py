"""A scene for fault tests: both toys as processes of their own, on servers that a test may kill."""

import asyncio
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import asyncpg
from aio_pika.abc import AbstractConnection

from deploy.local.servers import Servers
from deploy.tool import databases
from shared.messaging.broker import addresses_of
from shared.messaging.registry import Contract
from shared.messaging.topology import DELIVERY_LIMIT, WAIT_TIERS
from tests import toy
from tests.installation import ROOT, Installation, until

EXIT_SECONDS = 120


@dataclass
class Scene:
    """Toys as processes, what they wrote, and what the broker holds."""

    installation: Installation
    urls: dict[str, str]
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, service: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a replica of a toy."""
        changes = {f"NEXTGEN_{service.upper()}_{name.upper()}": value for name, value in settings.items()}
        environment = self.installation.environment(service, self.urls[service], **changes)
        with (self.folder / f"{service}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.toy_process", service],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    async def end(self, process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal, and answer the exit code."""
        process.send_signal(how)
        return await self.ended(process)

    async def listens(self, process: subprocess.Popen[bytes]) -> None:
        """Return once a replica has set its handlers of signals; before that, SIGTERM kills it."""
        (log,) = self.folder.glob(f"*-{self.processes.index(process)}.log")

        async def has_started() -> bool:
            return b"service_started" in await asyncio.to_thread(log.read_bytes)

        await until(has_started, f"{log.stem} listens to signals")

    async def ended(self, process: subprocess.Popen[bytes]) -> int:
        """The exit code of a process that ends, now or soon."""
        return await asyncio.to_thread(process.wait, EXIT_SECONDS)

    async def end_all(self) -> list[int]:
        """SIGTERM to all that still run; their exit codes."""
        running = [process for process in self.processes if process.poll() is None]
        for process in running:
            await self.listens(process)
            process.send_signal(signal.SIGTERM)
        return [await self.ended(process) for process in running]

    async def rows(self, service: str, query: str, *arguments: object) -> list[Any]:
        """Read a service's database; on a connection of its own, since a test may kill the server."""
        connection = await asyncpg.connect(self.urls[service], timeout=5)
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()

    async def words(self, service: str) -> list[str]:
        """All words that a toy wrote, sorted; a second effect of the same message shows as a repetition."""
        return [row["word"] for row in await self.rows(service, "SELECT word FROM toy ORDER BY word")]

    async def parked(self, service: str) -> list[Any]:
        return await self.rows(service, "SELECT * FROM parked_messages ORDER BY parked_at")

    async def has_words(self, service: str, expected: Iterable[str]) -> None:
        """Return once every expected word is there; others may be too."""
        wanted = set(expected)

        async def are_there() -> bool:
            try:
                return wanted <= set(await self.words(service))
            except (OSError, asyncpg.PostgresError, TimeoutError):
                return False

        await until(are_there, f"{service} has {len(wanted)} words", deadline_seconds=60)

    async def in_queues(self) -> dict[str, int]:
        """How many messages are ready in each queue that isn't empty; exact while nobody consumes."""
        kinds = ("commands", "events", "bulk", "dead", *(f"wait.{tier}" for tier in WAIT_TIERS))
        found = await self._look_at([f"{service}.{kind}" for service in toy.TOYS for kind in kinds])
        return {name: ready for name, (ready, _) in found.items() if ready}

    async def has_consumers(self, queue: str, count: int) -> bool:
        """Do so many replicas consume from a queue?"""
        return (await self._look_at([queue]))[queue][1] == count

    async def _look_at(self, names: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Ready messages and consumers of queues, as the broker knows them at this instant."""
        found = {}
        async with await self._connect_as_administrator() as connection:
            channel = await connection.channel()
            for name in names:
                seen = (await channel.declare_queue(name, passive=True)).declaration_result
                found[name] = (seen.message_count or 0, seen.consumer_count or 0)
        return found

    async def _connect_as_administrator(self) -> AbstractConnection:
        servers = self.installation.servers
        login = urlsplit(servers.broker_admin_url).netloc.rpartition("@")[0]
        broker = urlsplit(servers.broker_url)
        url = urlunsplit(
            (broker.scheme, f"{login}@{broker.netloc}", f"/{self.installation.instance}", "", "")
        )
        return await aio_pika.connect(addresses_of(url)[0])

    async def settle(self, expected: Iterable[str]) -> None:
        """Let both toys finish everything, then compare their effects with what was accepted, one by one."""
        wanted = sorted(expected)
        for service in toy.TOYS:
            await self.has_words(service, wanted)
        await until(self._is_outbox_empty, "the outbox is empty")
        assert set(await self.end_all()) <= {0}
        assert await self.in_queues() == {}
        for service in toy.TOYS:
            words = await self.words(service)
            assert Counter(words) - Counter(wanted) == Counter(), f"doubled or never sent, in {service}"
            assert Counter(wanted) - Counter(words) == Counter(), f"lost, in {service}"
            assert await self.parked(service) == []

    async def _is_outbox_empty(self) -> bool:
        return await self.rows("accounts", "SELECT message_id FROM outbox") == []


@asynccontextmanager
async def a_scene(
    servers: Servers,
    database_urls: dict[str, str],
    owner_urls: dict[str, str],
    folder: Path,
    contracts: Iterable[Contract] = toy.CONTRACTS,
    delivery_limit: int = DELIVERY_LIMIT,
) -> AsyncIterator[Scene]:
    """A scene on migrated databases; whatever still runs at its end is killed."""
    toy.register_toys()
    installation = Installation(servers=servers, folder=folder, delivery_limit=delivery_limit)
    installation.build(contracts)
    for service in toy.TOYS:
        await toy.make_toy_table(owner_urls[service], service)
    scene = Scene(installation, database_urls, folder)
    try:
        yield scene
    finally:
        for process in scene.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        installation.remove()


async def databases_on(servers: Servers, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """A fresh, migrated database for each toy: the addresses for the services, and those for the owners."""
    passwords = databases.read_passwords(folder)
    await databases.ensure_roles(servers.postgres_url, passwords)
    urls, owner_urls = {}, {}
    for service in toy.TOYS:
        name, owner = f"{service}_{secrets.token_hex(4)}", f"{service}_owner"
        await databases.create_database(servers.postgres_url, name, service)
        owner_urls[service] = databases.url_for(servers.postgres_url, owner, passwords[owner], name)
        await databases.migrate(owner_urls[service], service)
        urls[service] = databases.url_for(servers.postgres_url, service, passwords[service], name)
    return urls, owner_urls

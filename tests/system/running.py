"""A whole system for tests: one story whose services are processes that a test may kill and start again."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local import mail_sink
from deploy.local import processes as local
from deploy.local.ports import choose
from deploy.local.progress import last_lines
from deploy.local.servers import Servers
from deploy.tool import clock, processes, stories
from deploy.tool.databases import create_database, drop_database
from deploy.tool.stories import Record, Story
from deploy.tool.topology import remove_instance, show_queues
from shared.messaging.topology import SERVICES
from tests.installation import ROOT, until

END_SECONDS = 40
READY_SECONDS = 60
CHEAP_PASSWORDS = {"ACCOUNTS_PASSWORD_MEMORY_KIB": "8", "ACCOUNTS_PASSWORD_PASSES": "1"}
"""Hashing that costs next to nothing, for tests with hundreds of accounts."""


@dataclass
class System:
    """One story at work. A process is known by the service and the number of its replica."""

    story: Story
    settings: Mapping[str, str]
    mail_port: int
    web_port: int
    running: dict[tuple[str, int], "subprocess.Popen[bytes]"] = field(default_factory=dict)
    ports: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def web_address(self) -> str:
        """Where the web edge is, if it is started."""
        return stories.web_address({"web": self.web_port})

    async def start(self, services: Iterable[str] = SERVICES, *, replica: int = 1, module: str = "") -> None:
        """Start these services, or a module with the service's name in their place, and wait until ready."""
        started = list(services)
        for service in started:
            self.launch(service, replica=replica, module=module)
        for service in started:
            await self.wait_until_ready(service, replica=replica)

    def launch(self, service: str, *, replica: int = 1, module: str = "") -> None:
        """Start a process and don't wait for it."""
        name = f"{service}-{replica}"
        folder = self.story.folder / "run" / name
        folder.mkdir(parents=True, exist_ok=True)
        port = choose(folder.with_suffix(".port"), ("health",))["health"]
        self.ports[service, replica] = port
        self.running[service, replica] = local.start_detached(
            [sys.executable, "-m", *((module, service) if module else (f"services.{service}",))],
            user=None,
            environment=self._environment(service, port),
            folder=folder,
            log_path=self.log_of(service, replica),
        )

    def log_of(self, service: str, replica: int = 1) -> Path:
        """Where a process writes."""
        folder = self.story.folder / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{service}-{replica}.log"

    async def wait_until_ready(self, service: str, *, replica: int = 1) -> None:
        """Return once the process takes work; one that ended shows the end of its log."""
        process, port = self.running[service, replica], self.ports[service, replica]

        async def is_ready() -> bool:
            assert process.poll() is None, f"{service} ended:{last_lines(self.log_of(service, replica))}"
            return await asyncio.to_thread(processes.is_ready, port)

        await until(is_ready, f"{service} is ready", deadline_seconds=READY_SECONDS)

    def kill(self, service: str, *, replica: int = 1) -> None:
        """SIGKILL, as a crash would."""
        process = self.running.pop((service, replica))
        process.kill()
        process.wait()

    async def stop(self, services: Iterable[str] = SERVICES, *, replica: int = 1) -> None:
        """SIGTERM: they drain, and end in good order."""
        ending = [self.running.pop((service, replica)) for service in services]
        for process in ending:
            process.send_signal(signal.SIGTERM)
        for process in ending:
            assert await asyncio.to_thread(process.wait, END_SECONDS) == 0

    @contextmanager
    def paused(self, services: Sequence[str], *, replica: int = 1) -> Iterator[None]:
        """SIGSTOP, and SIGCONT at the end: what is sent to these services meanwhile piles up."""
        processes_paused = [self.running[service, replica] for service in services]
        try:
            for process in processes_paused:
                process.send_signal(signal.SIGSTOP)
            yield
        finally:
            for process in processes_paused:
                process.send_signal(signal.SIGCONT)

    async def rows(self, service: str, query: str, *arguments: object) -> list[Any]:
        """Read a service's database with the right to see everything."""
        connection = await self.open_database(service)
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()

    async def execute(self, service: str, *statements: str) -> None:
        """Change a service's database as its owner does."""
        connection = await asyncpg.connect(self.story.database_url(service, f"{service}_owner"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def open_database(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection to a service's database, as the server's administrator."""
        parts = urlsplit(self.story.servers.postgres_url)
        path = f"/{self.story.database_name(service)}"
        return await asyncpg.connect(urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")))

    async def parked(self) -> list[Any]:
        """What any service has given up on."""
        query = "SELECT queue, type, reason, error FROM parked_messages WHERE settled_at IS NULL"
        return [tuple(row) for service in SERVICES for row in await self.rows(service, query)]

    async def queue_lengths(self) -> dict[str, int]:
        """How many messages are in each queue that isn't empty, as the broker last counted."""
        servers = self.story.servers
        queues = await asyncio.to_thread(show_queues, servers.broker_admin_url, self.story.instance)
        return {queue["name"]: queue["messages"] for queue in queues if queue.get("messages")}

    def _environment(self, service: str, port: int) -> dict[str, str]:
        prefix = f"{service.upper()}_"
        own = {f"NEXTGEN_{k}": v for k, v in self.settings.items() if k.startswith(prefix)}
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "PYTHONPATH": str(ROOT),
            **self.story.environment(service, {service: port, "mail": self.mail_port, "web": self.web_port}),
            **own,
        }


@asynccontextmanager
async def a_system(
    servers: Servers,
    folder: Path,
    courts: Sequence[str],
    settings: Mapping[str, str] = CHEAP_PASSWORDS,
    *,
    begins_at: datetime | None = None,
) -> AsyncIterator[System]:
    """A fresh system in which nothing runs yet but its mail server; at the end nothing of it is left.

    `settings` are variables without `NEXTGEN_`. With `begins_at` it has a business clock that can be moved.
    """
    story = _new_story(servers, folder, courts)
    stories.make_keys(story)
    if begins_at is not None:
        clock.start(story, begins_at)
    async with _living(story, settings) as system:
        yield system


@asynccontextmanager
async def a_twin_of(
    system: System, folder: Path, settings: Mapping[str, str] = CHEAP_PASSWORDS
) -> AsyncIterator[System]:
    """Another system with the same keys, clock and rows; the services of the first must be stopped."""
    first = system.story
    story = _new_story(first.servers, folder, first.record.courts)
    await asyncio.to_thread(_copy_files, first, story)
    for service in SERVICES:
        await create_database(
            first.servers.postgres_url,
            story.database_name(service),
            service,
            template=first.database_name(service),
        )
    async with _living(story, settings) as twin:
        yield twin


@asynccontextmanager
async def _living(story: Story, settings: Mapping[str, str]) -> AsyncIterator[System]:
    web_port = choose(story.folder / "web.port", ("web",))["web"]
    system = System(story=story, settings=settings, mail_port=0, web_port=web_port)
    try:
        await stories.prepare(story)
        system.mail_port = await asyncio.to_thread(mail_sink.start, story.mail)
        yield system
    finally:
        local.kill_all_in(story.folder)
        for process in system.running.values():
            process.wait()
        remove_instance(story.servers.broker_admin_url, story.instance)
        for service in SERVICES:
            await drop_database(story.servers.postgres_url, story.database_name(service))


def _new_story(servers: Servers, folder: Path, courts: Sequence[str]) -> Story:
    folder.mkdir(parents=True)
    record = Record(number=1, instance=f"system{os.urandom(4).hex()}", courts=tuple(courts))
    return Story(folder=folder.resolve(), record=record, given_servers=servers)


def _copy_files(first: Story, second: Story) -> None:
    shutil.copytree(first.keys, second.keys)
    if first.clock_file.exists():
        shutil.copy(first.clock_file, second.clock_file)

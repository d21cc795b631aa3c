"""An installation for one benchmark: its own virtual host, logins, keys and database, removed at the end."""

import asyncio
import os
import platform
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import asyncpg

from benchmarks.notes import CREATE_NOTES, OWNER, register
from deploy.local.progress import last_lines
from deploy.local.servers import resolve
from deploy.tool import databases
from deploy.tool.stories import Record, Story, make_keys
from deploy.tool.topology import apply_topology, remove_instance, topology_for

EXIT_SECONDS = 30


class BenchmarkError(Exception):
    """The run says nothing: a part of it failed, or its effects are not what was asked for."""


@asynccontextmanager
async def open_installation() -> AsyncIterator[Story]:
    """An installation that knows the notes' messages too, with the database of their service."""
    register()
    servers = resolve()
    with tempfile.TemporaryDirectory(prefix="nextgen-benchmark-") as folder:
        record = Record(number=0, instance=f"bench{secrets.token_hex(3)}", courts=())
        story = Story(folder=Path(folder), record=record, given_servers=servers)
        make_keys(story)
        try:
            await _prepare(story)
            yield story
        finally:
            await databases.drop_database(servers.postgres_url, story.database_name(OWNER))
            remove_instance(servers.broker_admin_url, story.instance)


def admin_broker_url(story: Story) -> str:
    """The broker's address with the administrator's login, which may make queues in the virtual host."""
    login = urlsplit(story.servers.broker_admin_url).netloc.rpartition("@")[0]
    broker = urlsplit(story.servers.broker_url)
    return urlunsplit((broker.scheme, f"{login}@{broker.netloc}", f"/{story.instance}", broker.query, ""))


@asynccontextmanager
async def running(module: str, story: Story, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """Run a module as a process of its own; it is ended by SIGTERM, and its log is shown if it failed."""
    log_path = story.folder / f"{module}.log"
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, env={**os.environ, **environment}, stdout=log, stderr=log
        )
    try:
        yield
        has_failed = process.returncode is not None
    except Exception as error:
        raise BenchmarkError(f"{module}: {error!r}; the end of its log:{last_lines(log_path)}") from error
    finally:
        await _end(process)
    if has_failed or process.returncode != 0:
        raise BenchmarkError(f"{module} failed; the end of its log:{last_lines(log_path)}")


async def read_conditions(story: Story) -> dict[str, str]:
    """What the figures depend on, beside the code."""
    connection = await asyncpg.connect(story.database_url(OWNER))
    postgres, fsync = await connection.fetchrow(
        "SELECT current_setting('server_version'), current_setting('fsync')"
    ) or ("", "")
    await connection.close()
    async with await aio_pika.connect(admin_broker_url(story)) as broker:
        rabbitmq = (
            broker.transport.connection.server_properties.get("version", "") if broker.transport else ""
        )
    return {
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "PostgreSQL": f"{postgres.split()[0]} with fsync {fsync}",
        "RabbitMQ": str(rabbitmq),
    }


async def _prepare(story: Story) -> None:
    """The virtual host with all contracts, and one database with the table of notes."""
    apply_topology(story.servers.broker_admin_url, topology_for(story.instance, ()), story.logins())
    admin_url, name = story.servers.postgres_url, story.database_name(OWNER)
    await databases.ensure_roles(admin_url, story.role_passwords())
    await databases.create_database(admin_url, name, OWNER)
    owner_url = story.database_url(OWNER, f"{OWNER}_owner")
    await databases.migrate(owner_url, OWNER)
    owner = await asyncpg.connect(owner_url)
    await owner.execute(f"{CREATE_NOTES}; GRANT SELECT, INSERT ON notes TO {OWNER}")
    await owner.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(EXIT_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

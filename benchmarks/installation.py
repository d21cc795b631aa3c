"""An installation for one benchmark: its own virtual host, logins, keys and database, removed at the end."""

import asyncio
import os
import platform
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import asyncpg

from benchmarks.notes import OWNER, TABLES, register
from deploy.local.progress import last_lines
from deploy.local.servers import resolve
from deploy.tool import databases
from deploy.tool.stories import Record, Story, make_keys
from deploy.tool.topology import apply_topology, remove_instance, topology_for
from shared.messaging.topology import SERVICES
from shared.settings import ServiceSettings, names_of

EXIT_SECONDS = 30


class BenchmarkError(Exception):
    """The run says nothing: a part of it failed, or its effects are not what was asked for."""


@asynccontextmanager
async def open_installation(
    tables: Mapping[str, str] = TABLES, courts: Sequence[str] = ()
) -> AsyncIterator[Story]:
    """An installation that knows the notes' messages too, with a database for each service in `tables`.

    `tables`: what is made in a service's database, by its owner, beside its own migrations.
    """
    register()
    servers = resolve()
    with tempfile.TemporaryDirectory(prefix="nextgen-benchmark-") as folder:
        record = Record(number=0, instance=f"bench{secrets.token_hex(3)}", courts=tuple(courts))
        story = Story(folder=Path(folder), record=record, given_servers=servers)
        make_keys(story)
        try:
            await _prepare(story, tables)
            yield story
        finally:
            for service in tables:
                await databases.drop_database(servers.postgres_url, story.database_name(service))
            remove_instance(servers.broker_admin_url, story.instance)


def admin_broker_url(story: Story) -> str:
    """The broker's address with the administrator's login, which may make queues in the virtual host."""
    login = urlsplit(story.servers.broker_admin_url).netloc.rpartition("@")[0]
    broker = urlsplit(story.servers.broker_url)
    return urlunsplit((broker.scheme, f"{login}@{broker.netloc}", f"/{story.instance}", broker.query, ""))


async def make_queues(story: Story, *names: str) -> None:
    """Quorum queues for a peer, which may start after the first message for it."""
    async with await aio_pika.connect(admin_broker_url(story)) as broker:
        channel = await broker.channel()
        for name in names:
            await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})


def service_environment(story: Story, service: str) -> dict[str, str]:
    """What every service needs to know; it tells nobody of its health."""
    usual = names_of(ServiceSettings, f"NEXTGEN_{service.upper()}_")
    own = {name for name in usual if not name.endswith("_HEALTH_PORT")}
    settings = story.environment(service, dict.fromkeys((*SERVICES, "mail"), 0))
    common = {name: value for name, value in settings.items() if name == "NEXTGEN_ENVIRONMENT"}
    return common | {
        name: value for name, value in settings.items() if {name, name.removesuffix("_FILE")} & own
    }


@asynccontextmanager
async def running(
    module: str, story: Story, environment: Mapping[str, str], *, name: str = ""
) -> AsyncIterator[int]:
    """Run a module as a process of its own; it is ended by SIGTERM, and its log is shown if it failed.

    `name`: what its log is called, where a module runs more than once. Yields its process id.
    """
    log_path = story.folder / f"{name or module}.log"
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, env={**os.environ, **environment}, stdout=log, stderr=log
        )
    try:
        yield process.pid
        has_failed = process.returncode is not None
    except Exception as error:
        raise BenchmarkError(f"{module}: {error!r}; the end of its log:{last_lines(log_path)}") from error
    finally:
        await _end(process)
    if has_failed or process.returncode != 0:
        raise BenchmarkError(f"{module} failed; the end of its log:{last_lines(log_path)}")


def processor_seconds(process_id: int) -> float:
    """What a process has taken of the processors until now, for itself and for the system on its behalf."""
    after_name = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def read_conditions(story: Story, service: str = OWNER) -> dict[str, str]:
    """What the figures depend on, beside the code."""
    connection = await asyncpg.connect(story.database_url(service))
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


async def _prepare(story: Story, tables: Mapping[str, str]) -> None:
    """The virtual host with all contracts, and the databases."""
    topology = topology_for(story.instance, story.record.courts)
    apply_topology(story.servers.broker_admin_url, topology, story.logins())
    admin_url = story.servers.postgres_url
    await databases.ensure_roles(admin_url, story.role_passwords())
    for service, statements in tables.items():
        await databases.create_database(admin_url, story.database_name(service), service)
        owner_url = story.database_url(service, f"{service}_owner")
        await databases.migrate(owner_url, service)
        owner = await asyncpg.connect(owner_url)
        await owner.execute(statements)
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

"""What all tests share: servers, a migrated template for each service, a database a test."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import settings

from deploy.local.servers import Servers
from deploy.tool import databases
from shared.database import Pool, open_pool
from shared.messaging.registry import Service
from tests.messaging import NOON, Workplace
from tests.servers import servers_of_session

RUN = secrets.token_hex(3)
SLOW_FIRST = ("system", "faults", "e2e")
DROPS_AT_ONCE, DROPPED_TOGETHER = 4, 16
"""Drops at the same time share their checkpoints; a drop takes the longer the more databases there are."""

# How long an example takes says how busy the machine is.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait long come first, in their random order: no worker is left with one at the end."""
    items.sort(key=lambda item: item.path.parent.name not in SLOW_FIRST)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The PostgreSQL and RabbitMQ that these tests may use; started if need be."""
    with servers_of_session() as found:
        yield found


@pytest.fixture(scope="session")
async def role_passwords(servers: Servers) -> dict[str, str]:
    """Each database role's password."""
    passwords = databases.passwords_for(servers.postgres_url)
    await databases.ensure_roles(servers.postgres_url, passwords)
    return passwords


@pytest.fixture(scope="session")
async def used(servers: Servers) -> AsyncIterator[list[str]]:
    """Databases that are no longer needed; dropped whenever there are enough, and what is left at the end."""
    names: list[str] = []
    yield names
    await _drop(servers, names)


async def _drop(servers: Servers, names: list[str]) -> None:
    left = iter(names)

    async def drop_what_is_left() -> None:
        for name in left:
            await databases.drop_database(servers.postgres_url, name)

    async with asyncio.TaskGroup() as group:
        for _ in range(DROPS_AT_ONCE):
            group.create_task(drop_what_is_left())
    names.clear()


async def _make_partitions(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    await connection.execute(
        "SELECT ensure_partitions($1, $2)", NOON - timedelta(days=2), NOON + timedelta(days=400)
    )
    await connection.close()


@pytest.fixture(scope="session")
async def template_of(
    servers: Servers, role_passwords: dict[str, str], used: list[str]
) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Makes, once a session, a migrated database of a service, from which tests get copies."""
    made: dict[str, str] = {}
    lock = asyncio.Lock()

    async def make(service: str) -> str:
        async with lock:
            if service not in made:
                name = f"test_{RUN}_{service}_template"
                await databases.create_database(servers.postgres_url, name, service)
                owner = f"{service}_owner"
                url = databases.url_for(servers.postgres_url, owner, role_passwords[owner], name)
                await databases.migrate(url, service)
                await _make_partitions(url)
                made[service] = name
            return made[service]

    yield make
    used.extend(made.values())


@pytest.fixture
async def database_of(
    servers: Servers,
    role_passwords: dict[str, str],
    template_of: Callable[[str], Awaitable[str]],
    used: list[str],
) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Makes a fresh database of a service and answers its address for the service's role."""
    made: list[str] = []

    async def make(service: str) -> str:
        name = f"test_{RUN}_{service}_{secrets.token_hex(3)}"
        await databases.create_database(
            servers.postgres_url, name, service, template=await template_of(service)
        )
        made.append(name)
        return databases.url_for(servers.postgres_url, service, role_passwords[service], name)

    yield make
    used.extend(made)
    if len(used) >= DROPPED_TOGETHER:
        await _drop(servers, used)


@pytest.fixture
async def pool_of(
    database_of: Callable[[str], Awaitable[str]],
) -> AsyncIterator[Callable[[str], Awaitable[Pool]]]:
    """Makes a pool on a fresh database of a service."""
    pools: list[Pool] = []

    async def make(service: str) -> Pool:
        pool = await open_pool(await database_of(service), size=8, name=f"test {service}")
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        pool.terminate()


@pytest.fixture
def workplace_of(
    pool_of: Callable[[str], Awaitable[Pool]],
) -> Callable[[Service[Any], Any], Awaitable[Workplace]]:
    """Makes a workplace for a service with a fresh database, at noon (Chicago) of 2024-02-01."""

    async def make(service: Service[Any], resources: Any) -> Workplace:
        return Workplace(service=service, pool=await pool_of(service.name), resources=resources)

    return make

"""Broker and database killed under load: whatever the broker had accepted takes effect once, without help."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.homes import temporary_folder
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitNode
from deploy.local.servers import Servers
from tests.faults.load import WORDS, Kind, send
from tests.faults.scene import Scene, a_scene, databases_on
from tests.installation import until

IN_FLIGHT = 500
AWAY_SECONDS = 20


@dataclass(frozen=True)
class Machines:
    """A database server and a broker of this file's own."""

    postgres: PostgresServer
    rabbitmq: RabbitNode
    folder: Path

    @property
    def servers(self) -> Servers:
        return Servers(
            postgres_url=self.postgres.url,
            broker_url=self.rabbitmq.url,
            broker_admin_url=self.rabbitmq.admin_url,
            origin="private",
        )


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with temporary_folder() as folder:
        made = Machines(PostgresServer(folder / "postgres"), RabbitNode(folder / "rabbitmq"), folder)
        made.postgres.start()
        made.rabbitmq.start()
        yield made


@pytest.fixture
async def scene(machines: Machines, tmp_path: Path) -> AsyncIterator[Scene]:
    """Both toys running on those machines, two replicas of each."""
    urls, owner_urls = await databases_on(machines.servers, machines.folder)
    async with a_scene(machines.servers, urls, owner_urls, tmp_path) as made:
        await asyncio.to_thread(machines.rabbitmq.write_declarations)
        for service in urls:
            made.start(service)
        yield made


async def kill_the_broker(machines: Machines) -> None:
    await asyncio.to_thread(machines.rabbitmq.kill)
    await asyncio.to_thread(machines.rabbitmq.start)


async def kill_the_database(machines: Machines) -> None:
    await asyncio.to_thread(machines.postgres.kill)
    await asyncio.to_thread(machines.postgres.start)


async def stop_the_database_for_a_while(machines: Machines) -> None:
    await asyncio.to_thread(machines.postgres.stop)
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.to_thread(machines.postgres.start)


@pytest.mark.parametrize("outage", [kill_the_broker, kill_the_database, stop_the_database_for_a_while])
@pytest.mark.parametrize("kind", [pytest.param(WORDS, id="commands")])
async def test_an_outage_under_load_loses_nothing_and_doubles_nothing(
    machines: Machines, scene: Scene, outage: Callable[[Machines], Awaitable[None]], kind: Kind
) -> None:
    first, later = ([f"slow {when} {n:03}" for n in range(IN_FLIGHT)] for when in ("first", "later"))
    async with asyncio.TaskGroup() as group:
        group.create_task(send(scene.installation, kind, first))
        await until(lambda: has_begun(scene, first), "the load is being worked on", deadline_seconds=30)
        group.create_task(send(scene.installation, kind, later))
        await outage(machines)

    await scene.settle([*first, *later])


async def test_sigterm_is_obeyed_while_broker_and_database_are_away(machines: Machines, scene: Scene) -> None:
    words = [f"slow {n:03}" for n in range(IN_FLIGHT)]
    await send(scene.installation, WORDS, words)
    await until(lambda: has_begun(scene, words), "the load is being worked on", deadline_seconds=30)
    await asyncio.to_thread(machines.postgres.kill)
    await asyncio.to_thread(machines.rabbitmq.kill)

    assert await scene.end_all() == [0, 0]

    await asyncio.to_thread(machines.postgres.start)
    await asyncio.to_thread(machines.rabbitmq.start)
    for service in scene.urls:
        scene.start(service)
    await scene.settle(words)


async def has_begun(scene: Scene, sent: list[str]) -> bool:
    """Are some effects there, and others not yet?"""
    done = len(await scene.words("accounts"))
    assert done < len(sent), "the load was too small to be struck in the middle"
    return done > 0

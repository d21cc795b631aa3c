"""Three broker nodes: one is killed or stopped while the services work, and nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.local.cluster import RabbitCluster
from deploy.local.homes import temporary_folder
from deploy.local.rabbitmq import RabbitNode
from deploy.local.servers import Servers
from shared.clock import real_clock
from shared.errors import RequestError, ServiceUnavailableError
from shared.messaging.requests import Requests
from tests.faults.conftest import Urls
from tests.faults.load import WORDS, send
from tests.faults.management import management
from tests.faults.scene import Scene, a_scene
from tests.installation import asking, until
from tests.toy import TOYS, AddWord, CountWords, WordAdded, WordsCounted

LOAD = 300
BUSY = "accounts.commands"


@pytest.fixture(scope="module")
def cluster() -> Iterator[RabbitCluster]:
    with temporary_folder() as folder:
        made = RabbitCluster(folder)
        made.start()
        yield made


@pytest.fixture
async def scene(
    cluster: RabbitCluster,
    servers: Servers,
    toy_databases: Urls,
    tmp_path: Path,
) -> AsyncIterator[Scene]:
    """Both toys, which know all nodes; what is declared lies on the first node, as after an installation."""
    nodes = replace(servers, broker_url=cluster.url, broker_admin_url=cluster.nodes[0].admin_url)
    urls, owner_urls = toy_databases
    async with a_scene(nodes, urls, owner_urls, tmp_path) as made:
        await asyncio.to_thread(cluster.write_declarations)
        for service in TOYS:
            made.start(service)
        yield made


async def kill(node: RabbitNode) -> None:
    await asyncio.to_thread(node.kill)


async def stop(node: RabbitNode) -> None:
    await asyncio.to_thread(node.stop)


@pytest.mark.parametrize("end", [kill, stop])
async def test_a_node_that_goes_and_comes_back_loses_nothing_and_doubles_nothing(
    cluster: RabbitCluster, scene: Scene, end: Callable[[RabbitNode], Awaitable[None]]
) -> None:
    before, during, after = (
        [f"{when} {n:03}" for n in range(LOAD)] for when in ("slow before", "during", "after")
    )
    queue = queue_in(scene, BUSY)
    leader = next(node for node in cluster.nodes if node.name == queue["leader"])
    assert sorted(queue["members"]) == sorted(node.name for node in cluster.nodes)

    async with asyncio.TaskGroup() as group:
        group.create_task(send(scene.installation, WORDS, before))
        await until(lambda: has_begun(scene, before), "the load is being worked on")
        await end(leader)
    async with asking(scene.installation, real_clock) as portal:
        await send(scene.installation, WORDS, during)
        await scene.has_words("notify", [*before, *during])
        # The queue of queries is on one node only, and that is away; who asks hears so at once.
        with pytest.raises(ServiceUnavailableError):
            await portal.ask(CountWords())
        assert isinstance((await portal.ask(AddWord(word="asked"))).message, WordAdded)

        await asyncio.to_thread(leader.start)
        await send(scene.installation, WORDS, after)
        await until(lambda: is_answered(portal), "queries are answered again")
    await scene.settle([*before, *during, "asked", *after])


async def is_answered(portal: Requests) -> bool:
    try:
        return isinstance((await portal.ask(CountWords())).message, WordsCounted)
    except RequestError:
        return False


async def has_begun(scene: Scene, sent: list[str]) -> bool:
    """Are some effects there, and others not yet?"""
    done = len(await scene.words("accounts"))
    assert done < len(sent), "the load was too small to be struck in the middle"
    return done > 0


def queue_in(scene: Scene, name: str) -> Any:
    with management(scene) as client:
        return client.get(f"/queues/{scene.installation.instance}/{name}").raise_for_status().json()

"""An alarm of the broker: publishers wait, outboxes keep what they hold, and once it is over all goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from deploy.local import ports
from deploy.local.homes import temporary_folder
from deploy.local.rabbitmq import RabbitNode
from deploy.local.servers import Servers
from shared.clock import real_clock
from shared.errors import DeadlinePassedError, UnconfirmedError
from shared.messaging.broker import connect
from shared.messaging.ids import new_id
from tests.faults.conftest import Urls
from tests.faults.load import WORDS, an_added_word, send
from tests.faults.scene import Scene, a_scene
from tests.installation import asking, until
from tests.toy import AddWord, WordAdded

LOAD = [f"word {number:03}" for number in range(300)]
DEADLINE_SECONDS, PATIENCE_SECONDS = 2.0, 5.0
OUTBOX_AGE_SECONDS = 1
MEMORY_ALARM = ("set_vm_memory_high_watermark", "0"), ("set_vm_memory_high_watermark", "0.4")
DISK_ALARM = ("set_disk_free_limit", "1000000GB"), ("set_disk_free_limit", "50MB")
"""What sets the alarm off, and what ends it."""


@pytest.fixture(scope="module")
def node() -> Iterator[RabbitNode]:
    with temporary_folder() as folder:
        made = RabbitNode(folder / "rabbitmq")
        made.start()
        yield made


@pytest.fixture
async def scene(
    node: RabbitNode, servers: Servers, toy_databases: Urls, tmp_path: Path
) -> AsyncIterator[Scene]:
    own = replace(servers, broker_url=node.url, broker_admin_url=node.admin_url)
    async with a_scene(own, *toy_databases, tmp_path) as made:
        yield made


@pytest.fixture
def health(tmp_path: Path) -> str:
    """The address at which `accounts` tells of its health."""
    return f"http://127.0.0.1:{ports.choose(tmp_path / 'ports.json', ('health',))['health']}"


async def test_an_alarm_makes_publishers_wait_and_loses_and_doubles_nothing(
    node: RabbitNode, scene: Scene, health: str
) -> None:
    on, off = DISK_ALARM
    await send(scene.installation, WORDS, LOAD)
    await asyncio.to_thread(node.control, *on)
    scene.start(
        "accounts", health_port=health.rpartition(":")[2], ready_outbox_age_seconds=str(OUTBOX_AGE_SECONDS)
    )
    scene.start("notify")

    await scene.has_words("accounts", LOAD)  # consuming goes on
    await until(lambda: is_behind(health), "readiness and metrics tell of the outbox's age")
    asked = new_id(real_clock())
    async with asking(scene.installation, real_clock) as portal:
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(DeadlinePassedError):
                await portal.ask(AddWord(word="asked"), message_id=asked, deadline_seconds=DEADLINE_SECONDS)
        assert await scene.words("notify") == []
        assert len(await scene.rows("accounts", "SELECT message_id FROM outbox")) == len(LOAD)
        await asyncio.to_thread(node.control, *off)

        async def is_answered() -> bool:
            """The first try may be found and answered too late only now; asking again is safe."""
            reply = await portal.ask(AddWord(word="asked"), message_id=asked)
            return isinstance(reply.message, WordAdded)

        await until(is_answered, "the request that failed is done")
    await until(lambda: is_ready(health), "it is ready again")
    await scene.settle([*LOAD, "asked"])


async def test_of_what_is_tried_again_during_an_alarm_only_the_first_try_is_written(
    node: RabbitNode, scene: Scene
) -> None:
    """Else an hour's tries would lie in memory, and all go out at its end."""
    on, off = MEMORY_ALARM
    word = an_added_word("tried", real_clock())
    await asyncio.to_thread(node.control, *on)

    async with connect(scene.installation.broker_url("portal"), name="test") as connection:
        publisher = await connection.open_publisher()
        for _ in range(3):
            with pytest.raises(UnconfirmedError):
                await publisher.publish(word, timeout_seconds=1)
        await asyncio.to_thread(node.control, *off)
        await publisher.publish(an_added_word("later", real_clock()), timeout_seconds=30)

    assert await scene.in_queues() == {"accounts.commands": 2}


async def is_behind(health: str) -> bool:
    """Is it not ready, with an outbox that is too old?"""
    async with httpx.AsyncClient(base_url=health, trust_env=False) as client:
        try:
            ready, metrics = await client.get("/ready"), await client.get("/metrics")
        except httpx.TransportError:
            return False
    ages = [
        line.split()[1]
        for line in metrics.text.splitlines()
        if line.startswith("nextgen_outbox_age_seconds ")
    ]
    return ready.status_code == httpx.codes.SERVICE_UNAVAILABLE and float(ages[0]) > OUTBOX_AGE_SECONDS


async def is_ready(health: str) -> bool:
    async with httpx.AsyncClient(base_url=health, trust_env=False) as client:
        return (await client.get("/ready")).is_success

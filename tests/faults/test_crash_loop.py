"""A message that kills its process again and again: it alone is given up, and what came with it is not."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.servers import Servers
from tests.faults.conftest import Urls
from tests.faults.load import WORDS, send
from tests.faults.scene import Scene, a_scene
from tests.installation import until

DELIVERY_LIMIT = 18
"""Of the queues here, in place of 100: each delivery of the deadly message costs the start of a process."""


@pytest.fixture
async def scene(servers: Servers, toy_databases: Urls, tmp_path: Path) -> AsyncIterator[Scene]:
    async with a_scene(servers, *toy_databases, tmp_path, delivery_limit=DELIVERY_LIMIT) as made:
        yield made


async def test_only_the_message_that_kills_its_process_is_given_up(scene: Scene) -> None:
    healthy = [f"{n:02}" for n in range(10)]
    await send(scene.installation, WORDS, [*healthy[:2], "deadly", *healthy[2:]])
    scene.start("notify")

    deaths = 0
    accounts = scene.start("accounts")
    while not await _is_the_deadly_one_parked(scene):
        if accounts.poll() is not None:
            assert accounts.returncode == -signal.SIGKILL
            deaths += 1
            accounts = scene.start("accounts")

    assert DELIVERY_LIMIT <= deaths <= DELIVERY_LIMIT + 2
    await scene.has_words("notify", healthy)
    assert await scene.words("accounts") == healthy
    assert set(await scene.end_all()) == {0}
    assert [row["reason"] for row in await scene.parked("accounts")] == ["delivery_limit"]
    assert await scene.in_queues() == {}


async def _is_the_deadly_one_parked(scene: Scene) -> bool:
    """Look once the process has died or parked something, at the latest after a while."""

    async def has_ended_or_parked() -> bool:
        return scene.processes[-1].poll() is not None or bool(await scene.parked("accounts"))

    await until(has_ended_or_parked, "the process dies, or the message is parked")
    return bool(await scene.parked("accounts"))

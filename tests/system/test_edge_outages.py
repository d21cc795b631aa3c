"""The web edge while the broker goes and comes back, and while it is told to end."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.installation import until
from tests.system.conftest import Pair
from tests.system.running import END_SECONDS, System, a_system

CSO = "/services/cso-auth"
NOBODY = {"loginId": "nobody.at.all", "password": "no-password-of-anybody-1"}
RUNNING = ("accounts", "portal")


@pytest.fixture
async def system(pair: Pair, system_folder: Path) -> AsyncIterator[System]:
    async with a_system(pair.servers(), system_folder / f"edge-{secrets.token_hex(2)}", ("ncwbk",)) as made:
        await made.start(RUNNING)
        yield made


async def ask(system: System) -> httpx.Response:
    async with httpx.AsyncClient(base_url=system.web_address, timeout=30, trust_env=False) as client:
        return await client.post(CSO, json=NOBODY)


async def test_while_the_broker_is_gone_it_is_said_and_once_it_is_back_it_is_answered(
    pair: Pair, system: System
) -> None:
    before = await ask(system)
    await asyncio.to_thread(pair.rabbitmq.kill)
    gone = await ask(system)
    await asyncio.to_thread(pair.rabbitmq.start)

    async def is_answered() -> bool:
        return (await ask(system)).status_code == 200

    await until(is_answered, "the edge has found the broker again")

    assert before.json()["loginResult"] == "13"
    assert (gone.status_code, gone.headers["retry-after"], gone.json()["code"]) == (503, "5", "unavailable")


async def test_a_request_that_is_in_hand_at_the_end_is_answered(system: System) -> None:
    process = system.running["portal", 1]
    async with asyncio.TaskGroup() as group:
        with system.paused(["accounts"]):
            asked = group.create_task(ask(system))
            await until(lambda: is_asked(system), "the request waits for accounts")
            process.send_signal(signal.SIGTERM)
            await until(lambda: is_closed(system), "the edge takes no more requests")
    exit_code = await asyncio.to_thread(process.wait, END_SECONDS)
    del system.running["portal", 1]

    assert asked.result().json()["loginResult"] == "13"
    assert exit_code == 0


async def is_asked(system: System) -> bool:
    return bool((await system.queue_lengths()).get("accounts.queries"))


async def is_closed(system: System) -> bool:
    try:
        async with httpx.AsyncClient(base_url=system.web_address, timeout=2, trust_env=False) as client:
            await client.get("/nothing")
    except httpx.TransportError:
        return True
    return False

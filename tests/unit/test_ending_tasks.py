"""Ending tasks: also those in which a library swallows a cancellation."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.local.servers import Servers
from shared.clock import real_clock
from shared.runtime import Process, end_tasks
from shared.settings import ServiceSettings
from tests.installation import Installation
from tests.toy import ACCOUNTS


async def test_a_task_in_which_a_cancellation_is_swallowed_is_ended_all_the_same() -> None:
    has_swallowed = asyncio.Event()

    async def swallow_one() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        has_swallowed.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(swallow_one())
        await asyncio.sleep(0)
        await end_tasks([task])

    assert has_swallowed.is_set()
    assert task.cancelled()


async def test_a_task_that_has_ended_stays_as_it_is() -> None:
    async def answer() -> int:
        return 1

    async with asyncio.TaskGroup() as group:
        task = group.create_task(answer())
        await asyncio.sleep(0)
        await end_tasks([task])

    assert task.result() == 1


async def test_a_drain_that_swallows_its_time_out_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ServiceSettings(
        database_url="postgresql://nobody@127.0.0.1:1/none",
        broker_url="amqp://x-accounts:x@127.0.0.1:1/none",
        sealing_key="00" * 32,
        sealing_public_keys_file=Path("unread"),
        assertion_public_keys_file=Path("unread"),
        drain_seconds=0.1,
    )
    installation = Installation(
        servers=Servers(postgres_url="", broker_url="", broker_admin_url="", origin=""), folder=Path("unused")
    )
    process = Process(installation.bench(ACCOUNTS, None, real_clock), settings)

    async def lose_the_connection_instead() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    monkeypatch.setattr(process.consumer, "stop_consuming", lose_the_connection_instead)
    async with asyncio.timeout(30):
        await process._drain()

    assert process.is_stopping

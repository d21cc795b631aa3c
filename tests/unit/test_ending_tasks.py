"""Ending tasks: also those in which a library swallows a cancellation."""

import asyncio
from contextlib import suppress

from shared.runtime import end_tasks


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

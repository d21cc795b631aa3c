"""A lease is extended while the work under it goes on, and no longer."""

import asyncio

import pytest

from shared.errors import UnavailableError
from shared.messaging import leases
from shared.messaging.leases import while_extending

SOON = 0.003


async def test_a_lease_is_extended_again_and_again_while_the_work_goes_on() -> None:
    extended, is_enough = 0, asyncio.Event()

    async def extend() -> None:
        nonlocal extended
        extended += 1
        if extended >= 5:
            is_enough.set()

    async def work() -> str:
        await is_enough.wait()
        return "done"

    async with asyncio.timeout(10):
        assert await while_extending(work(), extend, SOON) == "done"

    at_the_end = extended
    await asyncio.sleep(5 * SOON)
    assert extended == at_the_end


async def test_an_extension_that_the_database_is_away_for_is_tried_again() -> None:
    is_back, tries = asyncio.Event(), 0

    async def extend() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise UnavailableError("away")
        is_back.set()

    async with asyncio.timeout(10):
        await while_extending(is_back.wait(), extend, SOON)

    assert tries >= 3


async def test_what_the_work_raises_comes_out_as_it_is() -> None:
    async def work() -> None:
        raise KeyError("the work")

    async def extend() -> None:
        raise AssertionError("not so soon")

    with pytest.raises(KeyError, match="the work"):
        await while_extending(work(), extend, 60)


async def test_an_extension_that_fails_ends_the_work() -> None:
    async def extend() -> None:
        raise ValueError("no such table")

    async with asyncio.timeout(10):
        with pytest.raises(ValueError, match="no such table"):
            await while_extending(asyncio.sleep(3600), extend, SOON)


async def test_work_without_an_end_gives_its_lease_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LONGEST_WORK_SECONDS", SOON)

    async def extend() -> None:
        return None

    async with asyncio.timeout(10):
        with pytest.raises(TimeoutError):
            await while_extending(asyncio.sleep(3600), extend, 60)


async def test_cancelled_work_is_cancelled_at_once() -> None:
    has_begun = asyncio.Event()

    async def work() -> None:
        has_begun.set()
        await asyncio.sleep(3600)

    async def extend() -> None:
        return None

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        working = group.create_task(while_extending(work(), extend, 60))
        await has_begun.wait()
        working.cancel()

    assert working.cancelled()

"""Work that is watched await by await goes on as if it were not."""

import asyncio

import pytest

from tests.faults.awaits import Points, watch


async def some_work(answers: "asyncio.Queue[int]") -> int:
    async with asyncio.timeout(10):
        first = await answers.get()
    return first + await answers.get()


async def test_watched_work_has_its_result_and_two_points_for_each_suspension() -> None:
    points, answers = Points(deadly=0), asyncio.Queue[int]()

    async with asyncio.TaskGroup() as group:
        watched = group.create_task(watch(some_work(answers), points))
        for number in (1, 2):
            await asyncio.sleep(0)
            answers.put_nowait(number)
            await asyncio.sleep(0)

    assert (watched.result(), points.passed) == (3, 1 + 2 * 2 + 1)


async def test_watched_work_raises_what_it_raises_and_sees_what_is_raised_into_it() -> None:
    points, answers = Points(deadly=0), asyncio.Queue[int]()
    seen = []

    async def work() -> None:
        try:
            await some_work(answers)
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(0)
            raise ValueError("its own end") from None

    async with asyncio.TaskGroup() as group:
        watched = group.create_task(_outcome(watch(work(), points)))
        await asyncio.sleep(0)
        watched.cancel()

    assert seen == ["cancelled"]
    assert isinstance(watched.result(), ValueError)


async def test_a_timeout_within_watched_work_is_a_timeout() -> None:
    async def work() -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await watch(work(), Points(deadly=0))


async def _outcome(work: object) -> BaseException | None:
    try:
        await work  # type: ignore[misc]
    except ValueError as error:
        return error
    return None

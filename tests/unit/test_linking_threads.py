"""Hashing off the event loop, within limits."""

import asyncio
import os
import sys
import threading

import pytest

from shared.bounded_threads import BoundedThreads, BusyError


async def test_over_the_limit_it_says_busy_at_once_and_takes_work_again_later() -> None:
    go_on = threading.Event()
    with BoundedThreads("test", thread_count=1, waiting_limit=1) as threads:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(threads.run(go_on.wait))
            waiting = group.create_task(threads.run(lambda: "waited"))
            await asyncio.sleep(0)

            with pytest.raises(BusyError):
                await threads.run(lambda: "refused")
            go_on.set()

        assert (running.result(), waiting.result()) == (True, "waited")
        assert await threads.run(lambda: "again") == "again"


async def test_work_whose_asker_has_gone_frees_its_place_when_it_ends() -> None:
    go_on = threading.Event()
    with BoundedThreads("test", thread_count=1, waiting_limit=0) as threads:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await threads.run(go_on.wait)
        with pytest.raises(BusyError):
            await threads.run(lambda: None)

        go_on.set()

        assert await threads.run_patiently(lambda: "done") == "done"
        assert await threads.run(lambda: "free") == "free"


async def test_what_fails_in_a_thread_fails_for_its_asker_and_frees_its_place() -> None:
    with BoundedThreads("test", thread_count=1, waiting_limit=0) as threads:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await threads.run(lambda: 1 // 0)


async def test_long_lists_wait_their_turn_and_are_never_refused() -> None:
    with BoundedThreads("test", thread_count=1, waiting_limit=0) as threads:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(threads.run_patiently(lambda n=n: n)) for n in range(20)]  # type: ignore[misc]

        assert [task.result() for task in tasks] == list(range(20))


async def test_a_place_in_line_is_taken_before_there_is_work_and_kept_until_its_work_has_ended() -> None:
    go_on = threading.Event()
    with BoundedThreads("test", thread_count=1, waiting_limit=0) as threads:
        with threads.place() as place:
            with pytest.raises(BusyError):
                await threads.run(lambda: "refused")
            first = await place.run(lambda: "first")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await place.run(go_on.wait)
        with pytest.raises(BusyError):
            await threads.run(lambda: "refused")
        go_on.set()

        assert await threads.run_patiently(lambda: first) == "first"
        assert await threads.run(lambda: "free") == "free"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness for each thread")
async def test_the_threads_give_way_to_the_event_loop() -> None:
    def own_niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    with BoundedThreads("test", thread_count=1, waiting_limit=0) as threads:
        assert await threads.run(own_niceness) > own_niceness()

"""Work that would block the event loop, in a few threads and with a limit on what may wait for one."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any, Self, TypeVar

from shared.errors import NextgenError

T = TypeVar("T")
YIELDING_NICENESS = 5
"""How much the threads give way to the event loop, which else waits for a core behind them at each turn."""


class BusyError(NextgenError):
    """As much as may wait is waiting already: nothing was begun."""


class BoundedThreads:
    """At most `thread_count` pieces of work at a time, and at most `waiting_limit` more in line."""

    def __init__(self, name: str, *, thread_count: int, waiting_limit: int) -> None:
        self._executor = ThreadPoolExecutor(
            thread_count, thread_name_prefix=name, initializer=_give_way_to_the_event_loop
        )
        self._limit = thread_count + waiting_limit
        self._taken = 0
        self._counting = Lock()
        self._patient = asyncio.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    @property
    def is_full(self) -> bool:
        """Would `run` and `place` refuse at this moment?"""
        return self._taken >= self._limit

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """A place in line, taken before the work is known; raises BusyError at once when the line is full."""
        with self._counting:
            if self._taken >= self._limit:
                raise BusyError
            self._taken += 1
        place = Place(self._executor)
        try:
            yield place
        finally:
            # A caller that gives up doesn't free the thread, so the work itself says when it has ended.
            place.latest.add_done_callback(self._leave)

    async def run(self, work: Callable[[], T]) -> T:
        """Do it in a thread; raises BusyError at once when the line is full."""
        with self.place() as place:
            return await place.run(work)

    async def run_patiently(self, work: Callable[[], T]) -> T:
        """Do it in a thread, one such piece of work at a time, and never refuse: for long lists."""
        async with self._patient:
            with self._counting:
                self._taken += 1
            future = self._executor.submit(work)
            future.add_done_callback(self._leave)
            return await asyncio.wrap_future(future)

    def _leave(self, _: object) -> None:
        with self._counting:
            self._taken -= 1


class Place:
    """A place in line, for one piece of work after the other; `latest` is the last of them."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self.latest: Future[Any] = Future()
        self.latest.set_result(None)

    async def run(self, work: Callable[[], T]) -> T:
        """Do it in a thread."""
        future = self._executor.submit(work)
        self.latest = future
        return await asyncio.wrap_future(future)


def _give_way_to_the_event_loop() -> None:
    """Linux knows a niceness for each thread; elsewhere it is the whole process's, which stays as it is."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _niceness())


def _niceness() -> int:
    return min(os.getpriority(os.PRIO_PROCESS, 0) + YIELDING_NICENESS, 19)

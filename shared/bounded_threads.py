"""Work that would block the event loop, in a few threads and with a limit on what may wait for one."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Self, TypeVar

from shared.errors import NextgenError

T = TypeVar("T")


class BusyError(NextgenError):
    """As much as may wait is waiting already: nothing was begun."""


class BoundedThreads:
    """At most `thread_count` pieces of work at a time, and at most `waiting_limit` more in line."""

    def __init__(self, name: str, *, thread_count: int, waiting_limit: int) -> None:
        self._executor = ThreadPoolExecutor(thread_count, thread_name_prefix=name)
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
        """Would `run` refuse at this moment?"""
        return self._taken >= self._limit

    async def run(self, work: Callable[[], T]) -> T:
        """Do it in a thread; raises BusyError at once when the line is full."""
        with self._counting:
            if self._taken >= self._limit:
                raise BusyError
            self._taken += 1
        return await asyncio.wrap_future(self._submit(work))

    async def run_patiently(self, work: Callable[[], T]) -> T:
        """Do it in a thread, one such piece of work at a time, and never refuse: for long lists."""
        async with self._patient:
            with self._counting:
                self._taken += 1
            return await asyncio.wrap_future(self._submit(work))

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        # A caller that gives up doesn't free the thread, so the work itself says when it has ended.
        future = self._executor.submit(work)
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: object) -> None:
        with self._counting:
            self._taken -= 1

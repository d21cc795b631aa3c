"""Work for other processors: a few processes that are spawned (never forked) when first needed."""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Self, TypeVar

T = TypeVar("T")
A = TypeVar("A")


class SpawnedProcesses:
    """At most `process_count` processes; after one of them was killed, the next work gets new ones."""

    def __init__(self, process_count: int) -> None:
        self._count = process_count
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    async def run(self, work: Callable[[A], T], argument: A) -> T:
        """Do it in a process; function, argument and result are pickled. Raises what the function raises.

        Raises BrokenProcessPool when a process was killed on the way; nothing is known of the work then.
        """
        if self._executor is None:
            spawning = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(
                self._count, mp_context=spawning, initializer=_end_with_parent
            )
        executor = self._executor
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, work, argument)
        except BrokenProcessPool:
            if self._executor is executor:
                self._end()
            raise

    def _end(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None


def _end_with_parent() -> None:
    """See to it that a spawned process ends when its parent was killed: that parent can't tell it to.

    Its queue tells it nothing either, since each process of the pool holds both ends of it.
    """
    threading.Thread(target=_wait_for_parents_end, name="parent's end", daemon=True).start()


def _wait_for_parents_end() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""Every await of a piece of work as a point at which its process can be killed."""

import asyncio
import os
import signal
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
PASSES = 8
"""Turns of the event loop after which what was written to a connection has gone out."""


@dataclass
class Points:
    """The points passed in this process; at the `deadly` one it is killed as by a power cut (0: never)."""

    deadly: int
    passed: int = 0

    def now(self) -> None:
        """A point at this very place."""
        self.passed += 1
        if self.passed == self.deadly:
            _die()

    def asked(self) -> None:
        """A point at which a request has gone out and its answer is not known."""
        self.passed += 1
        if self.passed == self.deadly:
            asyncio.get_running_loop().call_soon(_die_after, PASSES)

    def answered(self) -> None:
        """The next point: the answer has come."""
        if self.passed == self.deadly:
            _die()  # it came before the request's own point was reached
        self.now()


async def watch(work: Coroutine[Any, Any, T], points: Points) -> T:
    """Do the work, with points at its begin, on both sides of each suspension, and after its end."""
    points.now()
    result = await _Driven(work, points)
    points.asked()
    for _ in range(PASSES + 2):
        await asyncio.sleep(0)
    return result


class _Driven(Generic[T]):
    """Awaits a coroutine by handing on what it asks of the event loop, and what it is answered."""

    def __init__(self, work: Coroutine[Any, Any, T], points: Points) -> None:
        self._work = work
        self._points = points

    def __await__(self) -> Generator[Any, Any, T]:
        error: BaseException | None = None
        while True:
            try:
                asked = self._work.send(None) if error is None else self._work.throw(error)
            except StopIteration as end:
                result: T = end.value
                return result
            self._points.asked()
            error = None
            try:
                yield asked
            except BaseException as raised:
                error = raised
            self._points.answered()


def _die_after(passes: int) -> None:
    if passes == 0:
        _die()
    asyncio.get_running_loop().call_soon(_die_after, passes - 1)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

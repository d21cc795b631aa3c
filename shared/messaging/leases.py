"""Leased work outside a transaction: the lease is short, and is extended for as long as the work goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from shared.errors import UnavailableError

T = TypeVar("T")
LEASE_SECONDS = 30.0
"""How long a dead process's work waits until another takes it over."""
EXTENSIONS_IN_A_LEASE = 3
LONGEST_WORK_SECONDS = 600.0


async def while_extending(
    work: Coroutine[Any, Any, T], extend: Callable[[], Awaitable[object]], lease_seconds: float
) -> T:
    """Do leased work, and extend its lease several times within each lease while it goes on.

    An extension that the database is away for is left out: the work may be done twice, so losing the lease
    does no harm. Raises what the work raises, or TimeoutError when it doesn't end.
    """
    try:
        async with asyncio.timeout(LONGEST_WORK_SECONDS), asyncio.TaskGroup() as group:
            extending = group.create_task(_extend(extend, lease_seconds / EXTENSIONS_IN_A_LEASE))
            try:
                return await work
            finally:
                extending.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _extend(extend: Callable[[], Awaitable[object]], pause_seconds: float) -> None:
    while True:
        await asyncio.sleep(pause_seconds)
        with suppress(UnavailableError):
            await extend()

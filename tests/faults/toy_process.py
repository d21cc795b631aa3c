"""A toy service as a process of its own, which kills itself at a given point if its environment says so.

`python -m tests.faults.toy_process accounts`, with `TOY_KILL_AT=before:acknowledge:3` for SIGKILL in place of
the third acknowledgement, or `after:...` for SIGKILL once it is done.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from shared.errors import NotYetKnownError
from shared.messaging import outbox, parking
from shared.messaging.broker import Delivery, Publisher
from shared.messaging.registry import Service
from shared.messaging.unit_of_work import UnitOfWork
from shared.runtime import run
from tests import toy
from tests.toy import AddWord, ToySettings, WordAdded, open_nothing

POINTS: dict[str, tuple[type | ModuleType, str]] = {
    "acknowledge": (Delivery, "_settle"),
    "announce": (Publisher, "publish_all"),
    "wait": (Publisher, "publish_all"),
    "move": (outbox, "move_to_announced"),
    "park": (parking, "insert_parked"),
}
"""Where to die; `announce` and `wait` tell apart what is published to an own exchange and to a wait tier."""
SLOW_SECONDS = 0.05


async def add_word_in_turn(command: AddWord, work: UnitOfWork[None]) -> WordAdded:
    """Add a word; `b after a` only once `a` is there, `slow ...` with a pause in the transaction.

    `forgetful ...` awaits a coroutine never, as the client library may when its connection goes.
    """
    word, _, earlier = command.word.partition(" after ")
    if earlier and not await work.connection.fetchval("SELECT 1 FROM toy WHERE word = $1", earlier):
        raise NotYetKnownError("the earlier word")
    if word.startswith("slow"):
        await asyncio.sleep(SLOW_SECONDS)
    if word.startswith("forgetful"):
        forgotten = asyncio.sleep(SLOW_SECONDS)
        del forgotten
    return await toy.add_word(command, work)


def toy_service(name: str) -> Service[None]:
    """The toys of the delivery tests, `accounts` with words that wait for others."""
    service = toy.TOYS[name]
    return replace(service, handles={AddWord: add_word_in_turn}) if name == "accounts" else service


def die_at(description: str) -> None:
    """Wrap the point so that its n-th call ends this process as a power cut would."""
    when, point, number = description.split(":")
    holder, name = POINTS[point]
    act: Callable[..., Awaitable[Any]] = getattr(holder, name)
    calls = 0

    async def deadly(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        if not _is_meant(point, arguments):
            return await act(*arguments, **named)
        calls += 1
        if calls == int(number) and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = await act(*arguments, **named)
        if calls >= int(number) and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(holder, name, deadly)


def _is_meant(point: str, arguments: tuple[Any, ...]) -> bool:
    if point not in ("announce", "wait"):
        return True
    return arguments[1][0].exchange.endswith(".wait") is (point == "wait")


if __name__ == "__main__":
    toy.register_toys()
    if "TOY_KILL_AT" in os.environ:
        die_at(os.environ["TOY_KILL_AT"])
    run(toy_service(sys.argv[1]), ToySettings, open_nothing)

"""A toy service as a process of its own: `python -m tests.faults.toy_process accounts`."""

import asyncio
import os
import signal
import sys
from dataclasses import replace

from shared.errors import NotYetKnownError
from shared.messaging.registry import Service
from shared.messaging.unit_of_work import UnitOfWork
from shared.runtime import run
from tests import toy
from tests.toy import AddWord, ToySettings, WordAdded, open_nothing

SLOW_SECONDS = 0.05


async def add_word_in_turn(command: AddWord, work: UnitOfWork[None]) -> WordAdded:
    """Add a word; `b after a` only once `a` is there, `slow ...` with a pause in the transaction.

    `forgetful ...` awaits a coroutine never, as the client library may when its connection goes; `deadly ...`
    kills the process, whatever else it has in hand.
    """
    word, _, earlier = command.word.partition(" after ")
    if earlier and not await work.connection.fetchval("SELECT 1 FROM toy WHERE word = $1", earlier):
        raise NotYetKnownError("the earlier word")
    if word.startswith("slow"):
        await asyncio.sleep(SLOW_SECONDS)
    if word.startswith("deadly"):
        os.kill(os.getpid(), signal.SIGKILL)
    if word.startswith("forgetful"):
        forgotten = asyncio.sleep(SLOW_SECONDS)
        del forgotten
    return await toy.add_word(command, work)


def toy_service(name: str) -> Service[None]:
    """The toys of the delivery tests, `accounts` with words that wait for others."""
    service = toy.TOYS[name]
    return replace(service, handles={AddWord: add_word_in_turn}) if name == "accounts" else service


if __name__ == "__main__":
    toy.register_toys()
    run(toy_service(sys.argv[1]), ToySettings, open_nothing)

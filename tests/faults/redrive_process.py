"""A redrive as a process that is killed when the broker has confirmed, before the row is settled."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass

import msgspec

from deploy.tool import redriving
from shared.clock import Clock, real_clock
from tests import toy
from tests.operating import an_order


@dataclass(frozen=True)
class OnlyAccounts:
    """The place: one service's addresses."""

    address: str
    broker_address: str
    clock: Clock = real_clock

    def database_url(self, _: str) -> str:
        return self.address

    def broker_url(self, _: str) -> str:
        return self.broker_address

    def environment(self, *_: object) -> dict[str, str]:
        return {}


async def die(*_: object) -> bool:
    """Instead of settling the row."""
    os.kill(os.getpid(), signal.SIGKILL)
    return False


if __name__ == "__main__":
    toy.register_toys()
    redriving.settle_parked = die
    place = OnlyAccounts(*msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[str, str]))
    asyncio.run(redriving.redrive(place, ["accounts"], an_order(), print))

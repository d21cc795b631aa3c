"""Toys that are killed at the n-th await of one piece of work; `python -m tests.faults.crash_process PATH`.

Nothing in the product knows of this: here its functions are wrapped, before a process runs them.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from deploy.tool import redriving
from shared.messaging import relay, settler
from shared.messaging.bench import Bench
from shared.messaging.broker import Delivery
from shared.messaging.consumer import Lane
from shared.messaging.settler import Settler
from shared.policies import Policies
from shared.runtime import run
from shared.settings import ServiceSettings
from tests.faults import crash_toys, defences
from tests.faults.awaits import Points, watch
from tests.faults.defences import put_in_place
from tests.faults.fork_server import Say, serve
from tests.faults.redrive_process import OnlyAccounts
from tests.operating import QUICKLY, an_order
from tests.toy import ToySettings

SETTLING = ("consumer", "group", "batch", "retry", "park")
LISTENING = "listening"
"""What a service says once it obeys SIGTERM."""
STEPS: dict[str, str] = {"relay": "relay_batch", "due": "turn_due_work_into_commands"}


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is to do, and where it is to die.

    `watched`: the kind of work whose awaits are counted, once, with the `fresh` messages that have `marker`
    in their bodies; none if it is empty. `point`: the one at which to die. `redrives`: the parked message to
    send again, instead of serving. `lacks`, `dies_before`: the defence taken out, the step not reached.
    """

    service: str = "accounts"
    watched: str = ""
    marker: str = ""
    fresh: int = 0
    point: int = 0
    redrives: UUID | None = None
    addresses: tuple[str, str] = ("", "")
    lacks: str = ""
    dies_before: str = ""


class Incarnation:
    """One process: it watches one piece of work, with all fresh messages in it, and no other."""

    def __init__(self, task: Task, say: Say) -> None:
        self._task = task
        self._say = say
        self._points = Points(task.point)
        self._is_used = False
        self._held: list[Delivery] = []
        self._settled = 0
        self._all_settled = asyncio.Event()

    def wrap_settling(self) -> None:
        """Hold fresh deliveries until all are here and nothing else is in hand, and watch their settling."""
        put, settle_all = Lane.put, Settler.settle_all

        async def put_together(lane: Lane, delivery: Delivery) -> None:
            if self._is_used or not self._is_fresh(delivery):
                return await put(lane, delivery)
            self._held.append(delivery)
            if len(self._held) == self._task.fresh:
                await lane.finish()
                for each in self._held:
                    await put(lane, each)
            return None

        async def watched(which: Settler, deliveries: Sequence[Delivery]) -> None:
            fresh = [delivery for delivery in deliveries if self._is_fresh(delivery)]
            if len(fresh) < self._task.fresh or self._is_used:
                return await settle_all(which, deliveries)
            await _disconnect(which._bench)
            await self._watch(partial(settle_all, which, fresh))
            others = [delivery for delivery in deliveries if delivery not in fresh]
            return await settle_all(which, others)

        put_in_place(Lane, put=put_together)
        put_in_place(Settler, settle_all=watched)

    def wrap_step(self, name: str) -> None:
        """Hold a step of the relay until the fresh messages are settled, and watch it."""
        step = getattr(relay, name)

        async def watched(*arguments: Any) -> Any:
            await self._all_settled.wait()
            return await self._watch(partial(step, *arguments))

        self.note_settled()
        put_in_place(relay, **{name: watched})

    async def do_job(self, bench: Bench[Any]) -> bool:
        """The toy's job, held and watched likewise."""
        if self._task.watched != "job":
            return await crash_toys.do_job(bench)
        await self._all_settled.wait()
        await _disconnect(bench)
        return bool(await self._watch(partial(crash_toys.do_job, bench)))

    def wrap_redrive(self) -> None:
        """Watch how one parked message is sent and settled."""
        send = redriving._send

        async def watched(*arguments: Any) -> bool:
            return bool(await self._watch(partial(send, *arguments)))

        put_in_place(redriving, _send=watched)

    def note_settled(self) -> None:
        """Let what is held begin once all fresh messages are settled."""
        settle_all = Settler.settle_all

        async def noted(which: Settler, deliveries: Sequence[Delivery]) -> None:
            await settle_all(which, deliveries)
            self._settled += sum(map(self._is_fresh, deliveries))
            if self._settled >= self._task.fresh:
                self._all_settled.set()

        put_in_place(Settler, settle_all=noted)

    def _is_fresh(self, delivery: Delivery) -> bool:
        return self._task.marker.encode() in delivery.body

    async def _watch(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        if self._is_used:
            return await work()
        self._is_used = True
        result = await watch(work(), self._points)
        self._say(f"alive {self._points.passed}")
        return result


async def _disconnect(bench: Bench[Any]) -> None:
    """Let the work begin with a new connection, whatever was done before: so its awaits are the same."""
    async with bench.pool.acquire() as connection:
        connection.terminate()


def do(encoded: bytes, say: Say) -> None:
    """Do one task, up to its end or its point."""
    task = msgspec.json.decode(encoded, type=Task)
    incarnation = Incarnation(task, say)
    defences.take_out(task.lacks)
    defences.die_before(task.dies_before)
    if task.redrives is not None:
        incarnation.wrap_redrive()
        place, order = OnlyAccounts(*task.addresses), an_order(id=task.redrives, pace=QUICKLY)
        asyncio.run(redriving.redrive(place, ["accounts"], order, print))
        return
    if task.watched in SETTLING:
        put_in_place(settler, QUICK_TRIES=1)  # each further try has the same awaits
        incarnation.wrap_settling()
    elif task.watched in STEPS:
        incarnation.wrap_step(STEPS[task.watched])
    elif task.watched == "job":
        incarnation.note_settled()

    @asynccontextmanager
    async def say_that_it_listens(settings: ServiceSettings, policies: Policies) -> AsyncIterator[None]:
        say(LISTENING)
        yield None

    run(crash_toys.crash_service(task.service, incarnation.do_job), ToySettings, say_that_it_listens)


if __name__ == "__main__":
    crash_toys.register()
    serve(sys.argv[1], do)

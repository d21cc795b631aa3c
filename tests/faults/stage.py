"""A stage for crash points: the crash toys on the shared servers, started by a fork server."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import msgspec

from shared.clock import real_clock
from shared.messaging.broker import Publisher, connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from tests.faults.crash_process import LISTENING, Task
from tests.faults.fork_server import Forked, ForkServer, Order
from tests.faults.scene import Scene
from tests.installation import until
from tests.toy import AddWord

SOON_SECONDS = 120


@dataclass(frozen=True)
class Compared:
    """What is wrong with a toy's effects, in comparison with what was accepted."""

    lost: list[str]
    doubled: list[str]


NOTHING_WRONG = {"accounts": Compared([], []), "notify": Compared([], [])}


@dataclass
class Stage:
    """Both toys, who sends to them, and what they wrote."""

    scene: Scene
    server: ForkServer
    publisher: Publisher
    _numbers: "count[int]" = field(default_factory=count)

    async def start(self, task: Task, **settings: str) -> Forked:
        """Start a process with a task; a service obeys SIGTERM when this returns."""
        scene, service = self.scene, task.service
        changes = {f"NEXTGEN_{service.upper()}_{name.upper()}": value for name, value in settings.items()}
        order = Order(
            environment=scene.installation.environment(service, scene.urls[service], **changes),
            log=str(scene.folder / f"{task.watched or service}-{next(self._numbers):03}.log"),
            task=msgspec.Raw(msgspec.json.encode(task)),
        )
        process = await self.server.start(order)
        if task.redrives is None:
            assert await process.next_line() == LISTENING
        return process

    async def send(self, *messages: Outgoing) -> None:
        """Return once the broker has confirmed them all: they are accepted."""
        assert await self.publisher.publish_all(messages) == [None] * len(messages)

    async def words(self, service: str, kind: str) -> list[str]:
        """All words of a kind that a toy wrote; a second effect of the same message is a repetition."""
        rows = await self.scene.rows(service, "SELECT word FROM toy WHERE word LIKE $1", f"{kind} %")
        return [row["word"] for row in rows]

    async def compare(self, kind: str, accepted: Iterable[str]) -> dict[str, Compared]:
        """The effects of a kind against what was accepted, one by one."""
        wanted, compared = Counter(accepted), {}
        for service in NOTHING_WRONG:
            found = Counter(await self.words(service, kind))
            compared[service] = Compared(
                lost=sorted((wanted - found).elements()), doubled=sorted((found - wanted).elements())
            )
        return compared

    async def finish(self, accepted: Iterable[str], kind: str) -> None:
        """Let processes that nobody kills bring everything to its end, also an effect too many."""
        wanted = set(accepted)

        async def is_all_there() -> bool:
            written = [set(await self.words(service, kind)) for service in NOTHING_WRONG]
            return all(wanted <= words for words in written) and not await self.is_anything_open()

        await self.work_until(is_all_there, f"all words of {kind} are there, and nothing is open")

    async def work_until(self, is_so: Callable[[], object], what: str) -> None:
        """Run both toys until then, and end them; again while they leave anything in a queue."""
        while True:
            running = [await self.start(Task(service=service)) for service in NOTHING_WRONG]
            await until(is_so, what, deadline_seconds=SOON_SECONDS)  # type: ignore[arg-type]
            for process in running:
                assert await process.end() == 0
            if await self.scene.in_queues() == {}:
                return

    async def work_off(self, *, lacks: str = "") -> None:
        """Run both toys until nothing waits anywhere, whatever has become of it."""
        while await self.is_anything_open() or await self.scene.in_queues():
            running = [await self.start(Task(service=service, lacks=lacks)) for service in NOTHING_WRONG]
            await until(self._is_nothing_waiting, "nothing waits", deadline_seconds=SOON_SECONDS)
            for process in running:
                assert await process.end() == 0

    async def _is_nothing_waiting(self) -> bool:
        return not await self.is_anything_open() and await self.scene.in_queues() == {}

    async def is_anything_open(self) -> bool:
        """Does the owner still have something to publish, to do later, or in a job?"""
        (row,) = await self.scene.rows(
            "accounts",
            """
            SELECT EXISTS (SELECT FROM outbox) OR EXISTS (SELECT FROM due_work)
                   OR EXISTS (SELECT FROM toy_jobs WHERE NOT is_settled) AS is_open
            """,
        )
        return bool(row["is_open"])


def a_message(body: bytes, message_name: str = AddWord.message_name()) -> Outgoing:
    """A command from the portal, which asks for a reply."""
    now = real_clock()
    message_id = new_id(now)
    return Outgoing(
        message_id=message_id,
        type=message_name,
        exchange="portal",
        routing_key=message_name,
        body=body,
        time=now,
        correlation_id=message_id,
        reply_to="replies.portal.gone",
    )


def a_word(word: str) -> Outgoing:
    """The command that adds a word."""
    return a_message(msgspec.json.encode(AddWord(word=word)))


@asynccontextmanager
async def sending(scene: Scene) -> AsyncIterator[Publisher]:
    """A publisher with the portal's login."""
    async with connect(scene.installation.broker_url("portal"), name="test") as connection:
        yield await connection.open_publisher()

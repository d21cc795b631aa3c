"""The relay: one bad row in the outbox, or in the due work, never holds up the others."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from deploy.local.servers import Servers
from shared.clock import real_clock
from shared.database import Pool, open_pool, transaction
from shared.messaging import outbox
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.registry import Contract
from shared.runtime import Process
from tests import toy
from tests.installation import Installation, running, until
from tests.toy import WordAdded

GOOD = 50
UNHEARD = Contract(
    name="accounts.toy_unheard_event.v1", kind="event", owner="accounts", spoken_by="service", queues=()
)
"""It may be announced, and reaches no queue."""


@dataclass
class Announcer:
    """The toy `accounts` with an outbox that tests fill by hand."""

    installation: Installation
    pool: Pool
    url: str

    def process(self) -> Process:
        settings = self.installation.settings("accounts", self.url)
        return Process(self.installation.bench(toy.ACCOUNTS, self.pool, real_clock), settings)

    def announcement(self, **changes: Any) -> Outgoing:
        now = real_clock()
        usual: dict[str, Any] = {
            "message_id": new_id(now),
            "type": WordAdded.message_name(),
            "exchange": "accounts",
            "routing_key": WordAdded.message_name(),
            "body": msgspec.json.encode(WordAdded(row_id=uuid4(), word="a")),
            "time": now,
            "correlation_id": new_id(now),
        }
        return Outgoing(**{**usual, **changes})

    async def put(self, *announcements: Outgoing) -> None:
        async with transaction(self.pool) as connection:
            await outbox.insert_messages(connection, announcements)

    async def left(self) -> list[Any]:
        return list(await self.pool.fetch("SELECT type, attempts, last_problem FROM outbox"))

    async def has_announced(self, count: int) -> bool:
        return bool(await self.pool.fetchval("SELECT count(*) >= $1 FROM announced", count))


@pytest.fixture
async def announcer(
    servers: Servers, database_of: Callable[[str], Awaitable[str]], tmp_path: Path
) -> AsyncIterator[Announcer]:
    toy.register_toys()
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build((*toy.CONTRACTS, UNHEARD))
    url = await database_of("accounts")
    pool = await open_pool(url, size=8, name="test")
    yield Announcer(installation, pool, url)
    pool.terminate()
    installation.remove()


@pytest.mark.parametrize(
    ("problem", "changes"),
    [
        ("ForbiddenError", {"routing_key": "linking.court_changed.v1"}),
        ("UnroutableError", {"type": "accounts.gone.v1", "routing_key": UNHEARD.name}),
        ("UnsendableError", {"routing_key": "x" * 300}),
        ("UnsendableError", {"type": "x" * 300}),
    ],
)
async def test_a_row_that_the_broker_refuses_holds_up_no_other_and_is_kept(
    announcer: Announcer, problem: str, changes: dict[str, str]
) -> None:
    bad = announcer.announcement(**changes)
    await announcer.put(bad, *(announcer.announcement() for _ in range(GOOD)))

    async with running(announcer.process()):
        await until(lambda: announcer.has_announced(GOOD), "all others are announced", deadline_seconds=8)
        rows = await until(lambda: refused(announcer), "the bad one is put aside")
        asked_to_stop_at = time.monotonic()

    assert [(row["type"], row["last_problem"]) for row in rows] == [(bad.type, problem)]
    assert await announcer.pool.fetchval("SELECT count(*) FROM announced") == GOOD
    assert time.monotonic() - asked_to_stop_at < 4, "the drain does not wait for what can't go now"


async def refused(announcer: Announcer) -> list[Any]:
    return [row for row in await announcer.left() if row["attempts"]]


async def test_due_work_of_a_kind_that_is_gone_holds_up_nothing_and_is_kept(announcer: Announcer) -> None:
    await announcer.pool.execute(
        "INSERT INTO due_work VALUES ('accounts.gone.v1', 's', 'o', now() - interval '1 hour', $1, $2, $2)",
        b"{}",
        new_id(real_clock()),
    )
    await announcer.put(announcer.announcement())

    async with running(announcer.process()):
        await until(lambda: announcer.has_announced(1), "the announcement is made", deadline_seconds=8)
        rows = await until(lambda: refused(announcer), "the gone kind is put aside")

    assert [row["type"] for row in rows] == ["accounts.gone.v1"]

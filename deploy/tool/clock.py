"""The business clock of a story: started once, then moved forward only, when nothing is on its way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg

from deploy.tool.stories import Story, StoryError
from shared.clock import write_offset
from shared.messaging.broker import BrokerConnection, connect
from shared.messaging.registry import read_contracts
from shared.messaging.relay import PARTITIONS_AHEAD, PARTITIONS_BEHIND
from shared.messaging.topology import SERVICES, WAIT_TIERS, WAITING_QUEUES

LONGEST_STEP = timedelta(days=93)
QUIET_SECONDS = 180
LOOK_SECONDS = 0.3
SECOND_LOOK_SECONDS = 0.1
_QUEUES = tuple(
    f"{service}.{kind}"
    for service in SERVICES
    for kind in (*WAITING_QUEUES, "queries", "dead", *(f"wait.{tier}" for tier in WAIT_TIERS))
)
_NOT_HANDLED = """
    SELECT count(*) FROM unnest($2::uuid[]) AS sent (message_id)
     WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE queue = $1 AND inbox.message_id = sent.message_id)
       AND NOT EXISTS (SELECT 1 FROM parked_messages AS parked
                        WHERE parked.queue = $1 AND parked.message_id = sent.message_id)
"""
_AT_WORK = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = current_user
       AND pid <> pg_backend_pid() AND state <> 'idle'
"""


def start(story: Story, instant: datetime) -> None:
    """Set the clock of a fresh story, before its first message; the past is allowed."""
    if story.clock_file.exists():
        raise StoryError("the clock was started before; it moves forward only: `nextgen clock forward`")
    write_offset(story.clock_file, instant - datetime.now(tz=UTC))


async def forward(story: Story, instant: datetime) -> None:
    """Move the clock to a later instant, at most a quarter on, once nothing is on its way.

    The partitions for the new time are made first, so that no message finds itself without one.
    """
    now = story.clock()
    if not now < instant <= now + LONGEST_STEP:
        raise StoryError(
            f"the clock stands at {now:%Y-%m-%d %H:%M} and goes forward, at most a quarter a step"
        )
    for service in SERVICES:
        async with _connected(story, service) as connection:
            await connection.execute(
                "SELECT ensure_partitions($1, $2)", instant - PARTITIONS_BEHIND, instant + PARTITIONS_AHEAD
            )
    await wait_until_quiet(story)
    write_offset(story.clock_file, instant - datetime.now(tz=UTC))


async def wait_until_quiet(story: Story) -> None:
    """Return once every outbox and every queue of a service is empty, and no service is at work.

    Two looks in a row must find nothing: a delivery may be between the broker and the service in one of them.
    What courts have not read of their results is not waited for.
    """
    deadline = time.monotonic() + QUIET_SECONDS
    quiet_looks = 0
    async with connect(_administrators_url(story), name="nextgen clock") as broker:
        while quiet_looks < 2:
            what = await _in_queues(broker) or await _on_its_way(story)
            if what and time.monotonic() > deadline:
                raise StoryError(f"not quiet within {QUIET_SECONDS} s: {what}")
            quiet_looks = 0 if what else quiet_looks + 1
            await asyncio.sleep(LOOK_SECONDS if what else SECOND_LOOK_SECONDS)


async def _in_queues(broker: BrokerConnection) -> str:
    """The first queue in which something waits: this sees what courts sent, of which no outbox knows."""
    counts = await broker.count_ready(_QUEUES)
    return next((f"{count} messages in {queue}" for queue, count in counts.items() if count), "")


async def _on_its_way(story: Story) -> str:
    """What is still on its way, or nothing.

    The broker doesn't tell at once what consumers hold, so what each service announced is compared with what
    its readers have handled or parked, which is exact; of what others sent, the open transaction tells.
    """
    expected: dict[str, list[UUID]] = {}
    for service in SERVICES:
        async with _connected(story, service) as connection:
            if waiting := await connection.fetchval("SELECT count(*) FROM outbox"):
                return f"{waiting} messages in the outbox of {service}"
            if working := await connection.fetchval(_AT_WORK):
                return f"{working} transactions of {service}"
            for row in await connection.fetch("SELECT type, message_id FROM announced"):
                for queue in read_contracts()[row["type"]].queues:
                    expected.setdefault(queue, []).append(row["message_id"])
    for queue, message_ids in expected.items():
        async with _connected(story, queue.partition(".")[0]) as connection:
            if missing := await connection.fetchval(_NOT_HANDLED, queue, message_ids):
                return f"{missing} messages on their way to {queue}"
    return ""


def _administrators_url(story: Story) -> str:
    """The broker's address with the administrator's login, which may look at every queue."""
    login = urlsplit(story.servers.broker_admin_url).netloc.rpartition("@")[0]
    broker = urlsplit(story.servers.broker_url)
    return urlunsplit((broker.scheme, f"{login}@{broker.netloc}", f"/{story.instance}", broker.query, ""))


@asynccontextmanager
async def _connected(story: Story, service: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(story.database_url(service))
    try:
        yield connection
    finally:
        await connection.close()

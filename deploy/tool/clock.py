"""The business clock of a story: started once, then moved forward only, when nothing is on its way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from deploy.tool.stories import Story, StoryError
from shared.clock import write_offset
from shared.messaging.registry import read_contracts
from shared.messaging.relay import PARTITIONS_AHEAD, PARTITIONS_BEHIND
from shared.messaging.topology import SERVICES

LONGEST_STEP = timedelta(days=93)
QUIET_SECONDS = 180
LOOK_SECONDS = 0.3
_NOT_HANDLED = """
    SELECT count(*) FROM unnest($2::uuid[]) AS sent (message_id)
     WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE queue = $1 AND inbox.message_id = sent.message_id)
       AND NOT EXISTS (SELECT 1 FROM parked_messages AS parked
                        WHERE parked.queue = $1 AND parked.message_id = sent.message_id)
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
    """Return once every outbox is empty and every announced message was handled by all its readers."""
    deadline = time.monotonic() + QUIET_SECONDS
    while what := await _on_its_way(story):
        if time.monotonic() > deadline:
            raise StoryError(f"not quiet within {QUIET_SECONDS} s: {what}")
        await asyncio.sleep(LOOK_SECONDS)


async def _on_its_way(story: Story) -> str:
    """What is still on its way, or nothing.

    Queue counts of the broker lag behind, so what each service announced is compared with what its readers
    have handled or parked: that is exact, and sees a message in a wait queue too.
    """
    expected: dict[str, list[UUID]] = {}
    for service in SERVICES:
        async with _connected(story, service) as connection:
            if waiting := await connection.fetchval("SELECT count(*) FROM outbox"):
                return f"{waiting} messages in the outbox of {service}"
            for row in await connection.fetch("SELECT type, message_id FROM announced"):
                for queue in read_contracts()[row["type"]].queues:
                    expected.setdefault(queue, []).append(row["message_id"])
    for queue, message_ids in expected.items():
        async with _connected(story, queue.partition(".")[0]) as connection:
            if missing := await connection.fetchval(_NOT_HANDLED, queue, message_ids):
                return f"{missing} messages on their way to {queue}"
    return ""


@asynccontextmanager
async def _connected(story: Story, service: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(story.database_url(service))
    try:
        yield connection
    finally:
        await connection.close()

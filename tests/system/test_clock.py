"""The clock of a system moves only once everything that was sent has been handled, by courts too."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from deploy.local.servers import Servers
from deploy.tool import clock
from deploy.tool.stories import StoryError
from shared.messages.paa_billing import RecordUsage, UsageRecord
from shared.messaging.broker import connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from tests.system.courts import Court
from tests.system.running import System, a_system

BEGINS = datetime(2024, 2, 1, 18, tzinfo=UTC)
LATER = BEGINS + timedelta(days=3)
COURT = "ncwbk"
IMPATIENT_SECONDS = 1


@pytest.fixture
async def system(
    servers: Servers, system_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[System]:
    """A system in which nothing runs, looked at by somebody impatient."""
    monkeypatch.setattr(clock, "QUIET_SECONDS", IMPATIENT_SECONDS)
    async with a_system(servers, system_folder / secrets.token_hex(4), [COURT], begins_at=BEGINS) as made:
        yield made


def a_use(number: int) -> UsageRecord:
    return UsageRecord(
        usage_id=f"use-{number}", account_number="1234567", used_at=BEGINS, kind="document", pages=1
    )


async def put_into_wait_queue(system: System) -> UUID:
    """Publish to the longest wait tier, as paa_billing does with what failed four times."""
    now = system.story.clock()
    message_id = new_id(now)
    outgoing = Outgoing(
        message_id=message_id,
        type=RecordUsage.message_name(),
        exchange="paa_billing.wait",
        routing_key="30min.paa_billing.bulk",
        body=msgspec.json.encode(RecordUsage(court_id=COURT, batch_id=new_id(now), records=[])),
        time=now,
        correlation_id=message_id,
    )
    async with connect(system.story.broker_url("paa_billing"), name="test") as connection:
        await (await connection.open_publisher()).publish(outgoing)
    return message_id


async def test_the_clock_waits_for_batches_that_courts_have_sent(system: System) -> None:
    story = system.story
    court = Court(story, COURT)
    await court.report([[a_use(number)] for number in range(20)])

    with pytest.raises(StoryError, match=r"20 messages in paa_billing\.bulk"):
        await clock.forward(story, LATER)
    assert story.clock() < LATER

    await system.start(["paa_billing", "notify"])
    async with asyncio.timeout(60):
        while story.clock() < LATER:
            try:
                await clock.forward(story, LATER)
            except StoryError:
                continue  # of the impatient: it is still being handled
    (batches,) = await system.rows(
        "paa_billing", "SELECT count(*) FROM inbox WHERE queue = 'paa_billing.bulk'"
    )
    assert batches["count"] == 20


async def test_the_clock_waits_for_what_will_be_tried_again(system: System) -> None:
    await put_into_wait_queue(system)

    with pytest.raises(StoryError, match=r"1 messages in paa_billing\.wait\.30min"):
        await clock.forward(system.story, LATER)

    assert system.story.clock() < LATER

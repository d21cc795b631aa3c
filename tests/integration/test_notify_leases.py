"""A mail's lease: short after a death, and extended for as long as a mail server takes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.mail_sink import MailSink, mail_sink
from services.notify import jobs, store
from services.notify.service import SERVICE
from shared.messages.accounts import PasswordChanged
from shared.messaging.registry import Service
from tests.installation import until
from tests.integration.notify_builders import a_known_person, notifications, resources_for
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
LEASE_SECONDS = 3.0


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    async with mail_sink(tmp_path) as running:
        yield running


@pytest.fixture
async def place(workplace_of: Make, sink: MailSink) -> Workplace:
    return await workplace_of(SERVICE, resources_for(sink.port))


async def test_a_hand_over_that_takes_longer_than_its_lease_stays_with_its_worker(
    place: Workplace, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LEASE_SECONDS", LEASE_SECONDS)
    monkeypatch.setattr(jobs, "LEASE", timedelta(seconds=LEASE_SECONDS))
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.conducts.append("stall_after_storing")

    async with asyncio.TaskGroup() as group:
        worker = group.create_task(place.work_off("mail"))
        async with asyncio.timeout(10):
            await sink.stalled.wait()
        first_end = await place.pool.fetchval("SELECT not_before FROM notifications")

        async def is_extended_beyond_the_first() -> bool:
            return bool(
                await place.pool.fetchval(
                    "SELECT clock_timestamp() > $1 AND not_before > $1 FROM notifications", first_end
                )
            )

        await until(is_extended_beyond_the_first, "its lease is extended")
        sent_by_another = await place.work_off("mail")
        worker.cancel()

    (row,) = await notifications(place)
    assert (sent_by_another, row["attempts"], row["is_possible_duplicate"]) == (0, 1, False)


async def test_a_dead_workers_mail_waits_half_a_minute_at_most(place: Workplace) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))

    async with place.pool.acquire() as connection:
        assert await store.claim_notification(connection, jobs.LEASE)

    waits = await place.pool.fetchval(
        "SELECT extract(epoch FROM not_before - clock_timestamp())::float8 FROM notifications"
    )
    assert 0 < waits <= 30


async def test_a_lease_that_another_has_taken_since_is_not_extended(place: Workplace) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))

    async with place.pool.acquire() as connection:
        first = await store.claim_notification(connection, timedelta(0))
        second = await store.claim_notification(connection, jobs.LEASE)
        assert first is not None
        assert second is not None
        assert not await store.extend_lease(connection, first, timedelta(hours=1))
        assert await store.extend_lease(connection, second, timedelta(hours=1))

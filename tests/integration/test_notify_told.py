"""What operators are told of each mail: a count and a log line, with ids and without addresses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from deploy.local.mail_sink import MailSink, mail_sink
from services.notify import store
from services.notify.service import SERVICE
from shared.messages.accounts import PasswordChanged
from shared.messaging.registry import Service
from tests.integration.notify_builders import (
    a_known_person,
    let_waits_pass,
    notifications,
    resources_for,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    async with mail_sink(tmp_path) as running:
        yield running


@pytest.fixture
async def place(workplace_of: Make, sink: MailSink) -> Workplace:
    return await workplace_of(SERVICE, resources_for(sink.port))


def counted(outcome: str, kind: str = "password_changed") -> float:
    labels = {"kind": kind, "outcome": outcome}
    return REGISTRY.get_sample_value("nextgen_mail_total", labels) or 0


async def told(place: Workplace) -> list[dict[str, Any]]:
    with capture_logs() as lines:
        await place.work_off("mail")
    return [dict(line) for line in lines if line["event"] == "mail_settled"]


async def test_a_mail_is_told_when_it_is_postponed_and_when_it_is_sent(
    place: Workplace, sink: MailSink
) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.replies.append("451 try later")
    before = counted("postponed"), counted("sent")

    first = await told(place)
    await let_waits_pass(place)
    second = await told(place)

    (row,) = await notifications(place)
    usual = {
        "event": "mail_settled",
        "log_level": "info",
        "kind": "password_changed",
        "notification_id": str(row["id"]),
        "correlation_id": str(row["correlation_id"]),
    }
    assert first == [{**usual, "outcome": "postponed", "reason": "refused_451", "attempts": 1}]
    assert second == [{**usual, "outcome": "sent", "reason": None, "attempts": 2}]
    assert (counted("postponed"), counted("sent")) == (before[0] + 1, before[1] + 1)


async def test_a_mail_that_is_given_up_is_told_without_its_address(place: Workplace, sink: MailSink) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.refused_recipients["ann@example.org"] = "550 no such person"
    before = counted("abandoned")

    (line,) = await told(place)

    assert (line["outcome"], line["reason"]) == ("abandoned", "refused_550")
    assert "ann" not in str(line).lower()
    assert counted("abandoned") == before + 1


async def test_what_a_mail_came_to_is_not_told_by_a_worker_that_lost_it_to_another(
    workplace_of: Make, sink: MailSink
) -> None:
    place = await workplace_of(SERVICE, resources_for(sink.port, timeout_seconds=1))
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.conducts.append("stall_after_storing")
    before = counted("postponed")

    async with asyncio.TaskGroup() as group:
        worker = group.create_task(told(place))
        async with asyncio.timeout(10):
            await sink.stalled.wait()
        await let_waits_pass(place)
        async with place.pool.acquire() as connection:
            assert await store.claim_notification(connection, timedelta(minutes=1)) is not None

    assert worker.result() == []
    assert counted("postponed") == before

"""What becomes of a mail when workers are killed and mail servers refuse, stall or hang up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.mail_sink import MailSink, mail_sink, read_mails, read_messages
from services.notify import store
from services.notify.service import SERVICE
from shared.messages.accounts import (
    PasswordChanged,
)
from shared.messages.notify import NotificationAbandoned, NotificationSent
from shared.messaging.registry import Service
from tests.integration.notify_builders import (
    a_known_person,
    let_waits_pass,
    notifications,
    resources_for,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
LEASE_OVER = timedelta(0)
LEASE = timedelta(minutes=1)


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    async with mail_sink(tmp_path) as running:
        yield running


@pytest.fixture
async def place(workplace_of: Make, sink: MailSink) -> Workplace:
    return await workplace_of(SERVICE, resources_for(sink.port))


def message_ids(sink: MailSink) -> list[str]:
    return [str(message["Message-ID"]) for message in read_messages(sink.folder)]


async def test_two_workers_at_once_send_each_mail_once(place: Workplace, sink: MailSink) -> None:
    account_id = await a_known_person(place)
    for _ in range(6):
        await place.send(PasswordChanged(account_id=account_id))

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(place.work_off("mail"))

    assert len(message_ids(sink)) == len(set(message_ids(sink))) == 6


async def test_a_worker_killed_while_the_server_answers_sends_again_and_says_so(
    place: Workplace, sink: MailSink
) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.conducts.append("stall_after_storing")

    async with asyncio.TaskGroup() as group:
        worker = group.create_task(place.work_off("mail"))
        async with asyncio.timeout(10):
            await sink.stalled.wait()
        worker.cancel()
    (killed,) = await notifications(place)
    assert await place.work_off("mail") == 0, "its lease still runs"
    await let_waits_pass(place)
    await place.work_off("mail")

    (row,) = await notifications(place)
    assert killed["state"] == "sending"
    assert (row["state"], row["is_possible_duplicate"], row["attempts"]) == ("sent", True, 2)
    assert len(message_ids(sink)) == 2
    assert len(set(message_ids(sink))) == 1
    assert len(await place.emitted(NotificationSent)) == 1


@pytest.mark.parametrize("conduct", ["hang_up_after_storing", "hang_up_before_storing"])
async def test_a_connection_lost_after_the_mail_leaves_the_outcome_unknown(
    place: Workplace, sink: MailSink, conduct: Any
) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.conducts.append(conduct)

    await place.work_off("mail")
    (unknown,) = await notifications(place)
    await let_waits_pass(place)
    await place.work_off("mail")

    (row,) = await notifications(place)
    assert (unknown["state"], unknown["reason"], unknown["is_possible_duplicate"]) == (
        "queued",
        "outcome_unknown",
        True,
    )
    assert (row["state"], row["is_possible_duplicate"]) == ("sent", True)
    assert len(set(message_ids(sink))) == 1


async def test_a_server_that_never_answers_leaves_the_outcome_unknown(
    workplace_of: Make, sink: MailSink
) -> None:
    place = await workplace_of(SERVICE, resources_for(sink.port, timeout_seconds=0.5))
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.conducts.append("stall_after_storing")

    await place.work_off("mail")

    (row,) = await notifications(place)
    assert (row["state"], row["reason"]) == ("queued", "outcome_unknown")


async def test_a_claim_whose_lease_is_over_passes_to_the_next_and_the_first_settles_nothing(
    place: Workplace,
) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))

    async with place.pool.acquire() as connection:
        first = await store.claim_notification(connection, LEASE_OVER)
        assert first is not None
        assert await store.mark_sending(connection, first, LEASE_OVER)
        second = await store.claim_notification(connection, LEASE)
        assert second is not None
        third = await store.claim_notification(connection, LEASE)
        assert not await store.mark_sent(connection, first, NOON)
        assert await store.mark_sent(connection, second, NOON)

    (row,) = await notifications(place)
    assert (first.id, first.attempts, second.attempts, third) == (second.id, 1, 2, None)
    assert (row["state"], row["is_possible_duplicate"]) == ("sent", True)


async def test_a_claim_that_is_not_committed_yet_holds_up_nobody(place: Workplace) -> None:
    account_id = await a_known_person(place)
    for _ in range(2):
        await place.send(PasswordChanged(account_id=account_id))

    async with place.pool.acquire() as one, place.pool.acquire() as other, one.transaction():
        first = await store.claim_notification(one, LEASE)
        async with asyncio.timeout(5):
            second = await store.claim_notification(other, LEASE)

    assert first is not None
    assert second is not None
    assert first.id != second.id


async def test_a_worker_killed_before_it_sent_makes_no_possible_duplicate(place: Workplace) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))

    async with place.pool.acquire() as connection:
        await store.claim_notification(connection, LEASE_OVER)
    await place.work_off("mail")

    (row,) = await notifications(place)
    assert (row["state"], row["is_possible_duplicate"]) == ("sent", False)


async def test_a_passing_refusal_is_tried_again_and_then_sent(place: Workplace, sink: MailSink) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.replies.extend(["451 try later", "421 closing"])

    waits = []
    for _ in range(3):
        await place.work_off("mail")
        waits.append((await notifications(place))[0])
        await let_waits_pass(place)

    assert [(row["state"], row["reason"]) for row in waits] == [
        ("queued", "refused_451"),
        ("queued", "refused_421"),
        ("sent", None),
    ]
    assert 265 < waits[0]["waits_seconds"] <= 330
    assert 345 < waits[1]["waits_seconds"] <= 429
    assert not waits[2]["is_possible_duplicate"]
    assert len(read_mails(sink.folder)) == 1


@pytest.mark.parametrize("where", ["recipient", "mail"])
async def test_a_final_refusal_is_the_end(place: Workplace, sink: MailSink, where: str) -> None:
    account_id = await a_known_person(place)
    await place.send(PasswordChanged(account_id=account_id))
    if where == "recipient":
        sink.refused_recipients["ann@example.org"] = "550 no such person"
    else:
        sink.replies.append("554 not this")

    await place.work_off("mail")
    await let_waits_pass(place)
    await place.work_off("mail")

    (row,) = await notifications(place)
    (abandoned,) = await place.emitted(NotificationAbandoned)
    assert row["state"] == "abandoned"
    assert abandoned.reason == row["reason"] == ("refused_550" if where == "recipient" else "refused_554")
    assert read_mails(sink.folder) == []


async def test_a_mail_that_can_never_be_handed_over_is_given_up_after_the_last_attempt(
    place: Workplace, sink: MailSink
) -> None:
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    sink.replies.extend(["451 try later"] * 100)

    for _ in range(20):
        await place.work_off("mail")
        await let_waits_pass(place)

    (row,) = await notifications(place)
    assert (row["state"], row["reason"], row["attempts"]) == ("abandoned", "tried_too_often", 18)
    assert len(await place.emitted(NotificationAbandoned)) == 1


async def test_a_mail_server_that_is_away_is_tried_again(place: Workplace, sink: MailSink) -> None:
    nowhere = replace(place.resources, server=replace(place.resources.server, port=1))
    place.resources, here = nowhere, place.resources
    await place.send(PasswordChanged(account_id=await a_known_person(place)))
    await place.work_off("mail")
    (waiting,) = await notifications(place)

    place.resources = here
    await let_waits_pass(place)
    await place.work_off("mail")

    assert waiting["state"] == "queued"
    assert not waiting["is_possible_duplicate"]
    assert len(read_mails(sink.folder)) == 1


async def test_a_refused_login_at_the_mail_server_gives_no_mail_up(place: Workplace) -> None:
    server = replace(place.resources.server, user="notify", password="wrong")
    place.resources = replace(place.resources, server=server)
    await place.send(PasswordChanged(account_id=await a_known_person(place)))

    await place.work_off("mail")

    (row,) = await notifications(place)
    assert row["state"] == "queued"


async def test_without_the_tls_that_the_settings_ask_for_nothing_is_sent(
    place: Workplace, sink: MailSink
) -> None:
    server = replace(place.resources.server, security="starttls")
    place.resources = replace(place.resources, server=server)
    await place.send(PasswordChanged(account_id=await a_known_person(place)))

    await place.work_off("mail")

    (row,) = await notifications(place)
    assert row["state"] == "queued"
    assert read_mails(sink.folder) == []


async def test_claiming_reads_the_index_and_not_the_table(place: Workplace) -> None:
    await place.pool.execute(
        """
        INSERT INTO notifications (id, event_id, correlation_id, recipient, kind, mail_class, recipient_name,
                                   email, subject, details, state, queued_at, sent_at)
        SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'court:x', 'welcome', 'service', '',
               'a@b', '', '{}', 'sent', $1, $1
          FROM generate_series(1, 20000)
        """,
        NOON,
    )

    plan = await place.pool.fetch(
        """
        EXPLAIN SELECT id FROM notifications
                 WHERE state IN ('queued', 'sending') AND not_before <= clock_timestamp()
                 ORDER BY priority, not_before LIMIT 1 FOR UPDATE SKIP LOCKED
        """
    )

    assert any("notifications_to_send" in line["QUERY PLAN"] for line in plan)

"""From an event to the mail that a mail server receives, and what is kept of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.mail_sink import MailSink, mail_sink, read_mails, read_messages
from services.notify.service import SERVICE
from shared.messages.accounts import (
    AccountActivated,
    AccountErased,
    AccountLocked,
    PasswordChanged,
)
from shared.messages.linking import FilingAccountLinked
from shared.messages.notify import MyMessages, NotificationAbandoned, NotificationSent
from shared.messages.paa_billing import FirmRegistered
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.integration.notify_builders import (
    TOKEN,
    a_contact,
    a_court,
    a_known_person,
    a_verification,
    everything_in,
    notifications,
    resources_for,
)
from tests.messaging import NOON, Workplace, an_assertion

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


async def test_an_event_delivered_twice_at_once_makes_one_mail(place: Workplace, sink: MailSink) -> None:
    event = PasswordChanged(account_id=await a_known_person(place))
    message_id = new_id(NOON)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(place.send(event, message_id=message_id))
    await place.work_off("mail")

    (mail,) = read_mails(sink.folder)
    assert mail.to == "ann@example.org"
    assert mail.kind == "password_changed"
    assert mail.subject == "Your password was changed"
    assert mail.correlation_id == str(message_id)
    assert "Hello Ann Lee," in mail.text


async def test_a_mail_that_was_sent_is_announced_and_says_what_caused_it(place: Workplace) -> None:
    account_id = await a_known_person(place)
    message_id = new_id(NOON)
    await place.send(PasswordChanged(account_id=account_id), message_id=message_id)

    await place.work_off("mail")

    (row,) = await notifications(place)
    (sent,) = await place.emitted(NotificationSent)
    assert (row["state"], row["event_id"], row["correlation_id"]) == ("sent", message_id, message_id)
    assert sent == NotificationSent(notification_id=row["id"], account_id=account_id, kind="password_changed")
    outgoing = await place.pool.fetchrow("SELECT correlation_id, causation_id FROM outbox")
    assert tuple(outgoing or ()) == (message_id, message_id)


async def test_a_security_mail_overtakes_billing_and_service(place: Workplace, sink: MailSink) -> None:
    account_id = await a_known_person(place)
    await place.send(AccountActivated(account_id=account_id))
    for _ in range(3):
        await place.send(FirmRegistered(paa_id=uuid4(), account_id=account_id, name="Smith LLP"))
    await place.send(PasswordChanged(account_id=account_id))

    await place.work_off("mail")

    kinds = [mail.kind for mail in read_mails(sink.folder)]
    assert kinds == ["password_changed", *["firm_registered"] * 3, "welcome"]


async def test_the_one_time_link_arrives_and_then_the_token_is_in_no_table(
    place: Workplace, sink: MailSink
) -> None:
    await place.send(a_verification())
    sealed = await place.pool.fetchval("SELECT sealed->'token'->>'ciphertext' FROM notifications")
    assert sealed in await everything_in(place)
    assert "ann@example.org" not in await everything_in(place)

    await place.work_off("mail")

    (mail,) = read_mails(sink.folder)
    kept = await everything_in(place)
    assert mail.to == "ann@example.org"
    assert f"https://accounts.example/verify-email?token={TOKEN}" in mail.text
    assert "verify_email" in kept
    for secret in (TOKEN, sealed, "ann@example.org", "Ann Lee"):
        assert secret not in kept


async def test_a_token_that_is_late_is_dropped_and_erased(place: Workplace, sink: MailSink) -> None:
    await place.send(a_verification())
    sealed = await place.pool.fetchval("SELECT sealed->'token'->>'ciphertext' FROM notifications")
    place.clock.forward(days=7)

    await place.work_off("mail")

    (abandoned,) = await place.emitted(NotificationAbandoned)
    assert abandoned.reason == "too_late"
    assert read_mails(sink.folder) == []
    assert sealed not in await everything_in(place)


async def test_the_database_keeps_no_secret_of_a_settled_mail(place: Workplace) -> None:
    await place.send(a_verification())

    with pytest.raises(Exception, match="secrets_are_erased_once_settled"):
        await place.pool.execute("UPDATE notifications SET state = 'abandoned'")


async def test_an_event_for_a_contact_not_known_yet_is_tried_again_until_it_is(
    place: Workplace, sink: MailSink
) -> None:
    contact = a_contact()
    event, message_id = PasswordChanged(account_id=contact.account_id), new_id(NOON)

    early, _ = await place.judge(event, message_id=message_id)
    assert await notifications(place) == []
    await place.send(contact)
    await place.send(event, message_id=message_id)
    await place.work_off("mail")

    assert early.verdict is Verdict.RETRY
    assert "NotYetKnownError" in early.error
    assert len(read_mails(sink.folder)) == 1


async def test_an_event_for_a_court_not_known_yet_is_tried_again(place: Workplace) -> None:
    event = FilingAccountLinked(
        link_id=uuid4(),
        account_id=await a_known_person(place),
        court_id="ncwbk",
        filing_account_id=uuid4(),
        role="attorney",
        linked_at=NOON,
    )

    early, _ = await place.judge(event)
    await place.send(a_court())
    await place.send(event)

    assert early.verdict is Verdict.RETRY
    assert [row["kind"] for row in await notifications(place)] == ["filing_account_linked"]


async def test_an_older_contact_changes_nothing(place: Workplace, sink: MailSink) -> None:
    account_id = await a_known_person(place, version=3, email="new@example.org")
    await place.send(a_contact(account_id, version=2, email="old@example.org"))
    await place.send(PasswordChanged(account_id=account_id))

    await place.work_off("mail")

    assert [mail.to for mail in read_mails(sink.folder)] == ["new@example.org"]


async def test_a_mail_goes_to_the_address_that_was_right_when_the_event_came(
    place: Workplace, sink: MailSink
) -> None:
    account_id = await a_known_person(place, email="owner@example.org")
    await place.send(PasswordChanged(account_id=account_id))
    await place.send(a_contact(account_id, version=2, email="thief@example.org"))

    await place.work_off("mail")

    assert [mail.to for mail in read_mails(sink.folder)] == ["owner@example.org"]


async def test_an_erased_account_gets_no_mail_and_leaves_no_data(place: Workplace, sink: MailSink) -> None:
    account_id = await a_known_person(place)
    await place.send(PasswordChanged(account_id=account_id))
    await place.work_off("mail")
    await place.send(AccountLocked(account_id=account_id, locked_until=NOON))

    await place.send(AccountErased(account_id=account_id))
    await place.send(a_contact(account_id, version=9))
    await place.send(PasswordChanged(account_id=account_id))
    await place.work_off("mail")

    assert len(read_mails(sink.folder)) == 1
    assert sorted(row["state"] for row in await notifications(place)) == ["sent", "suppressed"]
    kept = await everything_in(place)
    assert "ann@example.org" not in kept
    assert "Ann Lee" not in kept


async def test_a_suppressed_address_gets_no_mail_until_that_ends(
    place: Workplace, sink: MailSink, servers: Any, role_passwords: dict[str, str]
) -> None:
    await _suppress(place, servers, role_passwords, "ann@example.org", until=NOON + timedelta(days=1))
    account_id = await a_known_person(place, email="Ann@Example.org")
    await place.send(PasswordChanged(account_id=account_id))
    await place.work_off("mail")

    place.clock.forward(days=1)
    await place.send(AccountLocked(account_id=account_id, locked_until=NOON))
    await place.work_off("mail")

    (abandoned,) = await place.emitted(NotificationAbandoned)
    assert abandoned.reason == "address_suppressed"
    assert [row["state"] for row in await notifications(place)] == ["suppressed", "sent"]
    assert [mail.kind for mail in read_mails(sink.folder)] == ["account_locked"]


async def _suppress(
    place: Workplace, servers: Any, role_passwords: dict[str, str], address: str, until: Any
) -> None:
    import asyncpg

    from deploy.tool.databases import url_for

    name = await place.pool.fetchval("SELECT current_database()")
    owner = await asyncpg.connect(
        url_for(servers.postgres_url, "notify_owner", role_passwords["notify_owner"], name)
    )
    await owner.execute(
        "INSERT INTO suppressions VALUES (sha256(convert_to($1, 'UTF8')), 'bounced', $2, $3)",
        address,
        NOON,
        until,
    )
    await owner.close()


async def test_i_see_what_was_written_to_me_and_nobody_else_does(place: Workplace) -> None:
    mine, other = await a_known_person(place), await a_known_person(place)
    await place.send(PasswordChanged(account_id=mine))
    await place.work_off("mail")
    place.clock.forward(minutes=1)
    await place.send(AccountLocked(account_id=mine, locked_until=NOON))
    await place.send(PasswordChanged(account_id=other))

    me = an_assertion("notify", place.clock(), account_id=mine)
    reply = await place.send(MyMessages(), by=me)
    newest = await place.send(MyMessages(limit=1), by=me)

    assert [(m.kind, m.subject, m.state, m.sent_at) for m in reply.messages] == [
        ("account_locked", "Your account is locked for a short time", "queued", None),
        ("password_changed", "Your password was changed", "sent", NOON),
    ]
    assert newest.messages == reply.messages[:1]

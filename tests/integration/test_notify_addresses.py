"""Which addresses get which mail: proved ones, legacy ones that nobody proved, and none at all."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.mail_sink import MailSink, mail_sink, read_mails
from services.notify.service import SERVICE
from shared.messages.accounts import AccountActivated, AccountErased, AccountLocked
from shared.messages.notify import MessageList, MyMessages, NotificationAbandoned
from shared.messages.paa_billing import StatementIssued
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from shared.messaging.topology import WAIT_TIERS
from tests.integration.notify_builders import (
    a_contact,
    a_known_person,
    everything_in,
    notifications,
    resources_for,
)
from tests.messaging import NOON, Workplace, an_assertion

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
LAST_ATTEMPT = len(WAIT_TIERS) + 1


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    async with mail_sink(tmp_path) as running:
        yield running


@pytest.fixture
async def place(workplace_of: Make, sink: MailSink) -> Workplace:
    return await workplace_of(SERVICE, resources_for(sink.port))


def a_bill(account_id: UUID) -> StatementIssued:
    return StatementIssued(
        statement_id=uuid4(),
        number=7,
        kind="invoice",
        payer_id=account_id,
        quarter="2024-Q1",
        total_cents=4000,
        due_cents=4000,
        due_on=date(2024, 5, 10),
        sha256="0" * 64,
        recipient_ids=(account_id,),
    )


async def log_of(place: Workplace, account_id: UUID) -> MessageList:
    asker = an_assertion("notify", place.clock(), account_id=account_id)
    log = await place.send(MyMessages(), by=asker)
    assert isinstance(log, MessageList)
    return log


async def test_a_bill_and_a_warning_reach_a_legacy_address_that_nobody_proved(
    place: Workplace, sink: MailSink
) -> None:
    account_id = await a_known_person(place, email="old@firm.example", is_verified=False)

    await place.send(a_bill(account_id))
    await place.send(AccountLocked(account_id=account_id, locked_until=NOON))
    await place.work_off("mail")

    assert [mail.kind for mail in read_mails(sink.folder)] == ["account_locked", "statement_ready"]
    assert {mail.to for mail in read_mails(sink.folder)} == {"old@firm.example"}


async def test_what_is_not_mandatory_is_not_sent_there_and_the_log_says_why(
    place: Workplace, sink: MailSink
) -> None:
    account_id = await a_known_person(place, email="old@firm.example", is_verified=False)

    await place.send(AccountActivated(account_id=account_id))
    await place.work_off("mail")

    assert read_mails(sink.folder) == []
    (shown,) = (await log_of(place, account_id)).messages
    assert (shown.kind, shown.state, shown.reason) == ("welcome", "suppressed", "address_not_verified")


async def test_once_the_address_is_proved_it_gets_all_mail(place: Workplace, sink: MailSink) -> None:
    account_id = await a_known_person(place, is_verified=False)

    await place.send(a_contact(account_id, version=2))
    await place.send(AccountActivated(account_id=account_id))
    await place.work_off("mail")

    assert [mail.kind for mail in read_mails(sink.folder)] == ["welcome"]


async def test_a_bill_to_an_account_that_never_proved_an_address_ends_in_the_log_and_not_parked(
    place: Workplace, sink: MailSink
) -> None:
    account_id = uuid4()
    event = a_bill(account_id)

    verdicts = [
        (await place.judge(event, attempt=attempt))[0].verdict for attempt in range(1, LAST_ATTEMPT + 1)
    ]
    await place.work_off("mail")

    assert verdicts == [*[Verdict.RETRY] * len(WAIT_TIERS), Verdict.ACKNOWLEDGE]
    (row,) = await notifications(place)
    assert await place.emitted(NotificationAbandoned) == [
        NotificationAbandoned(
            notification_id=row["id"],
            account_id=account_id,
            kind="statement_ready",
            reason="no_address_known",
        )
    ]
    (shown,) = (await log_of(place, account_id)).messages
    assert (shown.state, shown.reason, shown.sent_at) == ("suppressed", "no_address_known", None)
    assert read_mails(sink.folder) == []


async def test_a_contact_that_comes_while_its_bill_waits_gets_it(place: Workplace, sink: MailSink) -> None:
    contact = a_contact()
    event = a_bill(contact.account_id)
    early, _ = await place.judge(event, attempt=LAST_ATTEMPT - 1)

    await place.send(contact)
    await place.send(event, attempt=LAST_ATTEMPT)
    await place.work_off("mail")

    assert early.verdict is Verdict.RETRY
    assert [mail.kind for mail in read_mails(sink.folder)] == ["statement_ready"]


async def test_what_was_kept_unsent_holds_no_address_and_goes_with_its_account(place: Workplace) -> None:
    account_id = await a_known_person(place, email="old@firm.example", name="Old Timer", is_verified=False)
    await place.send(AccountActivated(account_id=account_id))

    assert await place.pool.fetchval("SELECT email FROM notifications") is None
    await place.send(AccountErased(account_id=account_id))
    await place.send(a_bill(account_id), attempt=LAST_ATTEMPT)

    kept = await everything_in(place)
    assert len(await notifications(place)) == 1
    assert "old@firm.example" not in kept
    assert "Old Timer" not in kept

"""No name that anybody may choose reaches a header of a mail, or forges its text."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.mail_sink import MailSink, mail_sink, read_messages
from services.notify.service import SERVICE
from shared.messages.accounts import PasswordChanged, SecondFactorChanged, SecondFactorRequired
from shared.messages.linking import CourtWentLive, FilingAccountUnlinked
from shared.messages.notify import NotificationAbandoned
from shared.messages.paa_billing import (
    FirmRegistered,
    InvitationDeclined,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    PaymentRecorded,
    UsageBatchSettled,
    UsageQuarantined,
)
from shared.messaging.registry import Service
from tests.integration.notify_builders import (
    a_court,
    a_known_person,
    a_verification,
    notifications,
    resources_for,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Correlation-ID",
    "X-Nextgen-Kind",
    "MIME-Version",
    "Content-Type",
]
EVIL = (
    "Ann\r\nBcc: victim@evil.example\r\n\r\nYour account is locked",
    "Ann\nBcc: victim@evil.example",
    "=?utf-8?q?Ann=0D=0ABcc:_victim@evil.example?=",
    "=?utf-8?b?QW5uDQpCY2M6IHZpY3RpbUBldmlsLmV4YW1wbGU=?=",
    'Ann" <victim@evil.example>, "',
)


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    async with mail_sink(tmp_path) as running:
        yield running


@pytest.fixture
async def place(workplace_of: Make, sink: MailSink) -> Workplace:
    return await workplace_of(SERVICE, resources_for(sink.port))


def check_headers(sink: MailSink, expected_recipients: set[str]) -> None:
    messages = read_messages(sink.folder)
    assert {str(message["To"]) for message in messages} == expected_recipients
    for message in messages:
        assert message.keys() == HEADERS
        assert len(message["To"].addresses) == 1
        plain = message.get_body(("plain",))
        assert plain is not None
        assert not any(line.startswith(("Bcc:", "Your account")) for line in plain.get_content().splitlines())


@pytest.mark.parametrize("evil", EVIL)
async def test_a_persons_name_changes_no_header(place: Workplace, sink: MailSink, evil: str) -> None:
    account_id = await a_known_person(place, name=evil)
    await place.send(PasswordChanged(account_id=account_id))
    await place.send(a_verification(name=evil, email="bob@example.org"))

    await place.work_off("mail")

    check_headers(sink, {"ann@example.org", "bob@example.org"})


@pytest.mark.parametrize("evil", EVIL)
async def test_names_and_remarks_about_firms_change_no_header(
    place: Workplace, sink: MailSink, evil: str
) -> None:
    person = await a_known_person(place, name=evil)
    boss = await a_known_person(place, email="boss@firm.example")
    firm: dict[str, Any] = {"paa_id": uuid4(), "firm_name": evil, "account_id": person}
    both: dict[str, Any] = {**firm, "administrator_ids": (boss,)}
    events = [
        FirmRegistered(paa_id=uuid4(), account_id=boss, name=evil),
        MemberInvited(**firm, invitation_id=uuid4(), remark=evil, expires_at=NOON + timedelta(days=1)),
        InvitationDeclined(**both, invitation_id=uuid4()),
        MemberJoined(**both, membership_id=uuid4(), joined_at=NOON, moved_balance_cents=0),
        MemberLeft(**both, membership_id=uuid4(), left_at=NOON, ended_by="firm", remark=evil),
        PaymentRecorded(payer_id=boss, reference=evil, amount_cents=1, open_cents=0, recipient_ids=(boss,)),
    ]
    for event in events:
        await place.send(event)

    await place.work_off("mail")

    check_headers(sink, {"ann@example.org", "boss@firm.example"})
    assert len(read_messages(sink.folder)) == 9


@pytest.mark.parametrize("evil", EVIL)
async def test_what_is_typed_about_factors_links_and_usage_changes_no_header(
    place: Workplace, sink: MailSink, evil: str
) -> None:
    await place.send(a_court(help_desk=evil))
    person = await a_known_person(place)
    record = UsageQuarantined(index=0, usage_id=evil, field=evil, reason=evil)
    events = [
        SecondFactorChanged(account_id=person, change="added", authenticator_name=evil),
        SecondFactorRequired(account_id=person, skips_left=3, note=evil),
        FilingAccountUnlinked(
            link_id=uuid4(),
            account_id=person,
            court_id="ncwbk",
            filing_account_id=uuid4(),
            role="attorney",
            unlinked_at=NOON,
            unlinked_by="court",
            remark=evil,
        ),
        UsageBatchSettled(
            court_id="ncwbk", batch_id=uuid4(), booked=0, duplicate=0, waiting=0, quarantined=(record,)
        ),
    ]
    for event in events:
        await place.send(event)

    await place.work_off("mail")

    check_headers(sink, {"ann@example.org", "help@ncwb.example"})
    assert len(read_messages(sink.folder)) == 5


@pytest.mark.parametrize("evil", EVIL[:4])
async def test_a_courts_name_that_is_unsafe_in_a_subject_sends_nothing_and_says_so(
    place: Workplace, sink: MailSink, evil: str
) -> None:
    await place.send(a_court(name=evil))
    await place.send(CourtWentLive(court_id="ncwbk", went_live_at=NOON))

    await place.work_off("mail")

    (abandoned,) = await place.emitted(NotificationAbandoned)
    assert abandoned.reason == "unsafe_Subject"
    assert read_messages(sink.folder) == []


@pytest.mark.parametrize(
    "address", ["x<victim@evil.example>", "a,b@evil.example", "=?utf-8?q?a?=@evil.example"]
)
async def test_an_address_that_hides_another_gets_nothing(
    place: Workplace, sink: MailSink, address: str
) -> None:
    account_id = await a_known_person(place, email=address)
    await place.send(PasswordChanged(account_id=account_id))
    await place.send(a_verification(email=address))

    await place.work_off("mail")

    assert {(row["state"], row["reason"]) for row in await notifications(place)} == {
        ("abandoned", "unsafe_To")
    }
    assert read_messages(sink.folder) == []


async def test_a_recipient_that_is_no_recipient_is_given_up(place: Workplace, sink: MailSink) -> None:
    sound = a_verification()
    broken = sound.with_changes(recipient=sound.token)

    await place.send(broken)
    await place.work_off("mail")

    (row,) = await notifications(place)
    assert (row["state"], row["reason"]) == ("abandoned", "secret_unreadable")

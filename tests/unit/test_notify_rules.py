"""Who is told of which event, and what."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.notify import mailer
from services.notify.model import ASKED_FOR, CLASS_OF, Contact
from services.notify.rules import (
    accounts,
    billing,
    concerned,
    is_for_nobody,
    linking,
    usage,
    why_not_to_write,
)
from services.notify.rules.letters import to_person
from services.notify.service import SERVICE
from shared.errors import NotYetKnownError
from shared.messages import accounts as of_accounts
from shared.messages import linking as of_linking
from shared.messages import paa_billing as of_billing
from shared.messages.base import Event
from shared.messaging.registry import messages_by_name
from tests.messaging import NOON
from tests.unit import letters_of_accounts, letters_of_courts, letters_of_factors
from tests.unit.letters import ADMINISTRATOR, PERSON, SEALED, SENDER, UNHEARD, Expected, a_directory

QUARANTINED = of_billing.UsageQuarantined(index=3, usage_id="U-3", field="pages", reason="negative")
NOT_MAILED = {
    "accounts.contact_changed.v1",
    "accounts.account_erased.v1",
    "accounts.export_asked.v1",
    "notify.export_part_made.v1",
    *UNHEARD,
    "linking.court_changed.v1",
    "notify.notification_sent.v1",
    "notify.notification_abandoned.v1",
}


COURT_FACTS: dict[str, Any] = {"court_id": "ncwbk", "filing_account_id": uuid4()}
LINK_FACTS: dict[str, Any] = {**COURT_FACTS, "link_id": uuid4(), "account_id": PERSON, "role": "us_trustee"}
FIRM_FACTS: dict[str, Any] = {"paa_id": uuid4(), "firm_name": "Smith LLP", "account_id": PERSON}
BOTH_SIDES: dict[str, Any] = {**FIRM_FACTS, "administrator_ids": (ADMINISTRATOR,)}

EXPECTED: list[Expected] = [
    *letters_of_accounts.EXPECTED,
    *letters_of_courts.EXPECTED,
    *letters_of_factors.EXPECTED,
    (
        linking.filing_account_linked,
        of_linking.FilingAccountLinked(**LINK_FACTS, linked_at=NOON),
        {"filing_account_linked": "ann@example.org"},
    ),
    (
        linking.filing_account_unlinked,
        of_linking.FilingAccountUnlinked(**LINK_FACTS, unlinked_at=NOON, unlinked_by="holder"),
        {
            "filing_account_unlinked": "ann@example.org",
            "filing_account_unlinked_court": "help@ncwb.example",
        },
    ),
    (
        linking.link_conflict,
        of_linking.LinkConflictFound(**COURT_FACTS, conflict_id=uuid4(), claimant_account_id=PERSON),
        {"link_conflict_court": "help@ncwb.example"},
    ),
    (
        linking.court_went_live,
        of_linking.CourtWentLive(court_id="ncwbk", went_live_at=NOON),
        {"court_went_live": "help@ncwb.example"},
    ),
    (
        billing.firm_registered,
        of_billing.FirmRegistered(paa_id=uuid4(), account_id=ADMINISTRATOR, name="Smith LLP"),
        {"firm_registered": "bob@firm.example"},
    ),
    (
        billing.invitation_received,
        of_billing.MemberInvited(**FIRM_FACTS, invitation_id=uuid4(), remark="Welcome", expires_at=NOON),
        {"invitation_received": "ann@example.org"},
    ),
    (
        billing.invitation_declined,
        of_billing.InvitationDeclined(**BOTH_SIDES, invitation_id=uuid4()),
        {"invitation_declined_person": "ann@example.org", "invitation_declined_firm": "bob@firm.example"},
    ),
    (
        billing.member_joined,
        of_billing.MemberJoined(
            **BOTH_SIDES, membership_id=uuid4(), joined_at=NOON, moved_balance_cents=1230
        ),
        {"member_joined_person": "ann@example.org", "member_joined_firm": "bob@firm.example"},
    ),
    (
        billing.member_left,
        of_billing.MemberLeft(
            **BOTH_SIDES, membership_id=uuid4(), left_at=NOON, ended_by="deactivation", remark=""
        ),
        {"member_left_person": "ann@example.org", "member_left_firm": "bob@firm.example"},
    ),
    (
        billing.statement_ready,
        of_billing.StatementIssued(
            statement_id=uuid4(),
            number=17,
            kind="invoice",
            payer_id=uuid4(),
            quarter="2024-Q1",
            total_cents=4560,
            due_cents=3330,
            due_on=date(2024, 5, 10),
            sha256="0" * 64,
            recipient_ids=(ADMINISTRATOR,),
        ),
        {"statement_ready": "bob@firm.example"},
    ),
    (
        billing.payment_received,
        of_billing.PaymentRecorded(
            payer_id=uuid4(),
            reference="CHECK-17",
            amount_cents=3330,
            open_cents=0,
            recipient_ids=(ADMINISTRATOR,),
        ),
        {"payment_received": "bob@firm.example"},
    ),
    (
        usage.usage_quarantined,
        of_billing.UsageBatchSettled(
            court_id="ncwbk", batch_id=uuid4(), booked=499, duplicate=0, waiting=0, quarantined=(QUARANTINED,)
        ),
        {"usage_quarantined_court": "help@ncwb.example"},
    ),
    (
        usage.usage_quarantined,
        of_billing.UsageBatchSettled(
            court_id="ncwbk",
            batch_id=uuid4(),
            booked=0,
            duplicate=0,
            waiting=0,
            quarantined=(QUARANTINED,),
            is_after_waiting=True,
        ),
        {"usage_given_up_court": "help@ncwb.example"},
    ),
    (
        usage.usage_parked,
        of_billing.UsageBatchParked(
            court_id="ncwbk", message_id=uuid4(), reason="undecodable", parked_at=NOON
        ),
        {"usage_parked_court": "help@ncwb.example"},
    ),
]
TO_CONTACTS = [each for each in EXPECTED if "(sealed)" not in each[2].values()]


@pytest.mark.parametrize(("rule", "event", "expected"), EXPECTED)
def test_an_event_is_told_to_whom_it_concerns(rule: Any, event: Event, expected: dict[str, str]) -> None:
    letters = rule(event, a_directory())

    assert {letter.kind: letter.email or "(sealed)" for letter in letters} == expected


@pytest.mark.parametrize(("rule", "event", "expected"), EXPECTED)
def test_what_a_rule_writes_is_what_its_template_asks_for(rule: Any, event: Event, expected: Any) -> None:
    for letter in rule(event, a_directory()):
        assert mailer.subject_of(letter)
        assert mailer.write_texts(
            letter.kind, letter.name, letter.details, dict.fromkeys(letter.sealed, "x"), SENDER
        )


@pytest.mark.parametrize(("rule", "event", "expected"), EXPECTED)
def test_an_event_names_all_that_its_rule_looks_up(rule: Any, event: Event, expected: Any) -> None:
    named, everybody = concerned(event), a_directory()
    only_named = {key: value for key, value in everybody.contacts.items() if key in named.account_ids}

    directory = replace(
        everybody, contacts=only_named, found_court=everybody.found_court if named.court_id else None
    )

    assert rule(event, directory) == rule(event, everybody)


@pytest.mark.parametrize(("rule", "event", "expected"), TO_CONTACTS)
def test_whoever_is_not_known_yet_is_waited_for(rule: Any, event: Event, expected: Any) -> None:
    with pytest.raises(NotYetKnownError):
        rule(event, a_directory(contacts={}, found_court=None))


@pytest.mark.parametrize(("rule", "event", "expected"), TO_CONTACTS)
def test_a_person_who_was_waited_for_in_vain_is_written_to_nowhere(
    rule: Any, event: Event, expected: Any
) -> None:
    nobody_known = replace(a_directory(contacts={}), is_waited_out=True)

    letters = [letter for letter in rule(event, nobody_known) if letter.account_id is not None]

    assert all(letter.email is None and not is_for_nobody(letter) for letter in letters)
    assert {why_not_to_write(letter) for letter in letters} <= {"no_address_known"}


@pytest.mark.parametrize("kind", CLASS_OF)
def test_an_address_that_was_never_proved_gets_mandatory_mail_and_never_a_secret(kind: str) -> None:
    contact = Contact(account_id=PERSON, name="Old Timer", email="old@firm.example", standing="unverified")
    letter = to_person(kind, contact, {})
    is_withheld = CLASS_OF[kind] == "service" and kind not in ASKED_FOR
    expected = "address_not_verified" if is_withheld else None

    assert why_not_to_write(letter) == expected
    assert why_not_to_write(replace(letter, sealed={"token": SEALED})) == "address_not_verified"
    assert why_not_to_write(replace(letter, standing="verified")) is None


def test_every_event_that_concerns_somebody_has_a_letter_and_every_kind_is_used() -> None:
    events = {
        name
        for name, kind in messages_by_name().items()
        if issubclass(kind, Event) and kind.__module__.startswith("shared.messages")
    }
    handled = {kind.message_name() for kind in SERVICE.handles}

    own = {name for name in events if name.startswith("notify.")}
    assert events - handled == own | UNHEARD
    assert {event.message_name() for _, event, _ in EXPECTED} == events - NOT_MAILED
    assert {kind for _, _, expected in EXPECTED for kind in expected} == set(CLASS_OF)


def test_a_batch_with_nothing_set_aside_makes_no_mail() -> None:
    settled = of_billing.UsageBatchSettled(
        court_id="ncwbk", batch_id=uuid4(), booked=500, duplicate=0, waiting=0
    )

    assert usage.usage_quarantined(settled, a_directory(found_court=None)) == ()


def test_a_long_list_of_set_aside_records_is_cut_and_says_so() -> None:
    settled = of_billing.UsageBatchSettled(
        court_id="ncwbk", batch_id=uuid4(), booked=0, duplicate=0, waiting=0, quarantined=(QUARANTINED,) * 500
    )

    (letter,) = usage.usage_quarantined(settled, a_directory())

    assert len(letter.details["records"]) == usage.LISTED_RECORDS
    assert (letter.details["quarantined"], letter.details["unlisted"]) == ("500", "480")


@pytest.mark.parametrize("ended_by", ["person", "firm", "deactivation"])
def test_only_who_still_has_an_account_reads_that_they_can_go_on(ended_by: Any) -> None:
    left = of_billing.MemberLeft(
        **BOTH_SIDES, membership_id=uuid4(), left_at=NOON, ended_by=ended_by, remark=""
    )

    to_person = billing.member_left(left, a_directory())[0]
    texts = mailer.write_texts(to_person.kind, to_person.name, to_person.details, {}, SENDER)

    for text in (texts.plain, texts.html):
        assert ("You can go on using PACER" in text) == (ended_by != "deactivation")
        assert ("Your PACER account is deactivated" in text) == (ended_by == "deactivation")


@pytest.mark.parametrize(
    ("warnings", "words"),
    [
        ((), None),
        (("email", "name"), "the same name and e-mail address"),
        (("date_of_birth", "email"), "the same date of birth and e-mail address"),
    ],
)
def test_who_is_welcomed_reads_what_the_account_shares_with_another(
    warnings: tuple[str, ...], words: str | None
) -> None:
    event = of_accounts.AccountActivated(account_id=PERSON, warnings=warnings)

    (letter,) = accounts.welcome(event, a_directory())

    texts = mailer.write_texts(letter.kind, letter.name, letter.details, {}, SENDER)
    assert ("another PACER account" in texts.plain) == (words is not None)
    assert words is None or words in texts.plain


def test_a_court_reads_its_own_time_and_a_person_business_time() -> None:
    (linked,) = linking.filing_account_linked(
        of_linking.FilingAccountLinked(**LINK_FACTS, linked_at=NOON), a_directory()
    )
    (locked,) = accounts.account_locked(
        of_accounts.AccountLocked(account_id=PERSON, locked_until=NOON), a_directory()
    )

    assert linked.details["linked_at"] == "February 1, 2024, 1:00 PM EST"
    assert locked.details["locked_until"] == "February 1, 2024, 12:00 PM CST"


def test_nobody_reads_the_other_ones_name_in_a_conflict() -> None:
    found = of_linking.LinkConflictFound(**COURT_FACTS, conflict_id=uuid4(), claimant_account_id=PERSON)

    (letter,) = linking.link_conflict(found, a_directory())

    assert "Ann" not in str(letter)
    assert str(PERSON) not in str(letter)

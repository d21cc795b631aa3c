"""The texts of mail: each template renders, and its two bodies say the same."""

import re
from html import unescape
from typing import Any

import pytest

from services.notify import mailer
from services.notify.mailer import TEMPLATES
from services.notify.model import CLASS_OF, Letter
from services.notify.settings import Sender
from tests.unit import letters_of_courts, letters_of_factors, letters_of_filing, letters_of_staff

SENDER = Sender(
    address="no-reply@accounts.example",
    name="NextGen Accounts",
    portal_url="https://accounts.example",
    service_center_phone="(555) 010-0199",
)
COURT = {"court_name": "Kentucky Western Bankruptcy Court", "help_desk": "(555) 010-0100, 9 AM to 4 PM"}
LINK = {**COURT, "role": "U.S. trustee"}
UNLINK = {**LINK, "unlinked_at": "February 2, 2024, 9:15 AM EST", "remark": "Linked by mistake & <sorry>"}
FIRM = {"firm_name": "Smith & Sons <LLP>"}
JOINED = {**FIRM, "joined_at": "March 3, 2024, 1:00 PM CST", "moved_balance": "$12.30"}
AFTERWARDS = "What you use later is billed to you."
LEFT = {
    **FIRM,
    "left_at": "April 4, 2024, 2:00 PM CDT",
    "ended_by": "the firm",
    "remark": "Goodbye 'n' thanks",
}

SAMPLES: dict[str, dict[str, Any]] = {
    "verify_email": {"link_ends": "February 8, 2024, 12:00 PM CST"},
    "welcome": {"shared": "name and e-mail address"},
    "account_held": {},
    "account_upgraded": {},
    "account_deactivated": {},
    "erasure_asked": {"final": "February 8, 2024, 12:00 PM CST"},
    "erasure_stopped": {},
    "export_ready": {"expires": "February 8, 2024, 12:00 PM CST"},
    "password_changed": {},
    "email_change": {"link_ends": "February 2, 2024, 12:00 PM CST"},
    "email_changed": {"link_ends": "February 8, 2024, 12:00 PM CST"},
    "email_taken_into_use": {"shared": "name and e-mail address"},
    "email_put_back": {},
    "email_withdrawn": {},
    "profile_changed": {"fields": "city, county", "shared": "name and e-mail address"},
    "user_name_changed": {},
    "new_sign_in_place": {"signed_in": "February 1, 2024, 12:00 PM CST"},
    "account_locked": {"locked_until": "February 1, 2024, 12:15 PM CST", "guard": "password"},
    **letters_of_factors.SAMPLES,
    "account_unlocked": {},
    "sessions_ended": {"session_count": "3"},
    **letters_of_courts.SAMPLES,
    **letters_of_staff.SAMPLES,
    **letters_of_filing.SAMPLES,
    "filing_account_linked": {**LINK, "linked_at": "February 1, 2024, 1:00 PM EST"},
    "filing_account_unlinked": {**UNLINK, "unlinked_by": "the court"},
    "filing_account_unlinked_court": {**UNLINK, "unlinked_by": "its holder", "filing_account": "018d-77"},
    "link_conflict_court": {"filing_account": "018d-78", "conflict": "018d-79"},
    "court_went_live": {
        "court_name": COURT["court_name"],
        "went_live_at": "February 1, 2024, 12:00 AM EST",
    },
    "firm_registered": FIRM,
    "invitation_received": {**FIRM, "remark": "Please join us", "expires_at": "March 2, 2024, 12:00 PM CST"},
    "invitation_declined_person": FIRM,
    "invitation_declined_firm": {**FIRM, "member_name": "Ann O'Hara"},
    "member_joined_person": JOINED,
    "member_joined_firm": {**JOINED, "member_name": "Ann O'Hara"},
    "member_left_person": {**LEFT, "afterwards": AFTERWARDS},
    "member_left_firm": {**LEFT, "member_name": "Ann O'Hara"},
    "statement_ready": {
        "statement_kind": "Invoice",
        "number": "2024-000017",
        "quarter": "first quarter of 2024",
        "total": "$45.60",
        "due": "$33.30",
        "due_on": "May 10, 2024",
    },
    "payment_received": {"amount": "$33.30", "reference": "CHECK-17", "open": "$1.20"},
    "usage_quarantined_court": {
        "batch": "018d-81",
        "booked": "478",
        "duplicate": "12",
        "quarantined": "31",
        "records": (
            'Record 8 (usage id a<b): the field "pages" is negative.',
            "Record 9: the record is not JSON.",
        ),
        "unlisted": "29",
    },
    "usage_given_up_court": {
        "batch": "018d-81",
        "quarantined": "31",
        "records": ('Record 8 (usage id a<b): the field "account_number" did not become known in time.',),
        "unlisted": "30",
    },
    "usage_parked_court": {
        "message_id": "018d-82",
        "parked_at": "February 1, 2024, 12:00 AM EST",
        "why": "It is not the JSON of a batch.",
    },
    "court_credential_issued": {
        "credential_name": "cmecf<1>",
        "credential_id": "018d-83",
        "changed_at": "February 1, 2024, 12:00 AM EST",
        "by": "the operator",
        "ends": "March 1, 2024, 12:00 AM EST",
    },
    "court_credential_ended": {
        "credential_name": "cmecf<1>",
        "credential_id": "018d-84",
        "changed_at": "February 1, 2024, 12:00 AM EST",
        "by": "a member of the staff of the court or of the PACER Service Center",
    },
}


def facts_of(details: dict[str, Any]) -> set[str]:
    return {fact for value in details.values() for fact in ((value,) if isinstance(value, str) else value)}


def words_of(html: str) -> str:
    body = html.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def texts_of(kind: str, name: str = "Ann O'Hara", **changes: Any) -> mailer.Texts:
    return mailer.write_texts(kind, name, {**SAMPLES[kind], **changes}, {"token": "abc+/="}, SENDER)


def subject_of(kind: str, details: dict[str, Any]) -> str:
    letter = Letter(
        kind=kind, recipient="court:x", account_id=None, name="", email="a@b.example", details=details
    )
    return mailer.subject_of(letter)


def test_every_kind_has_its_three_templates_and_every_folder_is_a_kind() -> None:
    folders = {
        folder.name: {file.name for file in folder.iterdir()}
        for folder in TEMPLATES.iterdir()
        if folder.is_dir()
    }

    assert folders == {kind: {"subject.txt", "body.txt", "body.html"} for kind in CLASS_OF}
    assert set(SAMPLES) == set(CLASS_OF)


@pytest.mark.parametrize("kind", CLASS_OF)
def test_both_bodies_hold_every_fact(kind: str) -> None:
    texts = texts_of(kind)

    plain = " ".join(texts.plain.split())
    for fact in facts_of(SAMPLES[kind]) | {"Ann O'Hara"}:
        assert fact in plain
        assert fact in words_of(texts.html)


@pytest.mark.parametrize("kind", CLASS_OF)
def test_both_bodies_have_the_same_words(kind: str) -> None:
    texts = texts_of(kind)

    plain = " ".join(texts.plain.replace("-- \n", "").replace(":", "").split())
    assert words_of(texts.html).replace(":", "") == plain


@pytest.mark.parametrize("kind", CLASS_OF)
def test_a_missing_fact_is_an_error(kind: str) -> None:
    for missing in SAMPLES[kind]:
        fewer = {key: value for key, value in SAMPLES[kind].items() if key != missing}

        with pytest.raises(mailer.TextError, match=kind):
            mailer.write_texts(kind, "Ann", fewer, {"token": "x"}, SENDER)


@pytest.mark.parametrize("kind", CLASS_OF)
def test_the_subject_is_one_short_line(kind: str) -> None:
    subject = subject_of(kind, SAMPLES[kind])

    assert 0 < len(subject) <= 100
    assert subject.isprintable()


@pytest.mark.parametrize("kind", CLASS_OF)
def test_nothing_that_a_person_typed_is_in_the_subject(kind: str) -> None:
    subject = subject_of(kind, SAMPLES[kind])

    typed = {"firm_name", "remark", "member_name", "authenticator_name", "note", "reference", "records"}
    for name in typed & set(SAMPLES[kind]):
        assert not any(fact in subject for fact in facts_of({name: SAMPLES[kind][name]}))


@pytest.mark.parametrize("kind", CLASS_OF)
def test_every_text_says_whom_to_ask(kind: str) -> None:
    texts = texts_of(kind)

    asked = COURT["help_desk"] if "CALL THE COURT" in texts.plain.upper() else "8 AM to 6 PM Central Time"
    assert asked in texts.plain


def test_a_question_on_a_filing_account_goes_to_the_court() -> None:
    for kind in ("filing_account_linked", "filing_account_unlinked"):
        plain = texts_of(kind).plain

        assert f"Call the court: {COURT['help_desk']}" in plain
        assert "PACER Service Center" not in plain


def test_who_loses_a_filing_account_may_have_another_role_at_the_court() -> None:
    for kind in ("filing_account_unlinked", "filing_account_gone"):
        assert "You can't file at this court in this role until" in texts_of(kind).plain


@pytest.mark.parametrize("kind", [kind for kind, sample in SAMPLES.items() if "help_desk" in sample])
def test_a_court_without_a_number_is_named_without_one(kind: str) -> None:
    texts = texts_of(kind, help_desk="")

    assert ": \n" not in texts.plain
    assert "Call the court.\n" in texts.plain or kind.endswith("_court")
    assert " ".join(texts.plain.replace("-- \n", "").replace(":", "").split()) == words_of(
        texts.html
    ).replace(":", "")


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("verify_email", "verify-email"),
        ("email_change", "confirm-email-change"),
        ("email_changed", "undo-email-change"),
        ("recovery_link", "recover-account"),
        ("account_locked", "unlock"),
    ],
)
def test_the_one_time_token_is_only_in_its_link(kind: str, page: str) -> None:
    texts = texts_of(kind)

    link = f"https://accounts.example/{page}?token=abc%2B%2F%3D"
    assert texts.plain.count(link) == 1
    assert f'<a href="{link}">{link}</a>' in texts.html
    assert "abc+/=" not in texts.plain + texts.html


def test_who_gets_no_link_to_unlock_is_told_of_the_lock_all_the_same() -> None:
    texts = mailer.write_texts("account_locked", "Ann", SAMPLES["account_locked"], {}, SENDER)

    assert "Locked until: February 1, 2024, 12:15 PM CST" in texts.plain
    assert "link" not in texts.plain + texts.html
    assert words_of(texts.html).replace(":", "") == " ".join(
        texts.plain.replace("-- \n", "").replace(":", "").split()
    )


def test_what_a_person_typed_is_neither_markup_nor_a_paragraph() -> None:
    remark = "Hi</p><script>alert(1)</script>\r\n\r\nYour account is locked\u2028Call \u202e555\x00"

    texts = texts_of("invitation_received", remark=remark)

    assert "    Hi</p><script>alert(1)</script> Your account is locked Call 555\n" in texts.plain
    assert "<script>" not in texts.html


def test_a_text_that_nobody_limited_is_cut() -> None:
    texts = texts_of("invitation_received", remark="x" * 1_000_000)

    assert len(texts.plain) < 5_000

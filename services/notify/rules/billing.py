"""The letters that follow from what `paa_billing` announces."""

from datetime import date
from uuid import UUID

from services.notify.model import Directory, Letter
from services.notify.rules.letters import in_words, name_of, to_person
from shared.messages.paa_billing import (
    FirmRegistered,
    InvitationDeclined,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    PaymentRecorded,
    StatementIssued,
)
from shared.money import Cents, dollars

_ORDINALS = {"1": "first", "2": "second", "3": "third", "4": "fourth"}
_GOES_ON = (
    "What you use later is billed to you. You can go on using PACER. Please check your billing address."
)
_AFTERWARDS = {
    "person": _GOES_ON,
    "firm": _GOES_ON,
    "deactivation": "Your PACER account is deactivated, so that nothing can be used with it any more.",
}
_STATEMENT_KINDS = {"invoice": "Invoice", "statement_of_account": "Statement of Account"}


def firm_registered(event: FirmRegistered, directory: Directory) -> tuple[Letter, ...]:
    """To the firm's first administrator."""
    return (to_person("firm_registered", directory.contact(event.account_id), {"firm_name": event.name}),)


def invitation_received(event: MemberInvited, directory: Directory) -> tuple[Letter, ...]:
    """To the person who is asked; the firm is not told whether anyone was."""
    details = {
        "firm_name": event.firm_name,
        "remark": event.remark,
        "expires_at": in_words(event.expires_at, directory.business_zone),
    }
    return (to_person("invitation_received", directory.contact(event.account_id), details),)


def invitation_declined(event: InvitationDeclined, directory: Directory) -> tuple[Letter, ...]:
    """To both sides."""
    person = directory.contact(event.account_id)
    details = {"firm_name": event.firm_name}
    return (
        to_person("invitation_declined_person", person, details),
        *_to_administrators(
            "invitation_declined_firm",
            event.administrator_ids,
            directory,
            {**details, "member_name": name_of(person)},
        ),
    )


def member_joined(event: MemberJoined, directory: Directory) -> tuple[Letter, ...]:
    """To both sides, with the balance that moved."""
    person = directory.contact(event.account_id)
    details = {
        "firm_name": event.firm_name,
        "joined_at": in_words(event.joined_at, directory.business_zone),
        "moved_balance": dollars(Cents(event.moved_balance_cents)),
    }
    return (
        to_person("member_joined_person", person, details),
        *_to_administrators(
            "member_joined_firm",
            event.administrator_ids,
            directory,
            {**details, "member_name": name_of(person)},
        ),
    )


def member_left(event: MemberLeft, directory: Directory) -> tuple[Letter, ...]:
    """To both sides, with who ended it and their remark."""
    person = directory.contact(event.account_id)
    details = {
        "firm_name": event.firm_name,
        "left_at": in_words(event.left_at, directory.business_zone),
        "remark": event.remark,
    }
    ended_by = {
        "person": ("you", "the person"),
        "firm": ("the firm", "your firm"),
        "deactivation": ("the deactivation of your account", "the deactivation of the person's account"),
    }[event.ended_by]
    return (
        to_person(
            "member_left_person",
            person,
            {**details, "ended_by": ended_by[0], "afterwards": _AFTERWARDS[event.ended_by]},
        ),
        *_to_administrators(
            "member_left_firm",
            event.administrator_ids,
            directory,
            {**details, "ended_by": ended_by[1], "member_name": name_of(person)},
        ),
    )


def statement_ready(event: StatementIssued, directory: Directory) -> tuple[Letter, ...]:
    """To the payer alone: the person, or the firm's administrators; never to a firm's members."""
    details = {
        "statement_kind": _STATEMENT_KINDS[event.kind],
        "number": str(event.number),
        "quarter": _quarter_in_words(event.quarter),
        "total": dollars(Cents(event.total_cents)),
        "due": dollars(Cents(event.due_cents)),
        "due_on": "" if event.due_on is None else _date_in_words(event.due_on),
    }
    return _to_administrators("statement_ready", event.recipient_ids, directory, details)


def payment_received(event: PaymentRecorded, directory: Directory) -> tuple[Letter, ...]:
    """To the payer."""
    details = {
        "amount": dollars(Cents(event.amount_cents)),
        "reference": event.reference,
        "open": dollars(Cents(event.open_cents)),
    }
    return _to_administrators("payment_received", event.recipient_ids, directory, details)


def _to_administrators(
    kind: str, account_ids: tuple[UUID, ...], directory: Directory, details: dict[str, str]
) -> tuple[Letter, ...]:
    return tuple(to_person(kind, directory.contact(account_id), details) for account_id in account_ids)


def _quarter_in_words(quarter: str) -> str:
    year, _, number = quarter.partition("-Q")
    return f"{_ORDINALS[number]} quarter of {year}"


def _date_in_words(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"

"""Whom an event names, and how facts are written in letters."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final
from uuid import UUID

from services.notify.model import Concerned, Contact, Court, Details, Letter
from shared.messages.base import Event

ROLE_WORDS: Final[Mapping[str, str]] = {
    "attorney": "attorney",
    "trustee": "trustee",
    "us_trustee": "U.S. trustee",
    "filing_agent": "filing agent",
    "creditor": "creditor",
    "party": "party",
    "transcriber": "transcriber",
}
_ONE_ACCOUNT = "account_id"
_SEVERAL_ACCOUNTS = ("administrator_ids", "recipient_ids")
_BOTH_SIDES = ("holder_account_id", "claimant_account_id")
_COURT = "court_id"
GONE = "A person whose account no longer exists"


def concerned(event: Event) -> Concerned:
    """The accounts and the court that an event names."""
    account_id = getattr(event, _ONE_ACCOUNT, None)
    several = [found for name in _SEVERAL_ACCOUNTS for found in getattr(event, name, ())]
    sides = [getattr(event, name) for name in _BOTH_SIDES if hasattr(event, name)]
    account_ids = [*([] if account_id is None else [account_id]), *several, *sides]
    return Concerned(account_ids=tuple(dict.fromkeys(account_ids)), court_id=getattr(event, _COURT, None))


def others_in(event: Event, letter: Letter) -> tuple[UUID, ...]:
    """Whom the letter is about beside whom it goes to; those who administer a firm are only written to."""
    account_id: UUID | None = getattr(event, _ONE_ACCOUNT, None)
    return () if account_id is None or account_id == letter.account_id else (account_id,)


def to_person(kind: str, contact: Contact, details: Details) -> Letter:
    """A letter to an account's holder."""
    return Letter(
        kind=kind,
        recipient=f"account:{contact.account_id}",
        account_id=contact.account_id,
        name=contact.name,
        email=contact.email,
        details=details,
        standing=contact.standing,
    )


def to_court(kind: str, court: Court, details: Details) -> Letter:
    """A letter to a court's contact address."""
    return Letter(
        kind=kind,
        recipient=f"court:{court.court_id}",
        account_id=None,
        name=court.name,
        email=court.contact_email or None,
        details=details,
    )


def in_words(instant: datetime, zone: tzinfo) -> str:
    """An instant as people read it: `February 1, 2024, 12:00 PM CST`."""
    local = instant.astimezone(zone)
    return f"{local:%B} {local.day}, {local.year}, {local.hour % 12 or 12}:{local:%M %p %Z}"


def name_of(contact: Contact) -> str:
    """How one person is named to another."""
    nobody = "A person whose name we don't know" if contact.standing == "unknown" else GONE
    return contact.name or nobody

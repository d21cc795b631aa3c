"""The letters on assistance sessions and on go-lives: whom each goes to, and what it says."""

from typing import Any
from uuid import uuid4

from services.notify.rules import court_credentials, courts
from shared.messages.accounts.court_credentials import CourtCredentialChanged
from shared.messages.linking import assistance, readiness
from tests.messaging import NOON
from tests.unit import letters_of_filing
from tests.unit.letters import ADMINISTRATOR, PERSON, SEALED, Expected

SESSION: dict[str, Any] = {
    "assistance_session_id": uuid4(),
    "court_id": "ncwbk",
    "starts_at": NOON,
    "place": "Room 2",
}
BOOKING: dict[str, Any] = {**SESSION, "booking_id": uuid4(), "account_id": PERSON}
CREDENTIAL: dict[str, Any] = {
    "credential_id": uuid4(),
    "court_id": "ncwbk",
    "name": "CM/ECF",
    "changed_at": NOON,
}
ROSTER: dict[str, Any] = {
    "filing_account_id": uuid4(),
    "court_id": "ncwbk",
    "role": "us_trustee",
    "go_live_at": NOON,
    "recipient": SEALED,
}

EXPECTED: list[Expected] = [
    *letters_of_filing.EXPECTED,
    (
        courts.assistance_booked,
        assistance.AssistanceSessionBooked(**BOOKING),
        {"assistance_booked": "ann@example.org"},
    ),
    (
        courts.booking_cancelled,
        assistance.BookingCancelled(**BOOKING),
        {"assistance_booking_cancelled": "ann@example.org"},
    ),
    (
        courts.assistance_changed,
        assistance.AssistanceSessionChanged(**SESSION, capacity=5, recipient_ids=(PERSON,)),
        {"assistance_session_changed": "ann@example.org"},
    ),
    (
        courts.assistance_cancelled,
        assistance.AssistanceSessionCancelled(**SESSION, recipient_ids=(ADMINISTRATOR,)),
        {"assistance_session_cancelled": "bob@firm.example"},
    ),
    (
        courts.go_live_reminder,
        readiness.GoLiveReminderDue(**ROSTER, days_from_go_live=-1),
        {"go_live_ahead": "(sealed)"},
    ),
    (
        courts.go_live_reminder,
        readiness.GoLiveReminderDue(**ROSTER, days_from_go_live=0),
        {"go_live_come": "(sealed)"},
    ),
    (
        court_credentials.credential_changed,
        CourtCredentialChanged(**CREDENTIAL, change="issued", ends_at=NOON),
        {"court_credential_issued": "help@ncwb.example"},
    ),
    (
        court_credentials.credential_changed,
        CourtCredentialChanged(**CREDENTIAL, change="ended", actor_account_id=PERSON),
        {"court_credential_ended": "help@ncwb.example"},
    ),
]

COURT = {"court_name": "Kentucky Western Bankruptcy Court", "help_desk": "(555) 010-0100, 9 AM to 4 PM"}
ASSISTANCE = {**COURT, "starts": "February 21, 2024, 10:00 AM EST", "place": "Room 2, <Gene Snyder> & annex"}
GO_LIVE = {**COURT, "role": "U.S. trustee", "go_live": "March 4, 2024, 12:00 AM EST"}
SAMPLES: dict[str, dict[str, Any]] = {
    "assistance_booked": ASSISTANCE,
    "assistance_booking_cancelled": ASSISTANCE,
    "assistance_session_changed": ASSISTANCE,
    "assistance_session_cancelled": ASSISTANCE,
    "go_live_ahead": GO_LIVE,
    "go_live_come": GO_LIVE,
}
"""The facts of each kind of letter, as a template gets them."""

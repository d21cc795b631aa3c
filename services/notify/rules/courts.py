"""The letters on assistance sessions, and on a court's go-live to the people on its roster."""

from zoneinfo import ZoneInfo

from services.notify.model import Directory, Letter
from services.notify.rules.letters import ROLE_WORDS, in_words, to_person
from shared.messages.linking.assistance import (
    AssistanceSessionBooked,
    AssistanceSessionCancelled,
    AssistanceSessionChanged,
    BookingCancelled,
)
from shared.messages.linking.readiness import GoLiveReminderDue

AssistanceEvent = (
    AssistanceSessionBooked | AssistanceSessionCancelled | AssistanceSessionChanged | BookingCancelled
)


def assistance_booked(event: AssistanceSessionBooked, directory: Directory) -> tuple[Letter, ...]:
    """To whom has the place."""
    contact = directory.contact(event.account_id)
    return (to_person("assistance_booked", contact, _session_details(event, directory)),)


def booking_cancelled(event: BookingCancelled, directory: Directory) -> tuple[Letter, ...]:
    """To whom had the place."""
    contact = directory.contact(event.account_id)
    return (to_person("assistance_booking_cancelled", contact, _session_details(event, directory)),)


def assistance_changed(event: AssistanceSessionChanged, directory: Directory) -> tuple[Letter, ...]:
    """To everyone who has a place and must come at another time or to another place."""
    return _to_all("assistance_session_changed", event, directory)


def assistance_cancelled(event: AssistanceSessionCancelled, directory: Directory) -> tuple[Letter, ...]:
    """To everyone who had a place."""
    return _to_all("assistance_session_cancelled", event, directory)


def go_live_reminder(event: GoLiveReminderDue, directory: Directory) -> tuple[Letter, ...]:
    """To the address on the court's roster, which comes sealed: it is nobody's proved contact."""
    court = directory.court()
    details = {
        "court_name": court.name,
        "help_desk": court.help_desk,
        "role": ROLE_WORDS[event.role],
        "go_live": in_words(event.go_live_at, ZoneInfo(court.time_zone)),
    }
    letter = Letter(
        kind="go_live_ahead" if event.days_from_go_live < 0 else "go_live_come",
        recipient=f"filing_account:{event.filing_account_id}",
        account_id=None,
        name="",
        email=None,
        details=details,
        sealed={"recipient": event.recipient},
        expires_at=event.recipient.expires_at,
    )
    return (letter,)


def _to_all(
    kind: str, event: AssistanceSessionChanged | AssistanceSessionCancelled, directory: Directory
) -> tuple[Letter, ...]:
    details = _session_details(event, directory)
    return tuple(
        to_person(kind, directory.contact(account_id), details) for account_id in event.recipient_ids
    )


def _session_details(event: AssistanceEvent, directory: Directory) -> dict[str, str]:
    court = directory.court()
    return {
        "court_name": court.name,
        "help_desk": court.help_desk,
        "starts": in_words(event.starts_at, ZoneInfo(court.time_zone)),
        "place": event.place,
    }

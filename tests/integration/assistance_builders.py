"""What the tests of assistance sessions share: offering, booking, looking."""

from datetime import UTC, datetime
from typing import Any

from shared.assertion import Assertion
from shared.messages.linking.assistance import (
    AssistanceRefused,
    AssistanceSessionBooked,
    AssistanceSessionScheduled,
    AssistanceSessionShown,
    BookAssistanceSession,
    CancelAssistanceSession,
    ChangeAssistanceSession,
    ListAssistanceSessions,
    ScheduleAssistanceSession,
)
from tests.integration.linking_builders import COURT, somebody, staff
from tests.messaging import Workplace

TEN = "2024-02-21T10:00"
TEN_AT = datetime(2024, 2, 21, 15, 0, tzinfo=UTC)
GUAM = "gubk"


async def schedule(
    place: Workplace, /, court_id: str = COURT, by: Assertion | None = None, **how: Any
) -> Any:
    """Offer a session as the court's staff, or somebody else, and answer what comes."""
    usual = {"court_id": court_id, "local_time": TEN, "place": "Room 2", "capacity": 5}
    return await place.send(ScheduleAssistanceSession(**{**usual, **how}), by=by or staff(place, court_id))


async def a_session(place: Workplace, /, court_id: str = COURT, **how: Any) -> AssistanceSessionScheduled:
    """A session that is offered."""
    scheduled = await schedule(place, court_id, **how)
    assert isinstance(scheduled, AssistanceSessionScheduled), scheduled
    return scheduled


async def book(place: Workplace, who: Assertion, session: AssistanceSessionScheduled) -> Any:
    """Ask for a place and answer what comes."""
    command = BookAssistanceSession(assistance_session_id=session.assistance_session_id)
    return await place.send(command, by=who)


async def booked(
    place: Workplace, who: Assertion, session: AssistanceSessionScheduled
) -> AssistanceSessionBooked:
    """A place."""
    booking = await book(place, who, session)
    assert isinstance(booking, AssistanceSessionBooked), booking
    return booking


async def change(place: Workplace, session: AssistanceSessionScheduled, /, **changes: Any) -> Any:
    """Change a session as the court's staff, and answer what comes."""
    command = ChangeAssistanceSession(
        court_id=session.court_id, assistance_session_id=session.assistance_session_id, **changes
    )
    return await place.send(command, by=staff(place, session.court_id))


async def cancel(place: Workplace, session: AssistanceSessionScheduled) -> Any:
    """Call a session off as the court's staff, and answer what comes."""
    command = CancelAssistanceSession(
        court_id=session.court_id, assistance_session_id=session.assistance_session_id
    )
    return await place.send(command, by=staff(place, session.court_id))


async def listed(
    place: Workplace, who: Assertion, court_id: str = COURT
) -> tuple[AssistanceSessionShown, ...]:
    """A court's sessions as somebody sees them."""
    shown = await place.send(ListAssistanceSessions(court_id=court_id), by=who)
    return tuple(shown.sessions)


def refused(reason: str) -> AssistanceRefused:
    """A refusal."""
    return AssistanceRefused(reason=reason)  # type: ignore[arg-type]


def again(place: Workplace, who: Assertion) -> Assertion:
    """The same account, signed in just now."""
    return somebody(place, account_id=who.account_id)

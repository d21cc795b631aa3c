"""Handles assistance sessions: what courts offer, and who takes a place."""

from uuid import UUID

from services.linking.model import Asker, AssistanceSession
from services.linking.rules.assistance import (
    SessionChange,
    cancelled,
    changed,
    decide_booking,
    decide_booking_cancel,
    decide_cancel,
    decide_change,
    decide_schedule,
    scheduled,
)
from services.linking.settings import Resources
from services.linking.store import accounts, courts
from services.linking.store import assistance as store
from shared.messages.base import NotAllowed
from shared.messages.linking import CourtNotFound
from shared.messages.linking.assistance import (
    AssistanceRefused,
    AssistanceSessionBooked,
    AssistanceSessionCancelled,
    AssistanceSessionChanged,
    AssistanceSessionList,
    AssistanceSessionScheduled,
    BookAssistanceSession,
    BookingCancelled,
    CancelAssistanceSession,
    CancelBooking,
    ChangeAssistanceSession,
    ListAssistanceSessions,
    ScheduleAssistanceSession,
)
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def schedule_session(
    command: ScheduleAssistanceSession, work: Work
) -> AssistanceSessionScheduled | AssistanceRefused | NotAllowed:
    """Offer a session."""
    court = await courts.find_court(work.connection, command.court_id)

    outcome = decide_schedule(command, work.assertion, court, work.new_id(), work.now)

    if not isinstance(outcome, AssistanceSession):
        return outcome
    await store.insert_session(work.connection, outcome)
    return scheduled(outcome)


async def change_session(
    command: ChangeAssistanceSession, work: Work
) -> AssistanceSessionChanged | AssistanceRefused | NotAllowed:
    """Move or resize a session, and tell who is booked."""
    session = await store.lock_session(work.connection, command.assistance_session_id)

    outcome = decide_change(command, work.assertion, session, work.now)

    if not isinstance(outcome, SessionChange):
        return outcome
    await store.update_session(work.connection, outcome.after)
    return changed(outcome, await store.list_booked_ids(work.connection, outcome.after.id))


async def cancel_session(
    command: CancelAssistanceSession, work: Work
) -> AssistanceSessionCancelled | AssistanceRefused | NotAllowed:
    """Call a session off, and tell who is booked."""
    session = await store.lock_session(work.connection, command.assistance_session_id)

    outcome = decide_cancel(command, work.assertion, session, work.now)

    if not isinstance(outcome, AssistanceSession):
        return outcome
    booked_ids = await store.list_booked_ids(work.connection, outcome.id)
    await store.end_all_bookings(work.connection, outcome.id, work.now)
    await store.update_session(work.connection, outcome)
    return cancelled(outcome, booked_ids)


async def list_sessions(query: ListAssistanceSessions, work: Work) -> AssistanceSessionList | CourtNotFound:
    """A court's next sessions, with the asker's own bookings."""
    if await courts.find_court(work.connection, query.court_id) is None:
        return CourtNotFound(court_id=query.court_id)
    account_id = work.assertion.account_id
    sessions = await store.list_coming_sessions(work.connection, query.court_id, account_id, work.now)
    return AssistanceSessionList(court_id=query.court_id, sessions=sessions)


async def book_session(
    command: BookAssistanceSession, work: Work
) -> AssistanceSessionBooked | AssistanceRefused:
    """Take a place; locks account and session, in this order."""
    account_id = work.assertion.account_id
    await accounts.lock_account(work.connection, account_id)
    session = await store.lock_session(work.connection, command.assistance_session_id)
    known = await accounts.find_account_state(work.connection, account_id)
    own = await store.list_open_bookings(work.connection, account_id)

    outcome = decide_booking(
        Asker(assertion=work.assertion, known=known), session, own, work.new_id(), work.now
    )

    if isinstance(outcome, AssistanceSessionBooked):
        await store.end_past_bookings(work.connection, account_id, outcome.court_id, work.now)
        await store.insert_booking(work.connection, outcome, work.now)
        await store.count_places(work.connection, [outcome.assistance_session_id])
    return outcome


async def cancel_booking(command: CancelBooking, work: Work) -> BookingCancelled | AssistanceRefused:
    """Give a place back; the booking is read again once its session is held."""
    session = None
    if (found := await store.find_booking(work.connection, command.booking_id)) is not None:
        session = await store.lock_session(work.connection, found.assistance_session_id)
    booking = await store.find_booking(work.connection, command.booking_id)

    outcome = decide_booking_cancel(work.assertion, booking, session, work.now)

    if isinstance(outcome, BookingCancelled):
        await store.end_bookings(work.connection, [outcome.booking_id], "holder", work.now)
        await store.count_places(work.connection, [outcome.assistance_session_id])
    return outcome


async def forget_bookings(account_id: UUID, work: Work) -> None:
    """Give back the places of an account that is erased; it is locked."""
    own = await store.list_open_bookings(work.connection, account_id)
    session_ids = [booking.assistance_session_id for booking in own]
    await store.lock_sessions(work.connection, session_ids)
    await store.end_bookings(work.connection, [booking.id for booking in own], "erasure", work.now)
    await store.count_places(work.connection, session_ids)

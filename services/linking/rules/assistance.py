"""Decides on assistance sessions and on places in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.linking.model import Asker, AssistanceSession, Booking, Court
from services.linking.rules.courts import why_not_staff
from services.linking.rules.local_time import instant_from
from services.linking.rules.standing import newest_state
from shared.assertion import Assertion
from shared.messages.base import NotAllowed
from shared.messages.linking.assistance import (
    AssistanceRefused,
    AssistanceSessionBooked,
    AssistanceSessionCancelled,
    AssistanceSessionChanged,
    AssistanceSessionScheduled,
    BookingCancelled,
    CancelAssistanceSession,
    ChangeAssistanceSession,
    ScheduleAssistanceSession,
)

NO_SUCH_SESSION = AssistanceRefused(reason="session_not_found")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChange:
    """A session as it was, and as it is from now on."""

    before: AssistanceSession
    after: AssistanceSession


def decide_schedule(
    command: ScheduleAssistanceSession,
    assertion: Assertion,
    court: Court | None,
    session_id: UUID,
    now: datetime,
) -> AssistanceSession | AssistanceRefused | NotAllowed:
    """The new session, or why there is none."""
    if (refusal := why_not_staff(assertion, command.court_id)) is not None:
        return refusal
    if court is None:
        return AssistanceRefused(reason="court_not_known")
    starts_at = _start(command.local_time, court.time_zone, now)
    if isinstance(starts_at, AssistanceRefused):
        return starts_at
    return AssistanceSession(
        id=session_id,
        court_id=court.id,
        time_zone=court.time_zone,
        starts_at=starts_at,
        place=command.place,
        capacity=command.capacity,
        booked_count=0,
        cancelled_at=None,
    )


def decide_change(
    command: ChangeAssistanceSession, assertion: Assertion, session: AssistanceSession | None, now: datetime
) -> SessionChange | AssistanceRefused | NotAllowed:
    """The session as it is from now on, or why it stays as it is."""
    if (refusal := why_not_staff(assertion, command.court_id)) is not None:
        return refusal
    if session is None or session.court_id != command.court_id:
        return NO_SUCH_SESSION
    if (why_over := _why_over(session, now)) is not None:
        return why_over
    starts_at: datetime | AssistanceRefused = session.starts_at
    if command.local_time is not None:
        starts_at = _start(command.local_time, session.time_zone, now)
    if isinstance(starts_at, AssistanceRefused):
        return starts_at
    after = replace(
        session,
        starts_at=starts_at,
        place=command.place or session.place,
        capacity=command.capacity or session.capacity,
    )
    if after.capacity < after.booked_count:
        return AssistanceRefused(reason="fewer_places_than_bookings")
    if after == session:
        return AssistanceRefused(reason="nothing_to_change")
    return SessionChange(before=session, after=after)


def decide_cancel(
    command: CancelAssistanceSession, assertion: Assertion, session: AssistanceSession | None, now: datetime
) -> AssistanceSession | AssistanceRefused | NotAllowed:
    """The session called off, nobody booked there any more; or why it stays."""
    if (refusal := why_not_staff(assertion, command.court_id)) is not None:
        return refusal
    if session is None or session.court_id != command.court_id:
        return NO_SUCH_SESSION
    return _why_over(session, now) or replace(session, booked_count=0, cancelled_at=now)


def decide_booking(
    asker: Asker,
    session: AssistanceSession | None,
    own: Sequence[Booking],
    booking_id: UUID,
    now: datetime,
) -> AssistanceSessionBooked | AssistanceRefused:
    """A place for any active individual, upgraded or not; `own` are the asker's open bookings."""
    account = newest_state(asker)
    if account.status != "active":
        return AssistanceRefused(reason="account_not_active")
    if account.kind != "individual":
        return AssistanceRefused(reason="not_an_individual")
    if session is None:
        return NO_SUCH_SESSION
    if (why_over := _why_over(session, now)) is not None:
        return why_over
    if any(booking.court_id == session.court_id and now < booking.starts_at for booking in own):
        return AssistanceRefused(reason="already_booked_at_court")
    if session.booked_count >= session.capacity:
        return AssistanceRefused(reason="no_place_left")
    return AssistanceSessionBooked(
        booking_id=booking_id,
        account_id=asker.assertion.account_id,
        assistance_session_id=session.id,
        court_id=session.court_id,
        starts_at=session.starts_at,
        place=session.place,
    )


def decide_booking_cancel(
    assertion: Assertion, booking: Booking | None, session: AssistanceSession | None, now: datetime
) -> BookingCancelled | AssistanceRefused:
    """Its holder may give a place back; others find none."""
    if booking is None or session is None or booking.account_id != assertion.account_id:
        return AssistanceRefused(reason="booking_not_found")
    if booking.ended_at is not None:
        return AssistanceRefused(reason="booking_over")
    return _why_over(session, now) or BookingCancelled(
        booking_id=booking.id,
        account_id=booking.account_id,
        assistance_session_id=session.id,
        court_id=session.court_id,
        starts_at=session.starts_at,
        place=session.place,
    )


def scheduled(session: AssistanceSession) -> AssistanceSessionScheduled:
    """What who scheduled a session is told."""
    return AssistanceSessionScheduled(
        assistance_session_id=session.id, court_id=session.court_id, starts_at=session.starts_at
    )


def changed(change: SessionChange, booked_ids: Sequence[UUID]) -> AssistanceSessionChanged:
    """What is told of a change: to those booked, if they must come at another time or to another place."""
    before, after = change.before, change.after
    is_elsewhere = (before.starts_at, before.place) != (after.starts_at, after.place)
    return AssistanceSessionChanged(
        assistance_session_id=after.id,
        court_id=after.court_id,
        starts_at=after.starts_at,
        place=after.place,
        capacity=after.capacity,
        recipient_ids=tuple(booked_ids) if is_elsewhere else (),
    )


def cancelled(session: AssistanceSession, booked_ids: Sequence[UUID]) -> AssistanceSessionCancelled:
    """What is told of a session that was called off."""
    return AssistanceSessionCancelled(
        assistance_session_id=session.id,
        court_id=session.court_id,
        starts_at=session.starts_at,
        place=session.place,
        recipient_ids=tuple(booked_ids),
    )


def _start(local_time: str, time_zone: str, now: datetime) -> datetime | AssistanceRefused:
    starts_at = instant_from(local_time, time_zone)
    if starts_at is None:
        return AssistanceRefused(reason="time_does_not_exist")
    return starts_at if now < starts_at else AssistanceRefused(reason="in_the_past")


def _why_over(session: AssistanceSession, now: datetime) -> AssistanceRefused | None:
    if session.cancelled_at is not None:
        return NO_SUCH_SESSION
    return None if now < session.starts_at else AssistanceRefused(reason="session_over")

"""Assistance sessions: where a court helps people with upgrading, and who has a place there."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, CourtId, Event, Query, Reply, ShortText

SessionTime = Annotated[str, msgspec.Meta(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$(?!\n)")]
"""A date and time on the court's own clocks."""
Capacity = Annotated[int, msgspec.Meta(ge=1, le=500, description="places")]


class ScheduleAssistanceSession(
    Command, frozen=True, kw_only=True, tag="linking.schedule_assistance_session.v1"
):
    """Court staff offer a session. Of a time that comes twice, as clocks are set back, the first is meant."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    local_time: SessionTime
    place: ShortText
    capacity: Capacity


class AssistanceSessionScheduled(
    Reply, frozen=True, kw_only=True, tag="linking.assistance_session_scheduled.v1"
):
    """The session is open for booking."""

    assistance_session_id: UUID
    court_id: CourtId
    starts_at: datetime


class AssistanceRefused(Reply, frozen=True, kw_only=True, tag="linking.assistance_refused.v1"):
    """Sessions and bookings stay as they were."""

    reason: Literal[
        "court_not_known",
        "time_does_not_exist",
        "in_the_past",
        "session_not_found",
        "session_over",
        "fewer_places_than_bookings",
        "nothing_to_change",
        "account_not_active",
        "not_an_individual",
        "no_place_left",
        "already_booked_at_court",
        "booking_not_found",
        "booking_over",
    ]


class ChangeAssistanceSession(Command, frozen=True, kw_only=True, tag="linking.change_assistance_session.v1"):
    """Court staff change what is given, before the session begins."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    assistance_session_id: UUID
    local_time: SessionTime | None = None
    place: ShortText | None = None
    capacity: Capacity | None = None


class AssistanceSessionChanged(Event, frozen=True, kw_only=True, tag="linking.assistance_session_changed.v1"):
    """A session is at another time or place, or for more or fewer people.

    `recipient_ids`: who has a place and needs to know, which nobody does of other places alone.
    """

    assistance_session_id: UUID
    court_id: CourtId
    starts_at: datetime
    place: str
    capacity: int
    recipient_ids: tuple[UUID, ...]


class CancelAssistanceSession(Command, frozen=True, kw_only=True, tag="linking.cancel_assistance_session.v1"):
    """Court staff call a session off, before it begins."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    assistance_session_id: UUID


class AssistanceSessionCancelled(
    Event, frozen=True, kw_only=True, tag="linking.assistance_session_cancelled.v1"
):
    """A session will not be; `recipient_ids` had a place."""

    assistance_session_id: UUID
    court_id: CourtId
    starts_at: datetime
    place: str
    recipient_ids: tuple[UUID, ...]


class ListAssistanceSessions(Query, frozen=True, kw_only=True, tag="linking.list_assistance_sessions.v1"):
    """When does a court help with upgrading?"""

    court_id: CourtId


class AssistanceSessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A session to come; `booking_id` is the asker's own booking."""

    assistance_session_id: UUID
    starts_at: datetime
    place: str
    capacity: int
    places_left: int
    booking_id: UUID | None


class AssistanceSessionList(Reply, frozen=True, kw_only=True, tag="linking.assistance_session_list.v1"):
    """A court's next sessions, in the order of their time."""

    court_id: CourtId
    sessions: tuple[AssistanceSessionShown, ...]


class BookAssistanceSession(Command, frozen=True, kw_only=True, tag="linking.book_assistance_session.v1"):
    """Take a place; a person may hold one at each court. Legacy accounts may: it is for them."""

    assistance_session_id: UUID


class AssistanceSessionBooked(Event, frozen=True, kw_only=True, tag="linking.assistance_session_booked.v1"):
    """A person has a place."""

    booking_id: UUID
    account_id: UUID
    assistance_session_id: UUID
    court_id: CourtId
    starts_at: datetime
    place: str


class CancelBooking(Command, frozen=True, kw_only=True, tag="linking.cancel_booking.v1"):
    """Give one's own place back, before the session begins."""

    booking_id: UUID


class BookingCancelled(Event, frozen=True, kw_only=True, tag="linking.booking_cancelled.v1"):
    """Its holder gave a place back."""

    booking_id: UUID
    account_id: UUID
    assistance_session_id: UUID
    court_id: CourtId
    starts_at: datetime
    place: str

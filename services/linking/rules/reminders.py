"""Decides when the people on a court's roster are told of its go-live, and what they are told."""

import json
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import TypeAlias
from zoneinfo import ZoneInfo

from services.linking.model import Court, ReminderRound, RosterMember
from shared.messages.linking.readiness import GoLiveReminderDue, RemindOfGoLive
from shared.sealed import to_be_sealed

DAYS_BEFORE = (-90, -30, -7, -1)
DAY_ITSELF, WEEK_DAYS = 0, 7
TOLD_AT = time(9, 0)
"""On the court's own clocks, on each day but the go-live's: then it is the instant itself."""
RECIPIENT_KEPT_FOR = timedelta(days=7)
Planned: TypeAlias = tuple[RemindOfGoLive, datetime]
"""A reminder and its instant."""


def reminders_to_plan(court: Court, now: datetime) -> tuple[Planned, ...]:
    """The reminders before go-live that are still ahead, and the first weekly one that is."""
    if court.go_live_at is None:
        return ()
    before = [reminder_at(court.go_live_at, days, court) for days in DAYS_BEFORE]
    ahead = [(reminder, due_at) for reminder, due_at in before if now < due_at]
    return (*ahead, _weekly_ahead(court.go_live_at, DAY_ITSELF, court, now))


def next_weekly(reminder: RemindOfGoLive, court: Court, now: datetime) -> Planned | None:
    """The next weekly reminder that is still ahead, if this one came after go-live."""
    if reminder.days_from_go_live <= DAY_ITSELF:
        return None
    return _weekly_ahead(reminder.go_live_at, reminder.days_from_go_live, court, now)


def reminder_at(go_live_at: datetime, days: int, court: Court) -> Planned:
    """The reminder so many days from the day of go-live in the court's zone, and its instant."""
    zone = ZoneInfo(court.time_zone)
    day = go_live_at.astimezone(zone).date() + timedelta(days=days)
    reminder = RemindOfGoLive(court_id=court.id, go_live_at=go_live_at, days_from_go_live=days)
    return reminder, datetime.combine(day, TOLD_AT, tzinfo=zone).astimezone(UTC)


def is_still_meant(court: Court | None, go_live_at: datetime, days: int, now: datetime) -> bool:
    """Does the court still go live then, and is no later reminder due as well?"""
    return court is not None and not is_at_rest(court, go_live_at) and not _is_overtaken(court, days, now)


def is_to_be_told(member: RosterMember) -> bool:
    """Has the person still to act, and does the roster say where they can be told?"""
    return not member.is_linked and member.email is not None


def reminder_of(member: RosterMember, told: ReminderRound, now: datetime) -> GoLiveReminderDue:
    """What a round tells somebody who has not linked; name and address for `notify` alone."""
    recipient = json.dumps({"name": member.name, "email": member.email})
    return GoLiveReminderDue(
        filing_account_id=member.id,
        court_id=told.court_id,
        role=member.role,
        go_live_at=told.go_live_at,
        days_from_go_live=told.days_from_go_live,
        recipient=to_be_sealed(recipient, reader="notify", expires_at=now + RECIPIENT_KEPT_FOR),
    )


def is_at_rest(court: Court | None, go_live_at: datetime) -> bool:
    """Does the court go live at another instant now? Moved back, a round that was under way goes on."""
    return court is None or court.go_live_at != go_live_at


def _weekly_ahead(go_live_at: datetime, after_days: int, court: Court, now: datetime) -> Planned:
    weekly = (reminder_at(go_live_at, days, court) for days in count(after_days + WEEK_DAYS, WEEK_DAYS))
    return next((reminder, due_at) for reminder, due_at in weekly if now < due_at)


def _is_overtaken(court: Court, days: int, now: datetime) -> bool:
    if court.go_live_at is None or days >= DAY_ITSELF:
        return False
    later = [reminder_at(court.go_live_at, other, court)[1] for other in DAYS_BEFORE if other > days]
    return any(due_at <= now for due_at in (*later, court.go_live_at))

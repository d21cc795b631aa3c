"""Decides when readiness is counted, and what a page of people still to act is."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.messages.linking.readiness import PeopleToAct, PersonToAct


def next_count_at(now: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the next day begins in the business zone."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=zone).astimezone(UTC)


def page_of(court_id: str, found: Sequence[PersonToAct], limit: int) -> PeopleToAct:
    """The page; `found` holds one more than the limit where there is another."""
    people = tuple(found[:limit])
    return PeopleToAct(
        court_id=court_id, people=people, next_after=people[-1].login if len(found) > limit else None
    )

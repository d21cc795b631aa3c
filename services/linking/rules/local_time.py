"""A court's own clocks: from a local time to the instant."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def instant_from(local_time: str, time_zone: str) -> datetime | None:
    """The instant (UTC) of a local date, or date and time; a date alone is 00:00.

    None if there is no such time: not in the calendar, or skipped when clocks are set forward. Of a time
    that comes twice the first is meant.
    """
    try:
        naive = datetime.fromisoformat(local_time)
    except ValueError:
        return None
    if naive.tzinfo is not None:
        return None
    zone = ZoneInfo(time_zone)
    instant = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    is_there = instant.astimezone(zone).replace(tzinfo=None) == naive
    return instant if is_there else None

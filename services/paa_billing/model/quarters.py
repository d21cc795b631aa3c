"""Calendar quarters, whose edges are computed in the business zone."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import msgspec

_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])", re.ASCII)


class Quarter(msgspec.Struct, frozen=True, order=True):
    """A calendar quarter; its edges are instants only together with the business zone."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}-Q{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The quarter written as `2026-Q1`; anything else is a ValueError."""
        match = _QUARTER.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a quarter such as 2026-Q1")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, instant: datetime, business_zone: tzinfo) -> Self:
        """The quarter in which an aware instant falls, by the calendar of the business zone."""
        local = in_zone(instant, business_zone)
        return cls(local.year, (local.month + 2) // 3)

    @property
    def following(self) -> "Quarter":
        """The quarter after this one."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    def starts_at(self, business_zone: tzinfo) -> datetime:
        """Its first instant (UTC)."""
        return datetime(self.year, self.number * 3 - 2, 1, tzinfo=business_zone).astimezone(UTC)

    def ends_at(self, business_zone: tzinfo) -> datetime:
        """The first instant (UTC) that is no longer in it."""
        return self.following.starts_at(business_zone)

    def last_instant(self, business_zone: tzinfo) -> datetime:
        """The last microsecond (UTC) that is still in it."""
        return self.ends_at(business_zone) - timedelta(microseconds=1)


def in_zone(instant: datetime, zone: tzinfo) -> datetime:
    """An aware instant on the clock of a zone; a naive one is a ValueError, for it names no instant."""
    if instant.tzinfo is None:
        raise ValueError("an instant must carry its zone")
    return instant.astimezone(zone)

"""Throttles: how many attempts may be made in a window of time, and those that were counted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """A limit for one subject: so many attempts in a window, which begins with the first of them."""

    scope: Literal["account", "network", "all", "machine"]
    subject: str
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An attempt that was counted, and the window that it stands in: only there it can be taken back."""

    throttle: Throttle
    window_started_at: datetime
    attempt_count: int

    @property
    def is_within_limit(self) -> bool:
        """May this attempt go on?"""
        return self.attempt_count <= self.throttle.limit

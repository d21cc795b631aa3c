"""How often a network may ask for what costs a hash or a mail."""

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from services.portal.web.problems import Problem

RETRY_SECONDS = 60


class Limits:
    """Counts what each network asked for in the last minute, in this process.

    `accounts` counts failures of signing in by account and network for all replicas together; this one is
    for what names no account: registering, and asking for mail.
    """

    def __init__(self, requests_a_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(requests_a_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def count(self, network: str, what: str) -> None:
        """Count one. Raises Problem if the network had as many as it may have."""
        if not await self._limiter.hit(self._limit, what, network):
            raise Problem(
                429,
                "too_many",
                "Too many requests",
                "This network has sent many of these. Wait a minute.",
                retry_after_seconds=RETRY_SECONDS,
            )

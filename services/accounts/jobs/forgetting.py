"""Forgetting what can have no effect any more: counts of attempts, and sessions."""

from datetime import timedelta

from services.accounts.rules import access, throttles
from services.accounts.settings import Resources
from services.accounts.store import open_sessions
from services.accounts.store import throttles as counts
from shared.messaging.bench import Bench

KEPT_AFTER_THE_END = timedelta(days=1)
"""An assertion may outlive its session by a minute."""
BATCH_SIZE = 1000


async def forget_what_is_over(bench: Bench[Resources]) -> bool:
    """Delete one batch of each; says whether there was any."""
    async with bench.transaction() as work:
        policies = work.resources.policies
        edge = throttles.oldest_window(work.now, policies)
        count = await counts.delete_old_throttles(work.connection, edge, BATCH_SIZE)
        opened_before = access.in_force(work.now, policies).opened_after - KEPT_AFTER_THE_END
        count += await open_sessions.delete_old_sessions(work.connection, opened_before, BATCH_SIZE)
    return count > 0

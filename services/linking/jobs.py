"""Jobs of `linking`: forgetting proofs and counts of attempts that are over."""

from datetime import timedelta

from services.linking.rules.throttles import window_edge
from services.linking.settings import Resources
from services.linking.store import proofs
from shared.messaging.bench import Bench

KEPT_AFTER_EXPIRY = timedelta(days=1)
BATCH_SIZE = 1000


async def forget_old_proofs(bench: Bench[Resources]) -> bool:
    """Delete one batch of what can have no effect any more; says whether there was any."""
    async with bench.transaction() as work:
        edge = window_edge(work.resources.policies.linking, work.now) - KEPT_AFTER_EXPIRY
        count = await proofs.delete_old_proofs(work.connection, work.now - KEPT_AFTER_EXPIRY, BATCH_SIZE)
        count += await proofs.delete_old_throttles(work.connection, edge, BATCH_SIZE)
    return count > 0

"""Jobs of `linking`: forgetting proofs and counts of attempts that are over; its part of an export."""

from datetime import timedelta

from services.linking.rules.throttles import window_edge
from services.linking.settings import Resources
from services.linking.store import exporting, proofs
from shared.messages.linking import ExportPartMade
from shared.messaging.bench import Bench
from shared.messaging.export_parts import Part, make_next_part
from shared.messaging.unit_of_work import UnitOfWork

KEPT_AFTER_EXPIRY = timedelta(days=1)
BATCH_SIZE = 1000


async def forget_old_proofs(bench: Bench[Resources]) -> bool:
    """Delete one batch of what can have no effect any more; says whether there was any."""
    async with bench.transaction() as work:
        edge = window_edge(work.resources.policies.linking, work.now) - KEPT_AFTER_EXPIRY
        count = await proofs.delete_old_proofs(work.connection, work.now - KEPT_AFTER_EXPIRY, BATCH_SIZE)
        count += await proofs.delete_old_throttles(work.connection, edge, BATCH_SIZE)
    return count > 0


async def make_export_part(bench: Bench[Resources]) -> bool:
    """Write what is kept here about an account that asked for it; no if none did."""
    return await make_next_part(bench, exporting.STATEMENTS, _tell_of_part, bench.resources.objects)


async def _tell_of_part(work: UnitOfWork[Resources], part: Part) -> None:
    asked = part.asked
    work.emit(
        ExportPartMade(
            export_id=asked.export_id,
            account_id=asked.account_id,
            key=part.key,
            secret=part.sealed_secret(),
        )
    )

"""The job `export part`: what billing keeps about an account, for an export."""

from services.paa_billing.settings import Resources
from services.paa_billing.store import exporting
from shared.messages.paa_billing import ExportPartMade
from shared.messaging.bench import Bench
from shared.messaging.export_parts import Part, make_next_part
from shared.messaging.unit_of_work import UnitOfWork


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

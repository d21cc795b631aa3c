"""What a report leaves behind: priced lines and uses that wait, all of them or none."""

from collections.abc import Sequence
from datetime import datetime

from services.paa_billing.model.intake import BookedLine, ReportedUse
from services.paa_billing.store.unbooked import insert_waiting
from services.paa_billing.store.usage import insert_lines
from shared.database import Connection, UniqueViolationError


async def insert_uses(
    connection: Connection,
    received_at: datetime,
    lines: Sequence[BookedLine],
    waiting: Sequence[tuple[str, ReportedUse]],
    give_up_at: datetime,
) -> bool:
    """Keep lines, and courts' uses until their accounts are known.

    Their ids were free when they were looked for; keeps none and says no if one isn't any more. An id that
    another transaction is taking is waited for; all take them in the same order.
    """
    try:
        async with connection.transaction():
            if lines:
                await insert_lines(connection, received_at, lines)
            if waiting:
                await insert_waiting(connection, waiting, received_at, give_up_at)
    except UniqueViolationError:
        return False
    return True

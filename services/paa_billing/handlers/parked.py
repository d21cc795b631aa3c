"""What a court is told of a message of its that was given up."""

from uuid import UUID

from services.paa_billing.rules.answers import read_batch
from services.paa_billing.settings import Resources
from services.paa_billing.store import batches
from shared.messages.paa_billing import UsageBatchParked
from shared.messaging.parked import Parked
from shared.messaging.topology import ASKERS, SERVICES
from shared.messaging.unit_of_work import UnitOfWork


async def tell_court(parked: Parked, work: UnitOfWork[Resources]) -> None:
    """Whatever its body names, the court is the login that sent it; nobody else has a results queue."""
    if parked.sender is None or parked.message_id is None or parked.sender in (*SERVICES, *ASKERS):
        return
    work.emit(_told(parked.sender, parked.message_id, parked), addressee=parked.sender)


async def tell_reporter(parked: Parked, work: UnitOfWork[Resources]) -> None:
    """A court's machine asks what became of its batch; nobody is told of a message that may be anybody's."""
    batch = read_batch(parked.body)
    if batch is None or parked.message_id is None or parked.reason == "bad_envelope":
        return
    await batches.insert_parked(
        work.connection, batch.court_id, batch.batch_id, parked.reason, parked.parked_at
    )
    work.emit(_told(batch.court_id, parked.message_id, parked))


def _told(court_id: str, message_id: UUID, parked: Parked) -> UsageBatchParked:
    return UsageBatchParked(
        court_id=court_id, message_id=message_id, reason=parked.reason, parked_at=parked.parked_at
    )

"""What a court is told of a message of its that was given up."""

from services.paa_billing.settings import Resources
from shared.messages.paa_billing import UsageBatchParked
from shared.messaging.parked import Parked
from shared.messaging.topology import ASKERS, SERVICES
from shared.messaging.unit_of_work import UnitOfWork


async def tell_court(parked: Parked, work: UnitOfWork[Resources]) -> None:
    """Whatever its body names, the court is the login that sent it; nobody else has a results queue."""
    if parked.sender is None or parked.message_id is None or parked.sender in (*SERVICES, *ASKERS):
        return
    told = UsageBatchParked(
        court_id=parked.sender,
        message_id=parked.message_id,
        reason=parked.reason,
        parked_at=parked.parked_at,
    )
    work.emit(told, addressee=parked.sender)

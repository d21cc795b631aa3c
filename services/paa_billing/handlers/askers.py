"""Who asks, from the assertion and our copy of the account."""

from services.paa_billing.model.firms import Actor
from services.paa_billing.rules.actors import who_asks
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts
from shared.messaging.unit_of_work import UnitOfWork


async def asker(work: UnitOfWork[Resources]) -> Actor:
    """The asker in the newest state known."""
    return who_asks(work.assertion, await accounts.find_account(work.connection, work.assertion.account_id))


async def lock_asker(work: UnitOfWork[Resources]) -> Actor:
    """The asker, held: who pays for one person changes one after the other."""
    return who_asks(work.assertion, await accounts.lock_account(work.connection, work.assertion.account_id))

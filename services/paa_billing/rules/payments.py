"""Money that comes in: for whom it is booked, and what of each debt is still open."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from services.paa_billing.ledger import BalanceChange, open_items
from services.paa_billing.model import Quarter
from services.paa_billing.model.firms import Firm
from services.paa_billing.model.issued import Payment
from shared.assertion import Assertion
from shared.messages.paa_billing import PaymentRefused, RecordPayment
from shared.money import Cents


def payer_of(assertion: Assertion, firm: Firm | None) -> UUID | None:
    """For whom an account asks and pays: an administrator for the firm, anyone else for themselves.

    A legacy account, too, may see what it owes and pay it.
    """
    if firm is not None:
        return firm.paa_id
    return None if assertion.kind == "paa" else assertion.account_id


def decide_payment(
    command: RecordPayment, payer_id: UUID | None, before: Payment | None
) -> UUID | PaymentRefused:
    """Whose account the money is booked to; a reference stands for one payment only."""
    if payer_id is None:
        return PaymentRefused(reason="nobody_to_pay_for")
    if before is not None and (before.payer_id, before.amount_cents) != (payer_id, command.amount_cents):
        return PaymentRefused(reason="reference_used")
    return payer_id


def open_by_quarter(changes: Iterable[BalanceChange]) -> Mapping[Quarter, Cents]:
    """What is unpaid of each settled quarter's own fees; money pays the oldest debt first."""
    known = tuple(changes)
    balance_cents = sum(change.amount_cents for change in known)
    debts = [change for change in known if change.amount_cents > 0]
    open_cents = open_items([change.amount_cents for change in debts], Cents(max(balance_cents, 0)))
    return {
        change.quarter: cents
        for change, cents in zip(debts, open_cents, strict=True)
        if change.kind == "settlement"
    }

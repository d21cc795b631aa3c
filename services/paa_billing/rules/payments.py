"""Money that comes in: for whom it is booked, and what of each debt is still open."""

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID

from services.paa_billing.ledger import BalanceChange, open_items
from services.paa_billing.model import Quarter
from services.paa_billing.model.firms import Firm
from services.paa_billing.model.issued import Payment
from shared.messages.paa_billing import PaymentRefused, RecordPayment
from shared.money import Cents


class Holder(Protocol):
    """An account, as its holder's assertion or our copy knows it."""

    @property
    def account_id(self) -> UUID: ...

    @property
    def kind(self) -> str: ...


def payer_of(holder: Holder, firm: Firm | None) -> UUID | None:
    """For whom an account asks and pays: an administrator for the firm, anyone else for themselves.

    A legacy account, too, may see what it owes and pay it.
    """
    if firm is not None:
        return firm.paa_id
    return None if holder.kind == "paa" else holder.account_id


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
    debts: dict[Quarter | UUID, Cents] = {}
    balance_cents = Cents(0)
    for change in changes:
        balance_cents = Cents(balance_cents + change.amount_cents)
        # A settlement may have been taken back and posted anew: it is one debt all the same.
        debt = change.quarter if change.kind == "settlement" else change.operation_id
        debts[debt] = Cents(debts.get(debt, 0) + change.amount_cents)
    owed = {debt: cents for debt, cents in debts.items() if cents > 0}
    open_cents = open_items(owed.values(), Cents(max(balance_cents, 0)))
    still_open = zip(owed, open_cents, strict=True)
    return {debt: cents for debt, cents in still_open if isinstance(debt, Quarter)}

"""Double entry in whole cents: accounts, entries that always balance, what a quarter's close posts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.paa_billing.model import Settlement
from shared.money import Cents

LedgerAccountKind = Literal[
    "receivable",
    "fees",
    "waived",
    "exempted",
    "credits_granted",
    "cash",
    "unapplied_cash",
    "refunds",
    "write_off",
]
OF_A_PAYER: frozenset[LedgerAccountKind] = frozenset({"receivable", "unapplied_cash"})
OF_A_COURT: frozenset[LedgerAccountKind] = frozenset({"fees"})


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """A side of the book; receivable and unapplied cash are kept by payer, fees by court, the others once."""

    kind: LedgerAccountKind
    payer_id: UUID | None = None
    court_id: str | None = None

    def __post_init__(self) -> None:
        if (self.payer_id is not None) != (self.kind in OF_A_PAYER):
            raise ValueError(f"{self.kind} is named by a payer exactly when it is kept by payer")
        if (self.court_id is not None) != (self.kind in OF_A_COURT):
            raise ValueError(f"{self.kind} is named by a court exactly when it is kept by court")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """An amount from one ledger account to another, so that it always balances."""

    id: UUID
    debit: LedgerAccount
    credit: LedgerAccount
    amount_cents: Cents
    reverses: UUID | None = None

    def __post_init__(self) -> None:
        if self.amount_cents <= 0:
            raise ValueError("a ledger entry moves a positive amount")
        if self.debit == self.credit:
            raise ValueError("a ledger entry moves its amount between two accounts")


WAIVED = LedgerAccount("waived")
EXEMPTED = LedgerAccount("exempted")
CREDITS_GRANTED = LedgerAccount("credits_granted")
CASH = LedgerAccount("cash")
REFUNDS = LedgerAccount("refunds")
WRITE_OFF = LedgerAccount("write_off")


def receivable(payer_id: UUID) -> LedgerAccount:
    """What a payer owes."""
    return LedgerAccount("receivable", payer_id=payer_id)


def unapplied_cash(payer_id: UUID) -> LedgerAccount:
    """What a payer has paid ahead or too much."""
    return LedgerAccount("unapplied_cash", payer_id=payer_id)


def fees(court_id: str) -> LedgerAccount:
    """What a court's use has earned, waived and exempted fees included."""
    return LedgerAccount("fees", court_id=court_id)


def reverse(entry: LedgerEntry, new_id: UUID) -> LedgerEntry:
    """The new entry that undoes an old one; a reversal itself can't be reversed."""
    if entry.reverses is not None:
        raise ValueError("a reversal is not reversed: post the entry anew")
    return LedgerEntry(
        id=new_id,
        debit=entry.credit,
        credit=entry.debit,
        amount_cents=entry.amount_cents,
        reverses=entry.id,
    )


def settlement_entries(
    settlement: Settlement, unapplied_cents: Cents, entry_id: Callable[[int], UUID]
) -> tuple[LedgerEntry, ...]:
    """The one operation that a quarter's close posts for a payer; empty if all of it was free.

    Fees are earned by court, gross: charged ones from the payer's receivable, exempt ones from `exempted`.
    The waiver takes its part off the receivable; so does what the payer has standing as unapplied cash
    (`unapplied_cents`), as far as there are new fees to pay. `entry_id(n)` is the id of the n-th entry.
    """
    moves = (move for move in _moves_of(settlement, unapplied_cents) if move[2] > 0)
    return tuple(
        LedgerEntry(id=entry_id(index), debit=debit, credit=credit, amount_cents=amount_cents)
        for index, (debit, credit, amount_cents) in enumerate(moves)
    )


def _moves_of(
    settlement: Settlement, unapplied_cents: Cents
) -> Iterator[tuple[LedgerAccount, LedgerAccount, Cents]]:
    owed = receivable(settlement.payer_id)
    for court in settlement.courts:
        yield owed, fees(court.court_id), Cents(court.gross_cents - court.exempt_cents)
        yield EXEMPTED, fees(court.court_id), court.exempt_cents
    yield WAIVED, owed, settlement.waived_cents
    applied_cents = Cents(min(settlement.credited_cents, unapplied_cents))
    yield unapplied_cash(settlement.payer_id), owed, applied_cents

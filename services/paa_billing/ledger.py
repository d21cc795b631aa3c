"""Double entry in whole cents: accounts, entries that always balance, what closes and payments post."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from services.paa_billing.model import Quarter, Settlement
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
OperationKind = Literal[
    "settlement",
    "credit",
    "debit",
    "payment",
    "returned_payment",
    "returned_payment_fee",
    "refund",
    "write_off",
    "balance_moved",
]
NOTHING = Cents(0)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOperation:
    """What was done to the books, once, with its entries; `quarter` is the one whose statement says so."""

    id: UUID
    kind: OperationKind
    quarter: Quarter
    at: datetime
    explanation: str
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a payer owes, and what stands to the payer's credit: one of the two is 0."""

    receivable_cents: Cents = NOTHING
    unapplied_cents: Cents = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChange:
    """What one operation did to one payer's balance: positive is owed."""

    operation_id: UUID
    kind: OperationKind
    quarter: Quarter
    at: datetime
    explanation: str
    amount_cents: Cents


Move: TypeAlias = tuple[LedgerAccount, LedgerAccount, Cents]
"""Debit, credit, amount; one of 0 is none."""

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
    settlement: Settlement, standing: Standing, entry_id: Callable[[int], UUID]
) -> tuple[LedgerEntry, ...]:
    """The one operation that a quarter's close posts for a payer; empty if all of it was free.

    Fees are earned by court, gross: charged ones from the payer's receivable, exempt ones from `exempted`.
    The waiver takes its part off the receivable; so does what the payer has standing as unapplied cash.
    `entry_id(n)` is the id of the n-th entry.
    """
    owed = receivable(settlement.payer_id)
    moves: list[Move] = []
    for court in settlement.courts:
        moves.append((owed, fees(court.court_id), Cents(court.gross_cents - court.exempt_cents)))
        moves.append((EXEMPTED, fees(court.court_id), court.exempt_cents))
    moves.append((WAIVED, owed, settlement.waived_cents))
    after = Standing(
        receivable_cents=Cents(standing.receivable_cents + settlement.billed_cents),
        unapplied_cents=standing.unapplied_cents,
    )
    return _entries((*moves, _applied(settlement.payer_id, after)), entry_id)


def payment_entries(
    payer_id: UUID, amount_cents: Cents, standing: Standing, entry_id: Callable[[int], UUID]
) -> tuple[LedgerEntry, ...]:
    """Money that came in: what is owed is paid, the rest stands as credit."""
    paid_cents = Cents(min(amount_cents, max(standing.receivable_cents, 0)))
    moves = (
        (CASH, receivable(payer_id), paid_cents),
        (CASH, unapplied_cash(payer_id), Cents(amount_cents - paid_cents)),
    )
    return _entries(moves, entry_id)


def moving_entries(
    person_id: UUID,
    paa_id: UUID,
    amount_cents: Cents,
    standings: Mapping[UUID, Standing],
    entry_id: Callable[[int], UUID],
) -> tuple[LedgerEntry, ...]:
    """A person's open balance goes to a firm; a negative amount is a credit.

    A credit that a settlement not yet issued has used up already is taken from the receivable.
    """
    own, firm = standings[person_id], standings[paa_id]
    debt_cents, credit_cents = Cents(max(amount_cents, 0)), Cents(max(-amount_cents, 0))
    unapplied_cents = Cents(min(credit_cents, own.unapplied_cents))
    after = Standing(
        receivable_cents=Cents(firm.receivable_cents + debt_cents),
        unapplied_cents=Cents(firm.unapplied_cents + credit_cents),
    )
    moves = (
        (receivable(paa_id), receivable(person_id), debt_cents),
        (unapplied_cash(person_id), unapplied_cash(paa_id), unapplied_cents),
        (receivable(person_id), unapplied_cash(paa_id), Cents(credit_cents - unapplied_cents)),
        _applied(paa_id, after),
    )
    return _entries(moves, entry_id)


def open_items(debts_cents: Iterable[Cents], receivable_cents: Cents) -> tuple[Cents, ...]:
    """What is still open of each debt, oldest first: money pays the oldest first, so the newest stay open."""
    left_cents = receivable_cents
    newest_first = []
    for debt_cents in reversed(tuple(debts_cents)):
        open_cents = Cents(min(debt_cents, left_cents))
        left_cents = Cents(left_cents - open_cents)
        newest_first.append(open_cents)
    return tuple(reversed(newest_first))


def _applied(payer_id: UUID, standing: Standing) -> Move:
    """A payer never owes and has credit standing at the same time."""
    applied_cents = Cents(min(standing.receivable_cents, standing.unapplied_cents))
    return unapplied_cash(payer_id), receivable(payer_id), applied_cents


def _entries(moves: Iterable[Move], entry_id: Callable[[int], UUID]) -> tuple[LedgerEntry, ...]:
    positive = (move for move in moves if move[2] > 0)
    return tuple(
        LedgerEntry(id=entry_id(index), debit=debit, credit=credit, amount_cents=amount_cents)
        for index, (debit, credit, amount_cents) in enumerate(positive)
    )

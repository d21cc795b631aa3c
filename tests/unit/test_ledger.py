"""Payments and moved balances: each cent is booked once, and a payer never owes beside having credit."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.paa_billing.ledger import (
    CASH,
    BalanceChange,
    LedgerAccount,
    LedgerEntry,
    OperationKind,
    Standing,
    moving_entries,
    open_items,
    payment_entries,
    receivable,
    unapplied_cash,
)
from services.paa_billing.model import Quarter
from services.paa_billing.rules.payments import open_by_quarter
from shared.money import Cents

ADA, FIRM = UUID(int=1), UUID(int=2)
amounts = st.integers(1, 5_000_000)
balances = st.integers(-5_000_000, 5_000_000)


def standing_at(balance_cents: int) -> Standing:
    """What is owed, or the credit that stands."""
    return Standing(
        receivable_cents=Cents(max(balance_cents, 0)), unapplied_cents=Cents(max(-balance_cents, 0))
    )


def moved(account: LedgerAccount, entries: Sequence[LedgerEntry]) -> int:
    debits = sum(entry.amount_cents for entry in entries if entry.debit == account)
    return debits - sum(entry.amount_cents for entry in entries if entry.credit == account)


def after(payer_id: UUID, before: Standing, entries: Sequence[LedgerEntry]) -> Standing:
    return Standing(
        receivable_cents=Cents(before.receivable_cents + moved(receivable(payer_id), entries)),
        unapplied_cents=Cents(before.unapplied_cents - moved(unapplied_cash(payer_id), entries)),
    )


def balance(standing: Standing) -> int:
    return standing.receivable_cents - standing.unapplied_cents


@given(amount=amounts, before=balances)
def test_a_payment_lowers_the_balance_by_its_amount_and_leaves_no_credit_beside_a_debt(
    amount: int, before: int
) -> None:
    entries = payment_entries(ADA, Cents(amount), standing_at(before), lambda index: UUID(int=index + 1))

    end = after(ADA, standing_at(before), entries)

    assert end == standing_at(before - amount)
    assert moved(CASH, entries) == amount


@given(moving=balances, elsewhere=balances, firm=balances)
def test_what_a_person_loses_the_firm_gets(moving: int, elsewhere: int, firm: int) -> None:
    person = standing_at(moving + max(elsewhere, 0))
    standings = {ADA: person, FIRM: standing_at(firm)}

    entries = moving_entries(ADA, FIRM, Cents(moving), standings, lambda index: UUID(int=index + 1))

    assert balance(after(ADA, person, entries)) == balance(person) - moving
    assert after(FIRM, standings[FIRM], entries) == standing_at(firm + moving)
    own = after(ADA, person, entries)
    assert min(own.receivable_cents, own.unapplied_cents) == 0


@given(debts=st.lists(amounts, max_size=6), paid=st.integers(0, 20_000_000))
def test_money_pays_the_oldest_debt_first(debts: list[int], paid: int) -> None:
    owed = max(sum(debts) - paid, 0)

    still_open = open_items([Cents(debt) for debt in debts], Cents(owed))

    assert sum(still_open) == owed
    untouched = [index for index, cents in enumerate(still_open) if cents == debts[index]]
    partly = [index for index, cents in enumerate(still_open) if 0 < cents < debts[index]]
    assert len(partly) <= 1
    assert untouched == list(range(len(debts) - len(untouched), len(debts)))


def a_change(number: int, kind: OperationKind, quarter: str, cents: int) -> BalanceChange:
    return BalanceChange(
        operation_id=UUID(int=number),
        kind=kind,
        quarter=Quarter.parse(quarter),
        at=datetime(2024, 4, 10, tzinfo=UTC),
        explanation="",
        amount_cents=Cents(cents),
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("settlement", "2024-Q1", 40)], {"2024-Q1": 40}),
        ([("settlement", "2024-Q1", 40), ("payment", "2024-Q2", -10)], {"2024-Q1": 30}),
        (
            [
                ("settlement", "2024-Q1", 41),
                ("settlement", "2024-Q1", -41),
                ("settlement", "2024-Q1", 40),
            ],
            {"2024-Q1": 40},
        ),
        (
            [("balance_moved", "2024-Q1", 20), ("settlement", "2024-Q1", 40), ("payment", "2024-Q1", -25)],
            {"2024-Q1": 35},
        ),
        ([("payment", "2024-Q1", -50), ("settlement", "2024-Q1", 40)], {"2024-Q1": 0}),
    ],
)
def test_what_is_open_of_a_quarter(
    changes: list[tuple[OperationKind, str, int]], expected: dict[str, int]
) -> None:
    made = [a_change(number, *each) for number, each in enumerate(changes)]

    assert {str(quarter): cents for quarter, cents in open_by_quarter(made).items()} == expected

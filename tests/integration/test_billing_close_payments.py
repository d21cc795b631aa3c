"""Payments and balances around a close: what a person owes before and after the cut-off and the issue."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import MyBalance
from shared.messaging.registry import Service
from tests.billing import a_person, a_use, opened, report, resources
from tests.closing import (
    CLOSING_DAY,
    balances_of,
    begin_close,
    close,
    do_one_step,
    finish_close,
    pay,
    statements_of,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_what_is_settled_but_not_issued_is_not_owed_yet(place: Workplace) -> None:
    person = await a_person(place)
    await report(place, a_use(person, kind="transcript", pages=400))
    await pay(place, person, 500, "ahead")
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    seen = []
    while await do_one_step(place):
        balance = await place.send(MyBalance(), by=person.asks(place.clock()))
        seen.append((balance.open_cents, balance.credit_cents))

    assert set(seen) == {(0, 500), (3500, 0)}
    assert seen == sorted(seen)


async def test_a_payment_up_to_the_cut_off_is_on_the_quarters_statement_and_a_later_one_on_the_next(
    place: Workplace,
) -> None:
    person = await a_person(place)
    await report(place, a_use(person, kind="transcript", pages=400))
    await pay(place, person, 1000, "before the end")
    place.clock.now = CLOSING_DAY - timedelta(days=3)
    await pay(place, person, 100, "before the cut-off")
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    await pay(place, person, 10, "after the cut-off")
    await finish_close(place)
    await close(place, "2024-Q2", datetime(2024, 7, 10, 15, tzinfo=UTC))

    first, second = await statements_of(place)

    assert [each.explanation for each in first.adjustments] == [
        "Payment before the end",
        "Payment before the cut-off",
    ]
    assert (first.totals.credited_cents, first.totals.balance_cents) == (1100, 2900)
    assert [each.amount_cents for each in second.adjustments] == [-10]
    assert (second.totals.carried_cents, second.totals.balance_cents) == (2900, 2890)
    assert (await balances_of(place)).get("unapplied_cash", 0) == 0

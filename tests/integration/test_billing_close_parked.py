"""Payers that a close sets aside, each alone, because two figures that must be equal aren't."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.servers import Servers
from services.paa_billing.service import SERVICE
from shared.database import OwnConnection as Owner
from shared.messages.paa_billing import CloseShown, MyStatements, StatementIssued
from shared.messaging.registry import Service
from tests.billing import Holder, a_person, a_use, opened, report
from tests.closing import (
    CLOSING_DAY,
    QUARTER,
    as_owner,
    balances_of,
    begin_close,
    close,
    do_one_step,
    finish_close,
    in_chunks_of,
    pay,
    show,
    statements_of,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
JULY = datetime(2024, 7, 10, 15, tzinfo=UTC)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, in_chunks_of(2)))


@pytest.fixture
async def owner(place: Workplace, servers: Servers, role_passwords: dict[str, str]) -> AsyncIterator[Owner]:
    async with as_owner(place, servers, role_passwords) as connection:
        yield connection


async def three_people(place: Workplace) -> list[Holder]:
    """Three people with an invoice each."""
    people = [await a_person(place) for _ in range(3)]
    await report(place, *[a_use(each, kind="transcript", pages=400) for each in people])
    return people


async def the_parked(place: Workplace) -> dict[str, Any]:
    """The one payer that was set aside."""
    (row,) = await place.pool.fetch("SELECT * FROM closing_payers WHERE stage = 'parked'")
    return dict(row)


async def test_a_line_changed_after_settling_parks_its_payer_alone(place: Workplace, owner: Owner) -> None:
    people = await three_people(place)
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    while (await show(place)).state != "settled":
        await do_one_step(place)
    changing = "UPDATE usage_lines SET gross_cents = gross_cents + $2 WHERE payer_id = $1"
    await owner.execute(changing, people[1].account_id, 1)

    await finish_close(place)

    shown = await show(place)
    assert (shown.state, shown.issued, shown.parked) == ("closed", 2, 1)
    parked = await the_parked(place)
    assert (parked["payer_id"], parked["reason"]) == (people[1].account_id, "lines_and_settlement_disagree")
    assert (parked["expected"], parked["found"]) == ("$40.00", "$40.01")
    assert people[1].account_id not in {each.payer.id for each in await statements_of(place)}

    await owner.execute(changing, people[1].account_id, -1)
    await begin_close(place)
    await finish_close(place)

    assert await show(place) == CloseShown(
        quarter=QUARTER, state="closed", payers=3, settled=3, sealed=3, issued=3, parked=0
    )
    assert [each.payer.id for each in await statements_of(place)][-1] == people[1].account_id
    assert len(await place.emitted(StatementIssued)) == 3


async def test_a_line_with_another_price_than_the_fee_tables_parks_its_payer_alone(
    place: Workplace, owner: Owner
) -> None:
    people = await three_people(place)
    await owner.execute("UPDATE usage_lines SET gross_cents = 3999 WHERE payer_id = $1", people[0].account_id)

    await close(place)

    parked = await the_parked(place)
    assert (parked["payer_id"], parked["reason"]) == (people[0].account_id, "statement_not_verified")
    assert "gross_cents" in parked["expected"]
    assert len(await statements_of(place)) == 2


async def test_a_ledger_that_does_not_say_what_the_last_statement_said_parks_its_payer_alone(
    place: Workplace, owner: Owner
) -> None:
    people = await three_people(place)
    await close(place)
    await report(place, *[a_use(each, place.clock()) for each in people])
    await owner.execute(
        """
        INSERT INTO ledger_entries (id, operation_id, debit_kind, debit_payer_id, credit_kind, amount_cents)
        SELECT gen_random_uuid(), operation_id, 'receivable', debit_payer_id, 'cash', 1
          FROM ledger_entries WHERE debit_payer_id = $1
        """,
        people[2].account_id,
    )

    await close(place, "2024-Q2", JULY)

    parked = await the_parked(place)
    assert (parked["payer_id"], parked["reason"]) == (people[2].account_id, "balances_disagree")
    assert (parked["expected"], parked["found"]) == ("$40.00", "$40.01")
    assert (await show(place, "2024-Q2")).issued == 2


async def test_a_settlement_that_was_wrong_is_taken_back_and_posted_anew(
    place: Workplace, owner: Owner
) -> None:
    people = await three_people(place)
    await pay(place, people[0], 500, "ahead")
    pricing = "UPDATE usage_lines SET gross_cents = $2 WHERE payer_id = $1"
    await owner.execute(pricing, people[0].account_id, 4001)
    await close(place)
    await pay(place, people[0], 100, "while it waits")
    await owner.execute(pricing, people[0].account_id, 4000)

    await begin_close(place)
    await finish_close(place)

    statement = (await statements_of(place))[-1]
    assert (statement.payer.id, statement.totals.balance_cents) == (people[0].account_id, 3500)
    books = await balances_of(place)
    assert (books["fees"], books["receivable"], books["unapplied_cash"]) == (-12000, 11400, 0)
    (shown,) = (await place.send(MyStatements(), by=people[0].asks(place.clock()))).statements
    assert (shown.due_cents, shown.open_cents) == (3500, 3400)


async def test_a_payer_parked_in_one_quarter_waits_in_the_next_until_that_one_is_issued(
    place: Workplace, owner: Owner
) -> None:
    people = await three_people(place)
    pricing = "UPDATE usage_lines SET gross_cents = $2 WHERE payer_id = $1 AND billed_quarter = '2024-Q1'"
    await owner.execute(pricing, people[0].account_id, 4001)
    await close(place)
    await report(place, *[a_use(each, place.clock(), kind="transcript", pages=500) for each in people])
    await close(place, "2024-Q2", JULY)
    reason = await place.pool.fetchval(
        "SELECT reason FROM closing_payers WHERE quarter = '2024-Q2' AND stage = 'parked'"
    )
    assert reason == "earlier_statement_missing"
    assert ((await show(place)).parked, (await show(place, "2024-Q2")).parked) == (1, 1)
    await owner.execute(pricing, people[0].account_id, 4000)

    for quarter in (QUARTER, "2024-Q2"):
        await begin_close(place, quarter)
        await finish_close(place)

    first, second = [each for each in await statements_of(place) if each.payer.id == people[0].account_id]
    assert (first.quarter.name, first.totals.balance_cents) == (QUARTER, 4000)
    assert (second.quarter.name, second.totals.carried_cents, second.totals.balance_cents) == (
        "2024-Q2",
        4000,
        9000,
    )

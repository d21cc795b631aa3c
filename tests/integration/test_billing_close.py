"""The close of a quarter: what it takes in, what each payer owes after it, and when it is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import (
    CloseShown,
    LeaveFirm,
    QuarterClosing,
    QuarterRefused,
    ShowClose,
    StatementIssued,
)
from shared.messaging.registry import Service
from tests.billing import a_firm, a_person, a_use, join, opened, report, resources
from tests.closing import (
    CLOSING_DAY,
    QUARTER,
    balances_of,
    begin_close,
    close,
    do_one_step,
    finish_close,
    in_chunks_of,
    statements_of,
)
from tests.messaging import NOON, HandClock, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_a_person_at_the_limit_owes_nothing_and_with_one_cent_more_all_of_it(place: Workplace) -> None:
    thrifty, lavish = await a_person(place), await a_person(place)
    await report(place, a_use(thrifty, kind="transcript", pages=300))
    await report(place, a_use(lavish, kind="transcript", pages=301))

    await close(place)

    waived, due = sorted(await statements_of(place), key=lambda each: each.totals.charged_cents)
    assert (waived.kind, waived.totals.waived_cents, waived.totals.balance_cents) == (
        "statement_of_account",
        3000,
        0,
    )
    assert (due.kind, due.totals.waived_cents, due.totals.balance_cents) == ("invoice", 0, 3010)
    assert due.due_on is not None
    assert due.due_on.isoformat() == "2024-05-10"


async def test_the_event_goes_to_the_person_or_to_the_firms_administrators_never_to_a_member(
    place: Workplace,
) -> None:
    firm, member, other = await a_firm(place), await a_person(place), await a_person(place)
    await join(place, firm, member)
    await report(place, a_use(member), a_use(other, kind="transcript", pages=500))

    await close(place)

    events = {event.payer_id: event for event in await place.emitted(StatementIssued)}
    assert events[firm.paa_id].recipient_ids == (firm.account_id,)
    assert events[other.account_id].recipient_ids == (other.account_id,)
    assert member.account_id not in events
    assert (events[other.account_id].kind, events[other.account_id].due_cents) == ("invoice", 5000)
    by_number = {each.number: each for each in await statements_of(place)}
    for event in events.values():
        assert by_number[event.number].payer.id == event.payer_id


async def test_a_firms_statement_is_itemised_by_member_and_by_nobody_else(place: Workplace) -> None:
    firm, member, guest = await a_firm(place), await a_person(place), await a_person(place)
    await join(place, firm, member)
    await join(place, firm, guest)
    await report(place, a_use(member, client_code="a"), a_use(guest, client_code="b"), a_use(guest, pages=30))

    await close(place)

    (statement,) = await statements_of(place)
    assert statement.payer.kind == "paa"
    assert (statement.payer.account_number, statement.payer.name) == (firm.number, "Hale & Partner")
    members = {each.account_number for each in statement.subtotals if each.level == "member"}
    assert members == {member.number, guest.number}


async def test_a_person_cannot_earn_two_waivers_by_joining_and_leaving(workplace_of: Make) -> None:
    place = await opened(await workplace_of(SERVICE, resources(waiver_subject="person")))
    firm, person = await a_firm(place), await a_person(place)
    await report(place, a_use(person, kind="transcript", pages=200))
    place.clock.forward(minutes=1)
    await join(place, firm, person)
    await report(place, a_use(person, place.clock(), kind="transcript", pages=200))
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))

    await close(place)

    totals = {each.payer.kind: each.totals for each in await statements_of(place)}
    assert [(t.charged_cents, t.waived_cents) for t in totals.values()] == [(2000, 0), (2000, 0)]


async def test_a_person_under_the_limit_at_all_payers_together_owes_nothing(workplace_of: Make) -> None:
    place = await opened(await workplace_of(SERVICE, resources(waiver_subject="person")))
    firm, person, other = await a_firm(place), await a_person(place), await a_person(place)
    await report(place, a_use(person, kind="transcript", pages=150))
    place.clock.forward(minutes=1)
    await join(place, firm, person)
    await join(place, firm, other)
    await report(place, a_use(person, place.clock(), kind="transcript", pages=150))
    await report(place, a_use(other, place.clock(), kind="transcript", pages=301))

    await close(place)

    totals = {each.payer.kind: each.totals for each in await statements_of(place)}
    assert (totals["person"].waived_cents, totals["person"].balance_cents) == (1500, 0)
    assert (totals["paa"].waived_cents, totals["paa"].balance_cents) == (1500, 3010)


async def test_uses_that_come_after_the_cut_off_are_on_the_next_statement_as_prior_period(
    place: Workplace,
) -> None:
    person = await a_person(place)
    await report(place, a_use(person, usage_id="in time", kind="transcript", pages=400))
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    for number in range(3):
        await report(place, a_use(person, usage_id=f"late {number}", kind="transcript", pages=100))
        await do_one_step(place)
    await finish_close(place)
    await close(place, "2024-Q2", datetime(2024, 7, 10, 15, tzinfo=UTC))

    first, second = await statements_of(place)

    assert [line.usage_id for line in first.lines] == ["in time"]
    assert first.totals.balance_cents == 4000
    assert {line.usage_id for line in second.lines} == {"late 0", "late 1", "late 2"}
    assert all(line.is_prior_period and line.used_quarter == QUARTER for line in second.lines)
    assert (second.totals.carried_cents, second.totals.balance_cents) == (4000, 4000)


async def test_each_use_reported_while_the_cut_off_is_drawn_is_on_one_statement(place: Workplace) -> None:
    person = await a_person(place)
    place.clock.now = CLOSING_DAY
    async with asyncio.TaskGroup() as group:
        for number in range(12):
            group.create_task(report(place, a_use(person, usage_id=f"use {number}", pages=30)))
            if number == 5:
                closing = group.create_task(begin_close(place))
    await finish_close(place)
    await close(place, "2024-Q2", datetime(2024, 7, 10, 15, tzinfo=UTC))

    lines = [line for each in await statements_of(place) for line in each.lines]

    assert isinstance(closing.result(), QuarterClosing)
    assert sorted(line.usage_id for line in lines) == sorted(f"use {number}" for number in range(12))


async def test_nobody_without_activity_gets_a_statement(place: Workplace) -> None:
    idle, busy = await a_person(place), await a_person(place)
    await report(place, a_use(busy), a_use(idle, kind="transcript", pages=400))
    await close(place)
    await report(place, a_use(busy, place.clock()))
    await close(place, "2024-Q2", datetime(2024, 7, 10, 15, tzinfo=UTC))

    statements = await statements_of(place)

    seen = [(each.quarter.name, each.payer.id) for each in statements]
    assert (QUARTER, idle.account_id) in seen
    assert ("2024-Q2", idle.account_id) not in seen
    assert ("2024-Q2", busy.account_id) in seen


async def test_the_ledger_holds_each_cent_as_earned_waived_exempted_or_owed(place: Workplace) -> None:
    thrifty, lavish = await a_person(place), await a_person(place)
    await report(place, a_use(thrifty, kind="transcript", pages=300), a_use(thrifty, kind="opinion"))
    await report(place, a_use(lavish, kind="transcript", pages=301), court_id="nysdc")

    await close(place)

    assert await balances_of(place) == {"fees": -6010, "waived": 3000, "receivable": 3010}


async def test_a_close_is_refused_by_name(place: Workplace) -> None:
    await report(place, a_use(await a_person(place)))

    assert await begin_close(place) == QuarterRefused(quarter=QUARTER, reason="not_over")
    assert await begin_close(place, "2031-Q1") == QuarterRefused(quarter="2031-Q1", reason="not_over")
    assert await begin_close(place, "0000-Q1") == QuarterRefused(quarter="0000-Q1", reason="nothing_known")
    place.clock.now = datetime(2024, 7, 2, tzinfo=UTC)
    await report(place, a_use(await a_person(place), place.clock()))
    refused = await begin_close(place, "2024-Q2")
    assert refused == QuarterRefused(quarter="2024-Q2", reason="an_earlier_one_is_open")


async def test_a_quarter_ends_at_midnight_of_the_business_zone(place: Workplace) -> None:
    place.clock.now = datetime(2024, 4, 1, 4, 59, 59, 999999, tzinfo=UTC)
    assert await begin_close(place) == QuarterRefused(quarter=QUARTER, reason="not_over")

    place.clock.forward(seconds=1)

    assert isinstance(await begin_close(place), QuarterClosing)


async def test_a_quarter_under_a_yearly_waiver_is_not_closed(workplace_of: Make) -> None:
    place = await workplace_of(SERVICE, resources())
    place.clock = HandClock(datetime(2008, 2, 1, tzinfo=UTC))
    await opened(place)
    place.clock.now = NOON

    refused = await begin_close(place, "2008-Q1")

    assert (refused.reason, refused.schedule_effective_on.isoformat()) == ("yearly_waiver", "2005-01-01")


async def test_closing_twice_draws_one_cut_off(place: Workplace) -> None:
    await report(place, a_use(await a_person(place)))
    place.clock.now = CLOSING_DAY
    first = await begin_close(place)
    place.clock.forward(hours=1)

    again = await begin_close(place)
    await finish_close(place)

    assert again == first == QuarterClosing(quarter=QUARTER, cut_off_at=CLOSING_DAY)
    assert len(await place.emitted(StatementIssued)) == 1


async def test_how_far_a_close_is_can_be_seen(workplace_of: Make) -> None:
    place = await opened(await workplace_of(SERVICE, in_chunks_of(2)))
    for _ in range(3):
        await report(place, a_use(await a_person(place)))
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    states = [await show(place)]
    while await do_one_step(place):
        states.append(await show(place))

    assert (states[0].state, states[0].payers) == ("closing", 0)
    assert states[-1] == CloseShown(
        quarter=QUARTER, state="closed", payers=3, settled=3, sealed=3, issued=3, parked=0
    )
    reached = [(each.settled, each.sealed, each.issued) for each in states]
    assert reached == sorted(reached)
    assert {(2, 0, 0), (3, 2, 0), (3, 3, 2)} <= set(reached)


async def show(place: Workplace) -> CloseShown:
    shown = await place.send(ShowClose(quarter=QUARTER), sender="operator")
    assert isinstance(shown, CloseShown)
    return shown

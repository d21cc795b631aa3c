"""Payments, credit, and balances that move with a person: each cent is booked once and found again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import (
    AcceptInvitation,
    BillingRefused,
    FirmRefused,
    InviteAccount,
    MyBalance,
    MyInvitations,
    MyStatements,
    PaymentRecorded,
    PaymentRefused,
    PaymentRepeated,
    RecordPayment,
    StaffUsedData,
    StatementShown,
)
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.billing import Holder, a_firm, a_person, a_use, an_account, invite, join, opened, report, resources
from tests.closing import CLOSING_DAY, balances_of, close, pay, statements_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
JULY = datetime(2024, 7, 10, 15, tzinfo=UTC)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def balance_of(place: Workplace, who: Holder) -> tuple[int, int]:
    """What is open, and what stands as credit."""
    shown = await place.send(MyBalance(), by=who.asks(place.clock()))
    return shown.open_cents, shown.credit_cents


async def statements_shown(place: Workplace, who: Holder) -> tuple[StatementShown, ...]:
    shown = await place.send(MyStatements(), by=who.asks(place.clock()))
    found: tuple[StatementShown, ...] = shown.statements
    return found


async def owes(place: Workplace, pages: int) -> Holder:
    """A person with an invoice for so many pages of transcript."""
    person = await a_person(place)
    await report(place, a_use(person, kind="transcript", pages=pages))
    await close(place)
    return person


async def test_a_payment_lowers_what_is_owed_and_is_announced(place: Workplace) -> None:
    person = await owes(place, 400)

    recorded = await pay(place, person, 1500, "check 1")

    assert recorded == PaymentRecorded(
        payer_id=person.account_id,
        reference="check 1",
        amount_cents=1500,
        open_cents=2500,
        recipient_ids=(person.account_id,),
    )
    assert await place.emitted(PaymentRecorded) == [recorded]
    assert await balance_of(place, person) == (2500, 0)


async def test_the_same_reference_books_once(place: Workplace) -> None:
    person = await owes(place, 400)
    await pay(place, person, 1500, "check 1")

    again = await pay(place, person, 1500, "check 1")

    assert again == PaymentRepeated(
        payer_id=person.account_id, reference="check 1", amount_cents=1500, open_cents=2500
    )
    assert len(await place.emitted(PaymentRecorded)) == 1
    assert await balance_of(place, person) == (2500, 0)


async def test_two_payments_under_one_reference_at_once_book_once(place: Workplace) -> None:
    person = await owes(place, 400)

    async with asyncio.TaskGroup() as group:
        paying = [group.create_task(pay(place, person, 1500, "check 1")) for _ in range(5)]

    outcomes = sorted(type(task.result()).__name__ for task in paying)
    assert outcomes == ["PaymentRecorded"] + ["PaymentRepeated"] * 4
    assert await balance_of(place, person) == (2500, 0)


async def test_many_payments_at_once_lose_no_cent(place: Workplace) -> None:
    person = await owes(place, 400)

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(pay(place, person, 700, f"check {number}"))

    assert await balance_of(place, person) == (0, 1600)
    assert await balances_of(place) == {"fees": -4000, "cash": 5600, "unapplied_cash": -1600, "receivable": 0}


async def test_a_reference_stands_for_one_payment(place: Workplace) -> None:
    person, other = await owes(place, 400), await a_person(place)
    await pay(place, person, 1500, "check 1")

    assert await pay(place, person, 1501, "check 1") == PaymentRefused(reason="reference_used")
    assert await pay(place, other, 1500, "check 1") == PaymentRefused(reason="reference_used")


async def test_a_legacy_firm_may_pay_and_see_and_nothing_else(place: Workplace) -> None:
    changed = an_account(kind="paa", generation="legacy", first_name="", last_name="Old Firm")
    await place.send(changed)
    firm = Holder(changed=changed)

    recorded = await pay(place, firm, 2000, "check 1")
    invited = await place.send(
        InviteAccount(account_number="1234567", last_name="X"), by=firm.asks(place.clock())
    )

    assert isinstance(recorded, PaymentRecorded)
    assert recorded.recipient_ids == (firm.account_id,)
    assert await balance_of(place, firm) == (0, 2000)
    assert await statements_shown(place, firm) == ()
    assert invited == FirmRefused(reason="upgrade_first")
    await close(place)
    (statement,) = await statements_of(place)
    assert (statement.payer.name, statement.totals.balance_cents) == ("Old Firm", -2000)


async def test_an_administrator_without_a_firm_has_nobody_to_pay_for(place: Workplace) -> None:
    changed = an_account(kind="paa")
    await place.send(changed)
    nobody = Holder(changed=changed)

    assert await pay(place, nobody, 100, "x") == PaymentRefused(reason="nobody_to_pay_for")
    for query in (MyBalance(), MyStatements()):
        assert await place.send(query, by=nobody.asks()) == BillingRefused(reason="firm_not_found")


@pytest.mark.parametrize("reference", ["", " ", "a\0b", "ü", "x" * 65, "line\n", " x"])
async def test_a_reference_is_printable_ascii_of_at_most_64(place: Workplace, reference: str) -> None:
    person = await a_person(place)

    judgement, _ = await place.judge(
        RecordPayment(account_number=person.changed.account_number, reference=reference, amount_cents=1),
        sender="operator",
    )

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "undecodable")


async def test_money_pays_the_oldest_invoice_first(place: Workplace) -> None:
    person = await owes(place, 400)
    await report(place, a_use(person, place.clock(), kind="transcript", pages=500))
    await close(place, "2024-Q2", JULY)

    open_after = []
    for number, amount in enumerate((3900, 200, 10_000)):
        await pay(place, person, amount, f"check {number}")
        second, first = await statements_shown(place, person)
        open_after.append((first.open_cents, second.open_cents))

    assert open_after == [(100, 5000), (0, 4900), (0, 0)]
    assert (first.due_cents, second.due_cents) == (4000, 9000)
    assert await balance_of(place, person) == (0, 5100)


async def test_a_credit_pays_the_next_quarter(place: Workplace) -> None:
    person = await owes(place, 400)
    await pay(place, person, 6000, "too much")
    await report(place, a_use(person, place.clock(), kind="transcript", pages=500))

    await close(place, "2024-Q2", JULY)

    _, second = await statements_of(place)
    assert (second.totals.carried_cents, second.totals.adjustments_cents) == (4000, -6000)
    assert (second.totals.credited_cents, second.totals.newly_due_cents) == (2000, 3000)
    assert await balance_of(place, person) == (3000, 0)
    assert (await balances_of(place))["unapplied_cash"] == 0


async def test_what_a_person_owes_moves_to_the_firm_that_they_join(place: Workplace) -> None:
    person = await owes(place, 400)
    firm = await a_firm(place)
    await pay(place, firm, 1000, "ahead")
    invitation_id = await invite(place, firm, person)

    shown = await place.send(MyInvitations(), by=person.asks(place.clock()))
    accept = AcceptInvitation(
        invitation_id=invitation_id, seen_balance_cents=shown.invitations[0].moving_balance_cents
    )
    joined = await place.send(accept, by=person.asks(place.clock()))

    assert shown.invitations[0].moving_balance_cents == joined.moved_balance_cents == 4000
    assert await balance_of(place, person) == (0, 0)
    assert await balance_of(place, firm) == (3000, 0)
    assert (await balances_of(place))["unapplied_cash"] == 0


async def test_a_moved_balance_is_on_both_sides_next_statement(place: Workplace) -> None:
    person = await owes(place, 400)
    firm = await a_firm(place)
    await join(place, firm, person)

    await close(place, "2024-Q2", JULY)

    _, *second = await statements_of(place)
    by_kind = {each.payer.kind: each for each in second}
    (taken,), (given,) = by_kind["paa"].adjustments, by_kind["person"].adjustments
    assert (taken.kind, taken.amount_cents, given.amount_cents) == ("balance_moved", 4000, -4000)
    assert taken.explanation == f"Balance of account {person.number} moved to Hale & Partner on joining"
    assert (by_kind["person"].totals.carried_cents, by_kind["person"].totals.balance_cents) == (4000, 0)
    assert (by_kind["paa"].kind, by_kind["paa"].totals.balance_cents) == ("invoice", 4000)


async def test_a_credit_moves_too(place: Workplace) -> None:
    person, firm = await a_person(place), await a_firm(place)
    await pay(place, person, 700, "ahead")

    joined = await join(place, firm, person)

    assert joined.moved_balance_cents == -700
    assert await balance_of(place, person) == (0, 0)
    assert await balance_of(place, firm) == (0, 700)


async def test_charges_of_a_quarter_that_is_over_are_seen_before_its_statement(place: Workplace) -> None:
    person = await a_person(place)
    await report(place, a_use(person, kind="transcript", pages=400))
    seen = []
    for instant in (place.clock.now, CLOSING_DAY, CLOSING_DAY):
        place.clock.now = instant
        shown = await place.send(MyBalance(), by=person.asks(place.clock()))
        seen.append((shown.running_charged_cents, shown.unissued_charged_cents, shown.open_cents))
        if len(seen) == 2:
            await close(place)

    assert seen == [(4000, 0, 0), (0, 4000, 0), (0, 0, 4000)]


async def test_with_the_policy_off_a_balance_stays(workplace_of: Make) -> None:
    place = await opened(await workplace_of(SERVICE, resources(move_balance_on_join=False)))
    person = await owes(place, 400)
    firm = await a_firm(place)

    joined = await join(place, firm, person)

    assert joined.moved_balance_cents == 0
    assert await balance_of(place, person) == (4000, 0)


async def test_a_balance_paid_meanwhile_is_not_taken_along(place: Workplace) -> None:
    person = await owes(place, 400)
    firm = await a_firm(place)
    invitation_id = await invite(place, firm, person)
    accept = AcceptInvitation(invitation_id=invitation_id, seen_balance_cents=4000)
    await pay(place, person, 1000, "check 1")

    refused = await place.send(accept, by=person.asks(place.clock()))

    assert refused == FirmRefused(reason="balance_changed")


async def test_paying_and_joining_at_once_loses_no_cent(place: Workplace) -> None:
    person = await owes(place, 400)
    firm = await a_firm(place)
    invitation_id = await invite(place, firm, person)

    async with asyncio.TaskGroup() as group:
        group.create_task(
            place.send(AcceptInvitation(invitation_id=invitation_id), by=person.asks(place.clock()))
        )
        for number in range(4):
            group.create_task(pay(place, person, 100, f"check {number}"))

    person_open, person_credit = await balance_of(place, person)
    firm_open, firm_credit = await balance_of(place, firm)
    assert person_open - person_credit + firm_open - firm_credit == 3600
    assert (await balances_of(place))["cash"] == 400


async def test_each_booking_is_told_for_the_history_of_whose_balance_was_seen(place: Workplace) -> None:
    person = await owes(place, 400)

    await pay(place, person, 1500, "check 1")
    await pay(place, person, 1500, "check 1")
    await pay(place, person, 1400, "check 1")

    used = StaffUsedData(account_id=person.account_id, used_for="record_payment", used_at=place.clock())
    assert await place.emitted(StaffUsedData) == [used, used]

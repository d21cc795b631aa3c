"""The running quarter as its payer sees it: who pays for what, and what the waiver will look at."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import BalanceShown, LeaveFirm, MyBalance, MyUsage
from shared.messaging.registry import Service
from tests.billing import FirmHolder, Holder, a_firm, a_person, a_use, join, opened, report, resources
from tests.closing import close, statements_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
FIRM = "Hale & Partner"


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def running(place: Workplace, who: Holder) -> BalanceShown:
    shown: BalanceShown = await place.send(MyBalance(), by=who.asks(place.clock()))
    return shown


async def one_who_left(place: Workplace) -> tuple[FirmHolder, Holder]:
    """A person for whom a firm pays $25.00 of transcripts, and who pays $6.00 after leaving it."""
    firm, person = await a_firm(place), await a_person(place)
    await join(place, firm, person)
    await report(place, a_use(person, place.clock(), kind="transcript", pages=250, usage_id="firm"))
    place.clock.forward(hours=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    await report(place, a_use(person, place.clock(), kind="transcript", pages=60, usage_id="own"))
    return firm, person


async def test_the_waiver_of_a_person_looks_at_what_all_payers_are_charged_for_them(place: Workplace) -> None:
    firm, person = await one_who_left(place)

    mine, ours = await running(place, person), await running(place, firm)

    assert (mine.running_charged_cents, mine.held_against_waiver_cents) == (600, 3100)
    assert (ours.running_charged_cents, ours.held_against_waiver_cents) == (2500, 2500)
    assert (mine.own_firm, ours.own_firm) == (None, FIRM)


async def test_what_the_page_says_of_the_waiver_is_what_the_close_makes_of_it(place: Workplace) -> None:
    firm, person = await one_who_left(place)
    said = {
        each.payer_id: (each.held_against_waiver_cents or 0) <= each.waiver_cents
        for each in (await running(place, person), await running(place, firm))
    }

    await close(place)

    done = {
        each.payer.id: each.totals.waived_cents == each.totals.gross_cents
        for each in await statements_of(place)
    }
    assert done == said == {person.account_id: False, firm.paa_id: True}


async def test_where_each_of_a_firms_people_is_waived_for_themselves_nothing_is_said_for_the_firm(
    workplace_of: Make,
) -> None:
    place = await opened(await workplace_of(SERVICE, resources(waiver_subject="person")))
    firm, person = await one_who_left(place)

    mine, ours = await running(place, person), await running(place, firm)

    assert (mine.held_against_waiver_cents, ours.held_against_waiver_cents) == (3100, None)


async def test_each_use_says_to_its_person_which_firm_pays(place: Workplace) -> None:
    _, person = await one_who_left(place)

    shown = await place.send(MyUsage(quarter="2024-Q1"), by=person.asks(place.clock()))

    assert [line.paid_by_firm for line in shown.lines] == [FIRM, None]

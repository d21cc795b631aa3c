"""Who pays for a use, to the microsecond, also while people join; exemptions; what payers see of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.paa_billing.model import Exemption
from services.paa_billing.service import SERVICE
from services.paa_billing.store import accounts, memberships, schedules
from shared.messages.paa_billing import (
    AcceptInvitation,
    LeaveFirm,
    MemberJoined,
    MyBalance,
    MyUsage,
)
from shared.messaging.registry import Service
from tests.billing import (
    COURT,
    Holder,
    a_firm,
    a_person,
    a_use,
    invite,
    join,
    lines_of,
    opened,
    report,
    resources,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_who_pays_is_decided_to_the_microsecond_of_joining_and_leaving(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await join(place, firm, person)
    place.clock.forward(hours=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    joined_at, left_at = NOON, place.clock()
    instants = [joined_at - MICROSECOND, joined_at, left_at - MICROSECOND, left_at]

    await report(place, *[a_use(person, at, usage_id=f"u{n}") for n, at in enumerate(instants)])

    own, paid = person.account_id, firm.paa_id
    assert [line["payer_id"] for line in await lines_of(place)] == [own, paid, paid, own]
    assert [line["paa_id"] for line in await lines_of(place)] == [None, paid, paid, None]


async def test_a_use_reported_ahead_of_the_clock_is_paid_by_who_pays_at_its_instant(
    place: Workplace,
) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await report(place, *[a_use(person, NOON + timedelta(minutes=n), usage_id=f"u{n}") for n in (0, 1, 2, 4)])

    place.clock.forward(minutes=2)
    await join(place, firm, person)
    after_joining = [line["payer_id"] for line in await lines_of(place)]
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    after_leaving = [line["payer_id"] for line in await lines_of(place)]

    own, paid = person.account_id, firm.paa_id
    assert after_joining == [own, own, paid, paid]
    assert after_leaving == [own, own, paid, own]


async def test_who_joins_while_a_batch_is_booked_pays_for_what_is_used_after(place: Workplace) -> None:
    firm = await a_firm(place)
    people = [await a_person(place) for _ in range(6)]
    uses = [a_use(person, NOON + MICROSECOND, usage_id=f"u{n}") for n, person in enumerate(people)]

    async with asyncio.TaskGroup() as group:
        group.create_task(report(place, *uses[:3]))
        for person in people:
            group.create_task(join(place, firm, person))
        group.create_task(report(place, *uses[3:]))

    assert {line["payer_id"] for line in await lines_of(place)} == {firm.paa_id}
    assert len(await lines_of(place)) == 6


async def test_a_batch_waits_for_the_joining_that_is_under_way(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    async with place.pool.acquire() as joining, asyncio.TaskGroup() as group:
        under_way = joining.transaction()
        await under_way.start()
        await accounts.lock_account(joining, person.account_id)
        reporting = group.create_task(report(place, a_use(person)))
        await until_somebody_waits_for(place, joining)
        invitation = await memberships.lock_invitation(joining, invitation_id)
        assert invitation is not None
        await memberships.insert_membership(joining, uuid4(), invitation, NOON)
        await under_way.commit()
        await reporting

    assert [line["payer_id"] for line in await lines_of(place)] == [firm.paa_id]


async def test_joining_waits_for_the_batch_that_is_under_way(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    async with place.pool.acquire() as intake, asyncio.TaskGroup() as group:
        under_way = intake.transaction()
        await under_way.start()
        await accounts.share_accounts(intake, [person.number])
        accept = AcceptInvitation(invitation_id=invitation_id)
        accepting = group.create_task(place.send(accept, by=person.asks()))
        await until_somebody_waits_for(place, intake)
        has_joined_meanwhile = await place.pool.fetchval("SELECT count(*) FROM memberships")
        await under_way.commit()

    assert has_joined_meanwhile == 0
    assert isinstance(accepting.result(), MemberJoined)


async def until_somebody_waits_for(place: Workplace, holder: Any) -> None:
    """Wait until a transaction waits for what this connection holds."""
    process = await holder.fetchval("SELECT pg_backend_pid()")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
    async with asyncio.timeout(5):
        while await place.pool.fetchval(waiting, process) == 0:
            pass


async def an_exemption(place: Workplace, person: Holder, **changes: Any) -> Exemption:
    usual: dict[str, Any] = {
        "id": uuid4(),
        "account_id": person.account_id,
        "court_id": None,
        "starts_at": NOON - timedelta(days=1),
        "ends_at": NOON,
        "must_be_claimed": False,
        "reason": "pauper",
    }
    exemption = Exemption(**(usual | changes))
    async with place.pool.acquire() as connection:
        await schedules.insert_exemption(connection, exemption)
    return exemption


async def test_an_exemption_in_force_charges_nothing_and_records_both_amounts(place: Workplace) -> None:
    person = await a_person(place)
    exemption = await an_exemption(place, person)

    await report(place, a_use(person, NOON - MICROSECOND, usage_id="u1"), a_use(person, NOON, usage_id="u2"))

    exempt, charged = await lines_of(place)
    assert (exempt["gross_cents"], exempt["exempt_cents"], exempt["exemption_id"]) == (30, 30, exemption.id)
    assert (charged["gross_cents"], charged["exempt_cents"], charged["exemption_id"]) == (30, 0, None)


async def test_an_exemption_holds_at_its_court_and_where_it_must_be_claimed_only_if_it_is(
    place: Workplace,
) -> None:
    person = await a_person(place)
    await an_exemption(place, person, court_id=COURT, must_be_claimed=True, ends_at=None)

    claimed, silent = (
        a_use(person, usage_id="u1", exemption="CJA"),
        a_use(person, usage_id="u2"),
    )
    await report(place, claimed, silent)
    await report(place, claimed, court_id="nysbk")

    assert [line["exempt_cents"] for line in await lines_of(place)] == [30, 0, 0]


async def test_one_sees_ones_own_uses_whoever_pays_page_by_page(place: Workplace) -> None:
    firm, person, other = await a_firm(place), await a_person(place), await a_person(place)
    await report(place, *[a_use(person, NOON - timedelta(minutes=n), pages=n + 1) for n in range(3)])
    await report(place, a_use(other))
    await join(place, firm, person)
    await report(place, a_use(person, NOON, kind="name_search", description="Doe, Jane"))

    pages, after = [], None
    while True:
        page = await place.send(MyUsage(quarter="2024-Q1", after=after, limit=2), by=person.asks())
        pages.append(page.lines)
        if not page.has_more:
            break
        after = page.lines[-1].line_id

    shown = [line for page in pages for line in page]
    assert [len(page) for page in pages] == [2, 2]
    assert [line.used_at for line in shown] == sorted(line.used_at for line in shown)
    assert {line.account_number for line in shown} == {person.number}
    assert "Doe, Jane" in [line.description for line in shown]


async def test_the_running_quarter_is_seen_at_once_by_who_pays(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await report(place, a_use(person, NOON - MICROSECOND, pages=2))
    await join(place, firm, person)
    await report(place, a_use(person, NOON, pages=5))

    own = await place.send(MyBalance(), by=person.asks())
    firms = await place.send(MyBalance(), by=firm.asks())

    assert (own.running_charged_cents, own.running_quarter, own.waiver_cents) == (20, "2024-Q1", 3000)
    assert (firms.running_charged_cents, firms.payer_id, firms.paid_by_firm) == (50, firm.paa_id, None)

"""Firms: founding one, asking people, and their answers."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import (
    AcceptInvitation,
    BalanceShown,
    BillingRefused,
    DeclineInvitation,
    FirmRefused,
    FirmRegistered,
    FirmUsage,
    InvitationAsked,
    InvitationWithdrawn,
    InviteAccount,
    MemberInvited,
    MemberJoined,
    MyBalance,
    MyInvitations,
    MyMembers,
    RegisterFirm,
    RemoveMember,
    UsageList,
    WithdrawInvitation,
)
from shared.messaging.registry import Service
from tests.billing import (
    a_firm,
    a_person,
    an_account,
    do_due_work,
    invite,
    join,
    later,
    opened,
    resources,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def invitation_states(place: Workplace) -> list[str]:
    return [row["state"] for row in await place.pool.fetch("SELECT state FROM invitations ORDER BY state")]


async def test_an_upgraded_administrator_founds_one_firm(place: Workplace) -> None:
    firm = await a_firm(place)

    again = await place.send(RegisterFirm(name="Another"), by=firm.asks())

    assert again == FirmRefused(reason="firm_exists")
    assert [each.paa_id for each in await place.emitted(FirmRegistered)] == [firm.paa_id]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "individual"}, "not_a_paa"),
        ({"kind": "paa", "generation": "legacy"}, "upgrade_first"),
        ({"kind": "paa", "status": "pending_verification"}, "account_not_active"),
    ],
)
async def test_who_may_not_found_a_firm_is_told_why(place: Workplace, changes: Any, reason: Any) -> None:
    person = await a_person(place, **changes)

    assert await place.send(RegisterFirm(name="Hale"), by=person.asks()) == FirmRefused(reason=reason)


async def test_a_newer_copy_counts_more_than_an_older_assertion(place: Workplace) -> None:
    person = await a_person(place, kind="paa", generation="legacy")
    upgraded = later(person, generation="upgraded")
    await place.send(upgraded.changed)

    outcome = await place.send(RegisterFirm(name="Hale"), by=person.asks())

    assert isinstance(outcome, FirmRegistered)


async def test_an_older_state_of_an_account_changes_nothing(place: Workplace) -> None:
    person = await a_person(place, version=5, last_name="New")
    await place.send(an_account(account_id=person.account_id, account_number=person.number, version=4))

    assert await place.pool.fetchval("SELECT last_name FROM accounts") == "New"


async def test_a_legacy_administrator_has_a_firm_and_may_only_see_usage_and_balance(place: Workplace) -> None:
    legacy = await a_person(place, kind="paa", generation="legacy", first_name="", last_name="Old Firm")

    usage = await place.send(FirmUsage(quarter="2024-Q1"), by=legacy.asks())
    balance = await place.send(MyBalance(), by=legacy.asks())
    members = await place.send(MyMembers(), by=legacy.asks())
    invited = await place.send(InviteAccount(account_number="1234567", last_name="A"), by=legacy.asks())
    removed = await place.send(RemoveMember(account_number="1234567", remark="x"), by=legacy.asks())

    assert isinstance(usage, UsageList)
    assert isinstance(balance, BalanceShown)
    assert balance.payer_id == await place.pool.fetchval("SELECT paa_id FROM firms WHERE name = 'Old Firm'")
    assert members == BillingRefused(reason="upgrade_first")
    assert invited == removed == FirmRefused(reason="upgrade_first")


async def test_the_firm_taken_over_with_a_legacy_account_keeps_its_id_when_registered(
    place: Workplace,
) -> None:
    legacy = await a_person(place, kind="paa", generation="legacy", first_name="", last_name="Old Firm")
    paa_id = await place.pool.fetchval("SELECT paa_id FROM firms")
    upgraded = later(legacy, generation="upgraded")
    await place.send(upgraded.changed)

    first = await place.send(RegisterFirm(name="New Name"), by=upgraded.asks())
    second = await place.send(RegisterFirm(name="Third Name"), by=upgraded.asks())

    assert (first.paa_id, first.name) == (paa_id, "New Name")
    assert second == FirmRefused(reason="firm_exists")
    assert await place.pool.fetchval("SELECT name FROM firms") == "New Name"


async def test_two_registrations_at_once_found_one_firm(place: Workplace) -> None:
    person = await a_person(place, kind="paa")

    async with asyncio.TaskGroup() as group:
        for name in ("First", "Second"):
            group.create_task(place.judge(RegisterFirm(name=name), by=person.asks()))

    assert await place.pool.fetchval("SELECT count(*) FROM firms") == 1
    assert len(await place.emitted(FirmRegistered)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"last_name": "Other"},
        {"kind": "paa"},
        {"status": "deactivated"},
        {"status": "pending_verification"},
        {"status": "held_for_review"},
    ],
)
async def test_the_answer_to_an_invitation_is_the_same_whether_anybody_matched(
    place: Workplace, changes: Any
) -> None:
    firm = await a_firm(place)
    person, other = await a_person(place), await a_person(place, **changes)

    answers = [
        await place.send(InviteAccount(account_number=number, last_name="Member"), by=firm.asks())
        for number in (person.number, other.number, "0000001")
    ]

    assert answers == [InvitationAsked()] * 3
    assert [each.account_id for each in await place.emitted(MemberInvited)] == [person.account_id]


async def test_a_name_matches_whatever_its_case_and_outer_spaces(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place, last_name="O\u0301 Dwyer")

    asked = InviteAccount(account_number=person.number, last_name=" \u00d3 DWYER ")
    await place.send(asked, by=firm.asks())

    assert len(await place.emitted(MemberInvited)) == 1


async def test_a_firm_asks_a_person_once_until_there_is_an_answer(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)

    first = await invite(place, firm, person)
    assert await invite(place, firm, person) == first
    await place.send(DeclineInvitation(invitation_id=first), by=person.asks())
    assert await invite(place, firm, person) != first

    assert await invitation_states(place) == ["declined", "open"]
    assert len(await place.emitted(MemberInvited)) == 2


async def test_an_invitation_shows_what_the_firm_will_see_and_pay(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await invite(place, firm, person)

    shown = (await place.send(MyInvitations(), by=person.asks())).invitations[0]

    assert (shown.firm_name, shown.remark, shown.moving_balance_cents) == ("Hale & Partner", "hello", 0)
    assert shown.expires_at == NOON + timedelta(days=30)
    assert "never what you searched for" in shown.firm_will_see
    assert shown.firm_will_pay == "all your charges from the instant you accept"


async def test_accepting_makes_the_firm_pay_from_this_instant(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)

    joined = await join(place, firm, person)

    assert isinstance(joined, MemberJoined)
    assert (joined.joined_at, joined.paa_id, joined.moved_balance_cents) == (NOON, firm.paa_id, 0)
    assert joined.administrator_ids == (firm.account_id,)
    assert await place.emitted(MemberJoined) == [joined]
    assert await place.pool.fetchval("SELECT count(*) FROM due_work") == 0
    balance = await place.send(MyBalance(), by=person.asks())
    assert (balance.paid_by_firm, balance.payer_id) == ("Hale & Partner", person.account_id)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "paa"}, "not_an_individual"),
        ({"generation": "legacy"}, "upgrade_first"),
        ({"status": "locked"}, "account_not_active"),
        ({"proved_at": NOON - timedelta(minutes=10, seconds=1)}, "proof_too_old"),
    ],
)
async def test_accepting_is_refused_by_name(place: Workplace, changes: Any, reason: Any) -> None:
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    outcome = await place.send(AcceptInvitation(invitation_id=invitation_id), by=person.asks(**changes))

    assert outcome == FirmRefused(reason=reason)
    assert await invitation_states(place) == ["open"]


async def test_a_proof_of_exactly_ten_minutes_still_counts(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    asked_by = person.asks(proved_at=NOON - timedelta(minutes=10))
    outcome = await place.send(AcceptInvitation(invitation_id=invitation_id), by=asked_by)

    assert isinstance(outcome, MemberJoined)


async def test_anothers_invitation_is_as_if_there_were_none(place: Workplace) -> None:
    firm, person, other = await a_firm(place), await a_person(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    for command in (
        AcceptInvitation(invitation_id=invitation_id),
        DeclineInvitation(invitation_id=invitation_id),
        AcceptInvitation(invitation_id=uuid4()),
    ):
        assert await place.send(command, by=other.asks()) == FirmRefused(reason="invitation_not_open")
    assert await invitation_states(place) == ["open"]


async def test_an_invitation_ends_after_thirty_days(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)
    accept = AcceptInvitation(invitation_id=invitation_id)

    place.clock.forward(days=30, seconds=-1)
    assert await do_due_work(place) == 0
    assert len((await place.send(MyInvitations(), by=person.asks(place.clock()))).invitations) == 1
    place.clock.forward(seconds=1)
    too_late = await place.send(accept, by=person.asks(place.clock()))
    assert await do_due_work(place) == 1

    assert too_late == FirmRefused(reason="invitation_expired")
    assert await invitation_states(place) == ["expired"]
    assert await place.send(accept, by=person.asks(place.clock())) == FirmRefused(reason="invitation_expired")
    assert (await place.send(MyInvitations(), by=person.asks(place.clock()))).invitations == ()


async def test_a_firm_takes_its_question_back_and_learns_nothing_of_who_was_asked(place: Workplace) -> None:
    firm, other, person = await a_firm(place), await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    by_other = await place.send(WithdrawInvitation(account_number=person.number), by=other.asks())
    assert await invitation_states(place) == ["open"]
    nobody = await place.send(WithdrawInvitation(account_number="0000001"), by=firm.asks())
    taken_back = await place.send(WithdrawInvitation(account_number=person.number), by=firm.asks())
    answer = await place.send(AcceptInvitation(invitation_id=invitation_id), by=person.asks())

    assert by_other == nobody == taken_back == InvitationWithdrawn()
    assert answer == FirmRefused(reason="invitation_not_open")
    assert await place.pool.fetchval("SELECT count(*) FROM due_work") == 0

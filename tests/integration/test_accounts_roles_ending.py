"""Roles that end: at an instant, by PSC, or with what they rest on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    DeactivateAccount,
    EndRole,
    GrantRole,
    ListRoles,
    MyRoles,
    ResolveSession,
    RoleEnded,
    RoleGranted,
    RoleNotEnded,
    RoleRefused,
    RoleShown,
    RolesListed,
    SessionResolved,
)
from shared.messages.base import NotAllowed, TooLate
from shared.messaging.registry import Service
from tests.builders_accounts import Member, a_psc_member, an_enrolled_member, quick_resources, sealed
from tests.builders_staff import newest_acts
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
COURT: dict[str, Any] = {"role": "court_staff", "court_id": "ncwbk"}


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def a_second_psc(place: Workplace, psc: Member, **how: Any) -> Member:
    second = await an_enrolled_member(place)
    granted = await psc.ask(GrantRole(account_id=second.account_id, role="psc", **how))
    assert isinstance(granted, RoleGranted)
    return second


async def test_a_role_used_after_its_end_is_refused_though_the_assertion_is_older(place: Workplace) -> None:
    psc = await a_psc_member(place)
    second, clerk = await a_second_psc(place, psc), await an_enrolled_member(place)
    asked_before = await second.resolve()
    await psc.ask(EndRole(account_id=second.account_id, role="psc"))

    command = GrantRole(account_id=clerk.account_id, **COURT)
    refused = await place.send(command, by=asked_before)

    assert refused == NotAllowed(reason="role_missing")
    assert not (await second.resolve("linking")).roles
    assert not (await clerk.resolve("linking")).roles


async def test_a_role_used_after_the_end_it_was_given_with_is_refused(place: Workplace) -> None:
    psc = await a_psc_member(place)
    ends_at = place.clock() + timedelta(minutes=5)
    second = await a_second_psc(place, psc, ends_at=ends_at)
    held_before = await second.resolve("linking")
    place.clock.forward(minutes=5)

    refused = await second.ask(GrantRole(account_id=uuid4(), **COURT))

    assert held_before.holds("psc")
    assert refused == NotAllowed(reason="role_missing")
    assert not (await second.resolve("linking")).roles


async def test_no_assertion_outlives_a_role_that_it_carries(place: Workplace) -> None:
    psc = await a_psc_member(place)
    ends_at = place.clock() + timedelta(seconds=50)
    second = await a_second_psc(place, psc, ends_at=ends_at)

    resolved = await place.send(ResolveSession(token=sealed(place, second.token), audience="accounts"))
    asserted = await second.resolve()
    place.clock.forward(seconds=20)
    too_late = await place.send(MyRoles(), by=asserted)

    assert isinstance(resolved, SessionResolved)
    assert resolved.expires_at == asserted.expires_at == ends_at
    assert too_late == TooLate()


async def test_a_role_is_given_again_once_its_time_is_over(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    first = GrantRole(account_id=clerk.account_id, ends_at=place.clock() + timedelta(minutes=1), **COURT)
    await psc.ask(first)
    held = await psc.ask(GrantRole(account_id=clerk.account_id, **COURT))
    place.clock.forward(minutes=1)

    again = await psc.ask(GrantRole(account_id=clerk.account_id, **COURT))

    assert held == RoleRefused(reason="already_held")
    assert isinstance(again, RoleGranted)
    assert again.ends_at is None
    granted_at = place.clock()
    assert (await clerk.ask(MyRoles())).roles == (RoleShown(granted_at=granted_at, **COURT),)
    ended = await place.pool.fetchval("SELECT ended_at FROM role_grants WHERE ends_at IS NOT NULL")
    assert ended == first.ends_at


async def test_ending_a_role_is_announced_and_stands_in_the_holders_history(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=clerk.account_id, **COURT))

    ended = await psc.ask(EndRole(account_id=clerk.account_id, **COURT))
    again = await psc.ask(EndRole(account_id=clerk.account_id, **COURT))

    assert ended == RoleEnded(account_id=clerk.account_id, actor_account_id=psc.account_id, **COURT)
    assert await place.emitted(RoleEnded) == [ended]
    assert again == RoleNotEnded(reason="not_held")
    details = {**COURT, "actor_account_id": str(psc.account_id)}
    assert await newest_acts(clerk, 2) == [("role_not_ended", details), ("role_ended", details)]


async def test_a_role_at_one_court_is_not_ended_by_ending_that_at_another(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=clerk.account_id, **COURT))

    for court_id in ("nywbk", None):
        refused = await psc.ask(EndRole(account_id=clerk.account_id, role="court_staff", court_id=court_id))
        assert refused == RoleNotEnded(reason="not_held")

    assert (await clerk.resolve("linking")).holds("court_staff", "ncwbk")


async def test_nobody_gives_or_ends_a_role_of_their_own(place: Workplace) -> None:
    psc = await a_psc_member(place)
    await a_second_psc(place, psc)

    given = await psc.ask(GrantRole(account_id=psc.account_id, **COURT))
    ended = await psc.ask(EndRole(account_id=psc.account_id, role="psc"))

    assert given == RoleRefused(reason="not_allowed")
    assert ended == RoleNotEnded(reason="own_role")


async def test_the_last_psc_account_without_an_end_stays(place: Workplace) -> None:
    psc = await a_psc_member(place)
    second = await a_second_psc(place, psc, ends_at=place.clock() + timedelta(days=1))

    refused = await second.ask(EndRole(account_id=psc.account_id, role="psc"))

    assert refused == RoleNotEnded(reason="last_psc")
    assert (await psc.resolve("linking")).holds("psc")


async def test_of_two_who_end_each_others_role_at_once_one_keeps_it(place: Workplace) -> None:
    psc = await a_psc_member(place)
    second = await a_second_psc(place, psc)

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(asker.ask(EndRole(account_id=other.account_id, role="psc")))
            for asker, other in ((psc, second), (second, psc))
        ]

    outcomes = [type(task.result()) for task in asked]
    assert sorted(outcomes, key=str) == sorted([RoleEnded, NotAllowed], key=str)


async def test_what_can_not_be_ended_says_why(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)

    unknown = await psc.ask(EndRole(account_id=uuid4(), **COURT))
    by_nobody = await clerk.ask(EndRole(account_id=psc.account_id, role="psc"))

    assert unknown == RoleNotEnded(reason="account_not_found")
    assert by_nobody == NotAllowed(reason="role_missing")


async def test_a_role_whose_end_is_past_is_not_given(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)

    refused = await psc.ask(GrantRole(account_id=clerk.account_id, ends_at=place.clock(), **COURT))

    assert refused == RoleRefused(reason="not_allowed")


async def test_a_role_falls_with_the_second_factor_and_with_the_account(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=clerk.account_id, **COURT))
    await place.pool.execute("UPDATE accounts SET has_second_factor = false WHERE id = $1", clerk.account_id)
    without_factor = await clerk.resolve("linking")
    await place.pool.execute("UPDATE accounts SET has_second_factor = true WHERE id = $1", clerk.account_id)
    asserted = await clerk.resolve("linking")

    await clerk.ask(DeactivateAccount())
    refused = await place.send(ResolveSession(token=sealed(place, clerk.token), audience="linking"))

    assert (without_factor.roles, len(asserted.roles)) == ((), 1)
    assert not isinstance(refused, SessionResolved)


async def test_psc_sees_who_holds_which_role_in_pages_and_each_holder_sees_who_looked(
    place: Workplace,
) -> None:
    psc = await a_psc_member(place)
    clerks = [await an_enrolled_member(place) for _ in range(3)]
    for clerk in clerks:
        await psc.ask(GrantRole(account_id=clerk.account_id, **COURT))

    first = await psc.ask(ListRoles(role="court_staff", limit=2))
    second = await psc.ask(ListRoles(role="court_staff", limit=2, after=first.grants[-1].grant_id))
    everything = await psc.ask(ListRoles())

    assert isinstance(first, RolesListed)
    assert [first.has_more, second.has_more, everything.has_more] == [True, False, False]
    shown = [*first.grants, *second.grants]
    assert {grant.account_id for grant in shown} == {clerk.account_id for clerk in clerks}
    assert {grant.granted_by for grant in shown} == {psc.account_id}
    assert len(everything.grants) == 4
    look = ("seen_by_staff", {"actor_account_id": str(psc.account_id), "view": "list_roles"})
    for clerk in clerks:
        acts = await newest_acts(clerk, 2)
        assert acts[0] == look
        assert acts[1][0] == "role_granted"


async def test_only_psc_sees_who_holds_which_role(place: Workplace) -> None:
    clerk = await an_enrolled_member(place)

    assert await clerk.ask(ListRoles()) == NotAllowed(reason="role_missing")
    assert (await clerk.ask(MyRoles())).roles == ()


async def test_whose_being_psc_ends_makes_nobody_psc_for_longer(place: Workplace) -> None:
    psc = await a_psc_member(place)
    ends_at = place.clock() + timedelta(hours=1)
    second, third = await a_second_psc(place, psc, ends_at=ends_at), await an_enrolled_member(place)
    wanted: dict[str, Any] = {"account_id": third.account_id, "role": "psc"}

    for_ever = await second.ask(GrantRole(**wanted))
    longer = await second.ask(GrantRole(**wanted, ends_at=ends_at + timedelta(seconds=1)))
    court = await second.ask(GrantRole(account_id=third.account_id, **COURT))
    as_long = await second.ask(GrantRole(**wanted, ends_at=ends_at))

    assert [for_ever, longer] == [RoleRefused(reason="not_allowed")] * 2
    assert isinstance(court, RoleGranted)
    assert isinstance(as_long, RoleGranted)

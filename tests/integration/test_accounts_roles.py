"""Roles: who grants them, and who may hold one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.service import SERVICE
from shared.assertion import Role
from shared.messages.accounts import (
    GrantFirstRole,
    GrantRole,
    MyAccount,
    RoleGranted,
    RoleRefused,
    SignOut,
)
from shared.messages.base import NotAllowed
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.builders_accounts import (
    a_legacy_member,
    a_member,
    a_psc_member,
    an_enrolled_member,
    quick_resources,
    sealed,
)
from tests.messaging import Workplace, signing_key

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
KEYS = {"test": signing_key().public_key()}


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_a_granted_role_is_asserted_and_announced(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)

    outcome = await psc.ask(GrantRole(account_id=clerk.account_id, role="court_staff", court_id="ncwbk"))

    assert outcome == RoleGranted(
        account_id=clerk.account_id,
        role="court_staff",
        court_id="ncwbk",
        actor_account_id=psc.account_id,
    )
    assert (await place.emitted(RoleGranted))[-1] == outcome
    assert (await clerk.resolve("linking")).roles == (Role(role="court_staff", court_id="ncwbk"),)
    assert (await psc.resolve("linking")).holds("psc")


async def test_a_role_is_granted_once(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    command = GrantRole(account_id=clerk.account_id, role="court_staff", court_id="ncwbk")

    await psc.ask(command)

    assert await psc.ask(command) == RoleRefused(reason="already_held")
    assert len(await place.emitted(RoleGranted)) == 2


async def test_only_psc_grants_roles(place: Workplace) -> None:
    clerk, other = await an_enrolled_member(place), await an_enrolled_member(place)

    outcome = await clerk.ask(GrantRole(account_id=other.account_id, role="psc"))

    assert outcome == NotAllowed(reason="role_missing")


async def test_granting_a_role_needs_both_factors(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    asked_before = await psc.resolve()
    await place.pool.execute("UPDATE sessions SET level = 1 WHERE account_id = $1", psc.account_id)

    outcome = await place.send(GrantRole(account_id=clerk.account_id, role="psc"), by=asked_before)

    assert outcome == NotAllowed(reason="session_level_too_low")


async def test_an_assertion_that_outlived_its_session_grants_nothing(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    asked_before = await psc.resolve()
    await place.send(SignOut(token=sealed(place, psc.token)))

    outcome = await place.send(GrantRole(account_id=clerk.account_id, role="psc"), by=asked_before)

    assert outcome == NotAllowed(reason="assertion_invalid")
    assert not (await clerk.resolve("linking")).holds("psc")


async def test_two_who_grant_each_other_a_role_at_once_do_not_wait_in_a_ring(place: Workplace) -> None:
    first, second = await a_psc_member(place), await an_enrolled_member(place)
    await first.ask(GrantRole(account_id=second.account_id, role="psc"))
    courts = [f"court{number}" for number in range(8)]

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(
                asker.ask(GrantRole(account_id=granted.account_id, role="court_staff", court_id=court_id))
            )
            for court_id in courts
            for asker, granted in ((first, second), (second, first))
        ]

    assert all(isinstance(task.result(), RoleGranted) for task in asked)


async def test_only_court_staff_hold_a_role_at_one_court(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)

    outcome = await psc.ask(GrantRole(account_id=clerk.account_id, role="psc", court_id="ncwbk"))

    assert outcome == RoleRefused(reason="not_allowed")


async def test_roles_need_an_upgraded_individual_with_a_second_factor(place: Workplace) -> None:
    psc = await a_psc_member(place)
    plain = await a_member(place)
    legacy = await a_legacy_member(place)
    firm = await a_member(place, kind="paa")
    wanted = [
        (uuid4(), "account_not_found"),
        (plain.account_id, "second_factor_missing"),
        (legacy.account_id, "not_upgraded"),
        (firm.account_id, "not_an_individual"),
    ]

    for account_id, reason in wanted:
        outcome = await psc.ask(GrantRole(account_id=account_id, role="court_staff", court_id="ncwbk"))
        assert outcome == RoleRefused(reason=reason)  # type: ignore[arg-type]


async def test_the_first_role_is_given_once_even_at_once(place: Workplace) -> None:
    members = [await an_enrolled_member(place) for _ in range(3)]
    numbers = [(await member.ask(MyAccount())).account_number for member in members]

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(place.send(GrantFirstRole(account_number=number), sender="operator"))
            for number in numbers
        ]

    outcomes = [task.result() for task in asked]
    assert outcomes.count(RoleRefused(reason="already_bootstrapped")) == 2
    assert len(await place.emitted(RoleGranted)) == 1


async def test_the_portal_cannot_give_the_first_role(place: Workplace) -> None:
    judgement, _ = await place.judge(GrantFirstRole(account_number="1234567"), sender="portal")

    assert judgement.verdict is Verdict.PARK

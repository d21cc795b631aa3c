"""Resetting a lost second factor: announced at once, done after 72 hours, once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import GrantRole, RoleEnded, SignedIn, SignInRefused
from shared.messages.accounts.factor_reset import (
    FactorResetAsked,
    FactorResetBegun,
    FactorWasReset,
    ResetFactor,
    StopFactorResetByStaff,
)
from shared.messages.accounts.staff import DeactivateByStaff, StaffActRefused
from shared.messages.accounts.staff_looks import ShowAccountToStaff
from shared.messaging.registry import Service
from tests.builders_accounts import (
    a_member,
    a_psc_member,
    an_enrolled_member,
    quick_resources,
    resolve,
)
from tests.builders_factors import backup_codes_of
from tests.builders_staff import (
    REMARK,
    RESET_HOURS,
    ask_reset,
    do_what_is_due,
    due,
    has_factor,
    kinds_of,
    newest_acts,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_a_reset_is_announced_at_once_and_happens_after_72_hours(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)

    asked = await ask_reset(psc, member)
    place.clock.forward(hours=RESET_HOURS, seconds=-1)
    too_early = await do_what_is_due(place)
    still_has = await has_factor(member)
    place.clock.forward(seconds=1)
    await do_what_is_due(place)

    assert asked == FactorResetBegun(account_id=member.account_id, takes_effect_at=place.clock())
    (announced,) = await place.emitted(FactorResetAsked)
    assert announced.takes_effect_at == announced.token.expires_at == place.clock()
    assert (too_early, still_has, await has_factor(member)) == ([], True, False)
    assert await place.emitted(FactorWasReset) == [FactorWasReset(account_id=member.account_id)]
    assert (await kinds_of(member))[:2] == ["factor_reset", "factor_reset_asked"]


async def test_after_a_reset_the_password_alone_is_enough_and_no_session_is_left(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    token_before = member.token
    await ask_reset(psc, member)
    place.clock.forward(hours=RESET_HOURS)
    await do_what_is_due(place)

    left = await place.pool.fetchval(
        "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL", member.account_id
    )
    member.secret = b""
    signed_in = await member.sign_in()

    assert left == 0
    assert type(await resolve(place, token_before)).__name__ == "SessionRefused"
    assert isinstance(signed_in, SignedIn)
    assert signed_in.level == 1


async def test_who_asked_and_why_stands_in_the_holders_history(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)

    await ask_reset(psc, member)

    details = {"remark": REMARK, "actor_account_id": str(psc.account_id)}
    assert await newest_acts(member) == [("factor_reset_asked", details)]
    shown = await psc.ask(ShowAccountToStaff(account_id=member.account_id))
    assert shown.factor_reset_at == place.clock() + timedelta(hours=RESET_HOURS)


async def test_a_reset_happens_once_however_often_its_command_comes(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)
    place.clock.forward(hours=RESET_HOURS)
    (command,) = await due(place)

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(place.send(command, sender="accounts"))

    assert len(await place.emitted(FactorWasReset)) == 1
    assert (await kinds_of(member)).count("factor_reset") == 1


async def test_an_earlier_reset_does_not_hasten_a_later_one(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    first = await ask_reset(psc, member)
    await psc.ask(StopFactorResetByStaff(account_id=member.account_id, remark=REMARK))
    place.clock.forward(hours=1)
    await psc.sign_in()
    second = await ask_reset(psc, member)

    place.clock.now = first.takes_effect_at
    at_first = await do_what_is_due(place)
    command = ResetFactor(account_id=member.account_id, takes_effect_at=first.takes_effect_at)
    await place.send(command, sender="accounts")
    still_has = await has_factor(member)
    place.clock.now = second.takes_effect_at
    await do_what_is_due(place)

    assert (at_first, still_has, await has_factor(member)) == ([], True, False)


async def test_of_two_who_ask_at_once_one_reset_is_open(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(ask_reset(psc, member)) for _ in range(3)]

    outcomes = [task.result() for task in asked]
    assert outcomes.count(StaffActRefused(reason="reset_is_open")) == 2
    assert await place.pool.fetchval("SELECT count(*) FROM due_work") == 1


async def test_there_is_nothing_to_reset_without_a_factor_or_an_account(place: Workplace) -> None:
    psc, plain, gone = await a_psc_member(place), await a_member(place), await an_enrolled_member(place)
    await psc.ask(DeactivateByStaff(account_id=gone.account_id, remark=REMARK))

    assert await ask_reset(psc, plain) == StaffActRefused(reason="no_second_factor")
    assert await ask_reset(psc, gone) == StaffActRefused(reason="not_active")


async def test_an_account_given_up_meanwhile_is_left_alone(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)
    await psc.ask(DeactivateByStaff(account_id=member.account_id, remark=REMARK))
    place.clock.forward(hours=RESET_HOURS)

    await do_what_is_due(place)

    assert await place.emitted(FactorWasReset) == []


async def test_roles_end_with_the_factor_since_who_enrols_next_may_be_somebody_else(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=clerk.account_id, role="court_staff", court_id="ncwbk"))
    await ask_reset(psc, clerk)
    place.clock.forward(hours=RESET_HOURS)

    await do_what_is_due(place)
    clerk.secret = b""
    await clerk.sign_in()
    await clerk.enrol()

    assert await place.emitted(RoleEnded) == [
        RoleEnded(account_id=clerk.account_id, role="court_staff", court_id="ncwbk")
    ]
    assert not (await clerk.resolve("linking")).roles


async def test_with_the_factor_go_the_backup_codes(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    code = (await backup_codes_of(member))[0]
    await ask_reset(psc, member)
    place.clock.forward(hours=RESET_HOURS)

    await do_what_is_due(place)
    member.secret = b""
    await member.sign_in()
    await member.enrol()

    assert await member.sign_in(passcode=code) == SignInRefused()

"""Getting an account back in which somebody who knows only the password enrolled a factor of their own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountRecovered,
    ChangeEmail,
    EmailChangeAsked,
    EmailChangeUndone,
    MakeBackupCodes,
    SignedIn,
    SignInRefused,
    TokenRefused,
)
from shared.messages.accounts.factor_reset import (
    AskFactorReset,
    FactorResetAsked,
    FactorResetBegun,
    FactorResetStopped,
    FactorWasReset,
    StopFactorReset,
    StopFactorResetByStaff,
    StopMyFactorReset,
)
from shared.messages.base import NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import Member, a_psc_member, a_signed_in_member, quick_resources, sealed
from tests.builders_addresses import confirm, mailed, moved, undo
from tests.builders_factors import a_recovery, mailed_link
from tests.builders_staff import REMARK, RESET_HOURS, do_what_is_due, has_factor, kinds_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


@dataclass
class Theft:
    """An account whose holder has no factor, and the thief who added one."""

    psc: Member
    thief: Member


async def a_theft(place: Workplace) -> Theft:
    psc, holder = await a_psc_member(place), await a_signed_in_member(place)
    thief = Member(place, holder.account_id, holder.user_name, holder.password)
    await thief.sign_in()
    await thief.enrol("the thief's phone")
    return Theft(psc, thief)


async def ask_strangers_reset(theft: Theft) -> Any:
    await theft.psc.sign_in()
    return await theft.psc.ask(
        AskFactorReset(account_id=theft.thief.account_id, remark=REMARK, is_factor_a_strangers=True)
    )


async def test_whoever_knows_only_the_password_cant_keep_the_account_by_enrolling_a_factor(
    place: Workplace,
) -> None:
    theft = await a_theft(place)
    thief = theft.thief
    asked_by = await thief.resolve()

    begun = await ask_strangers_reset(theft)
    acts = [await place.send(act, by=asked_by) for act in (MakeBackupCodes(), StopMyFactorReset())]
    while_open = await thief.sign_in()
    place.clock.forward(hours=RESET_HOURS)
    due_but_not_done = await thief.sign_in()
    await do_what_is_due(place)
    thief.secret = b""
    afterwards = await thief.sign_in()
    recovered = await place.send(a_recovery(place, await mailed_link(thief), "a-New.password-7391"))
    by_the_thief = await thief.sign_in()
    by_the_holder = await thief.sign_in(password="a-New.password-7391")

    assert isinstance(begun, FactorResetBegun)
    assert acts == [NotAllowed(reason="assertion_invalid")] * 2
    assert [while_open, due_but_not_done, afterwards, by_the_thief] == [SignInRefused()] * 4
    assert recovered == AccountRecovered(account_id=thief.account_id)
    assert isinstance(by_the_holder, SignedIn)
    assert await place.emitted(FactorResetStopped) == []
    assert await place.emitted(FactorWasReset) == [
        FactorWasReset(account_id=thief.account_id, is_password_void=True)
    ]
    assert not await has_factor(thief)


async def test_a_change_of_address_that_a_thief_began_ends_with_the_thiefs_factor(place: Workplace) -> None:
    theft = await a_theft(place)
    await theft.thief.ask(ChangeEmail(email="thief@elsewhere.example"))

    await ask_strangers_reset(theft)
    confirmed = await confirm(place, (await mailed(place, EmailChangeAsked))[-1])

    assert confirmed == TokenRefused()


async def test_an_address_put_back_does_not_stop_the_reset_of_a_strangers_factor(place: Workplace) -> None:
    theft = await a_theft(place)
    way_back = await moved(theft.thief, "thief@elsewhere.example")
    await ask_strangers_reset(theft)

    undone = await undo(place, way_back)
    place.clock.forward(hours=RESET_HOURS)
    await do_what_is_due(place)

    assert undone == EmailChangeUndone(account_id=theft.thief.account_id)
    assert not await has_factor(theft.thief)


async def test_the_mailed_link_and_psc_stop_the_reset_of_a_strangers_factor(place: Workplace) -> None:
    theft = await a_theft(place)
    thief = theft.thief
    await ask_strangers_reset(theft)
    (token,) = await place.open_emitted(FactorResetAsked, "token")

    by_link = await place.send(StopFactorReset(token=sealed(place, token)))
    let_in = await thief.sign_in()
    await ask_strangers_reset(theft)
    shut_out = await thief.sign_in()
    command = StopFactorResetByStaff(account_id=thief.account_id, remark=REMARK)
    by_staff = await theft.psc.ask(command)
    place.clock.forward(hours=RESET_HOURS)

    assert (by_link.stopped_by, by_staff.stopped_by) == ("link", "staff")
    assert isinstance(let_in, SignedIn)
    assert shut_out == SignInRefused()
    assert await do_what_is_due(place) == []
    assert await has_factor(thief)
    assert (await kinds_of(thief))[0] == "factor_reset_stopped"

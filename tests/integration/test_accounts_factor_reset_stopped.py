"""Stopping the reset of a second factor: by the link, by its holder, by PSC, by using the factor."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import AccountRecovered, TokenRefused
from shared.messages.accounts.factor_reset import (
    FactorResetAsked,
    FactorResetStopped,
    FactorWasReset,
    NoFactorReset,
    StopFactorReset,
    StopFactorResetByStaff,
    StopMyFactorReset,
)
from shared.messages.accounts.staff import StaffActRefused
from shared.messages.base import NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    a_psc_member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    sealed,
)
from tests.builders_factors import a_recovery, mailed_link
from tests.builders_staff import (
    REMARK,
    RESET_HOURS,
    ask_reset,
    do_what_is_due,
    due,
    has_factor,
    newest_acts,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def stop_by_link(place: Workplace) -> Any:
    token = (await place.open_emitted(FactorResetAsked, "token"))[-1]
    return await place.send(StopFactorReset(token=sealed(place, token)))


async def test_whoever_has_the_link_stops_it_once(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)

    async with asyncio.TaskGroup() as group:
        tried = [group.create_task(stop_by_link(place)) for _ in range(5)]

    outcomes = [task.result() for task in tried]
    stopped = FactorResetStopped(account_id=member.account_id, stopped_by="link")
    assert outcomes.count(stopped) == 1
    assert outcomes.count(TokenRefused()) == 4
    assert await place.emitted(FactorResetStopped) == [stopped]
    place.clock.forward(hours=RESET_HOURS)
    assert await do_what_is_due(place) == []
    assert await has_factor(member)


async def test_the_link_is_worth_nothing_from_the_effect_on(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)
    (token,) = await place.open_emitted(FactorResetAsked, "token")
    place.clock.forward(hours=RESET_HOURS)

    refused = await place.send(StopFactorReset(token=sealed(place, token)))

    assert refused == TokenRefused()


async def test_the_holder_stops_it_in_a_session_from_before(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)
    place.clock.forward(minutes=20)

    stopped = await member.ask(StopMyFactorReset())
    again = await member.ask(StopMyFactorReset())

    assert stopped == FactorResetStopped(
        account_id=member.account_id, stopped_by="holder", actor_account_id=member.account_id
    )
    assert again == NoFactorReset()
    assert (await newest_acts(member))[0][0] == "factor_reset_stopped"


async def test_an_ended_session_stops_nothing(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)
    asked_by = await member.resolve()
    await place.pool.execute(
        "UPDATE sessions SET ended_at = now(), ended_by = 'test' WHERE account_id = $1", member.account_id
    )

    refused = await place.send(StopMyFactorReset(), by=asked_by)

    assert refused == NotAllowed(reason="assertion_invalid")


async def test_psc_stops_it(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)
    command = StopFactorResetByStaff(account_id=member.account_id, remark=REMARK)

    stopped = await psc.ask(command)
    again = await psc.ask(command)

    assert stopped == FactorResetStopped(
        account_id=member.account_id, stopped_by="staff", actor_account_id=psc.account_id
    )
    assert again == StaffActRefused(reason="no_reset_is_open")


async def test_a_sign_in_with_the_second_factor_shows_that_it_is_not_lost(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)

    await member.sign_in(passcode="000000")
    before = await place.emitted(FactorResetStopped)
    await member.sign_in()

    assert before == []
    assert await place.emitted(FactorResetStopped) == [
        FactorResetStopped(account_id=member.account_id, stopped_by="sign_in")
    ]
    place.clock.forward(hours=RESET_HOURS)
    assert await do_what_is_due(place) == []
    assert await has_factor(member)


async def test_a_stopped_reset_never_happens_even_if_its_command_was_on_its_way(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)
    place.clock.forward(hours=RESET_HOURS)
    (on_its_way,) = await due(place)
    await psc.sign_in()
    await psc.ask(StopFactorResetByStaff(account_id=member.account_id, remark=REMARK))

    await place.send(on_its_way, sender="accounts")

    assert await has_factor(member)
    assert await place.emitted(FactorWasReset) == []


async def test_an_unknown_link_stops_nothing(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_signed_in_member(place)
    await member.enrol()
    await ask_reset(psc, member)

    refused = await place.send(StopFactorReset(token=sealed(place, "never mailed")))

    assert refused == TokenRefused()
    assert await place.emitted(FactorResetStopped) == []


async def test_a_recovery_with_the_second_factor_shows_that_it_is_not_lost(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)

    recovered = await place.send(a_recovery(place, await mailed_link(member), passcode=member.passcode()))

    assert recovered == AccountRecovered(account_id=member.account_id)
    assert await place.emitted(FactorResetStopped) == [
        FactorResetStopped(account_id=member.account_id, stopped_by="sign_in")
    ]


async def test_another_authenticator_is_not_removed_with_the_lost_one(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await ask_reset(psc, member)

    await member.enrol("another phone")
    place.clock.forward(hours=RESET_HOURS)

    assert await place.emitted(FactorResetStopped) == [
        FactorResetStopped(account_id=member.account_id, stopped_by="sign_in")
    ]
    assert await do_what_is_due(place) == []
    assert await has_factor(member)

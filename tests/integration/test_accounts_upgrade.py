"""Upgrading an account from before 2014, once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountChanged,
    AccountUpgraded,
    AccountUpgradeFinished,
    ContactChanged,
    EmailVerified,
    RegistrationRefused,
    SecondFactorRequired,
    SessionRefused,
    SessionResolved,
    SignedIn,
    SignInRefused,
)
from shared.messages.base import NotAllowed
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    PASSWORD,
    a_legacy_member,
    a_legacy_row,
    a_member,
    a_person,
    a_user_name,
    an_upgrade,
    load,
    quick_resources,
    resolve,
    sign_in,
    verify,
)
from tests.messaging import Workplace, an_assertion

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


@pytest.mark.parametrize("kind", ["individual", "paa"])
async def test_upgrading_keeps_kind_and_number_and_asks_for_the_address(place: Workplace, kind: str) -> None:
    name = {"user_name": "oldfirm"} if kind == "paa" else {}
    member = await a_legacy_member(place, kind=kind, **name)
    number = (await place.emitted(AccountChanged))[-1].account_number
    person = a_person(first_name="Ann", last_name="Other")
    command = an_upgrade(place, person=person)

    outcome = await member.ask(command)
    too_early = await sign_in(place, command.user_name, PASSWORD)
    by_old_name = await sign_in(place, member.user_name, LEGACY_PASSWORD)
    verified = await verify(place, member.account_id)
    after = await sign_in(place, command.user_name, PASSWORD)

    assert outcome == AccountUpgraded(account_id=member.account_id, status="pending_verification")
    assert isinstance(too_early, SignInRefused)
    assert isinstance(by_old_name, SignInRefused)
    assert isinstance(verified, EmailVerified)
    assert isinstance(after, SignedIn)
    last = (await place.emitted(AccountChanged))[-1]
    assert (last.kind, last.account_number, last.generation) == (kind, number, "upgraded")
    assert (last.version, last.is_search_active) == (3, kind == "individual")
    assert (await place.emitted(ContactChanged))[-1].email == person.email
    assert len(await place.emitted(AccountUpgradeFinished)) == 1


async def test_an_upgraded_administrator_is_told_that_a_second_factor_is_due(place: Workplace) -> None:
    member = await a_legacy_member(place, kind="paa", user_name="oldfirm")
    await member.ask(an_upgrade(place))
    assert await place.emitted(SecondFactorRequired) == []

    await verify(place, member.account_id)

    assert await place.emitted(SecondFactorRequired) == [
        SecondFactorRequired(account_id=member.account_id, skips_left=3)
    ]


async def test_an_upgrade_ends_every_session(place: Workplace) -> None:
    member = await a_legacy_member(place)
    first = member.token
    await member.sign_in()
    assert isinstance(await resolve(place, first), SessionResolved)

    await member.ask(an_upgrade(place))
    await verify(place, member.account_id)

    assert isinstance(await resolve(place, first), SessionRefused)
    assert isinstance(await resolve(place, member.token), SessionRefused)


async def test_two_upgrades_of_one_account_at_once_make_one(place: Workplace) -> None:
    member = await a_legacy_member(place)
    asked_by = await member.resolve()

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(place.send(an_upgrade(place), by=asked_by)) for _ in range(3)]

    outcomes = [task.result() for task in asked]
    refused = RegistrationRefused(reason="already_upgraded", field="generation")
    assert outcomes.count(refused) == 2
    assert len(await place.emitted(AccountUpgradeFinished)) == 1


async def test_an_upgrade_asked_twice_under_one_id_is_answered_twice(place: Workplace) -> None:
    member = await a_legacy_member(place)
    asked_by, command, message_id = await member.resolve(), an_upgrade(place), new_id(place.clock())

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(place.send(command, by=asked_by, message_id=message_id)) for _ in range(2)]

    assert {type(task.result()) for task in asked} == {AccountUpgraded}
    assert len(await place.emitted(AccountUpgradeFinished)) == 1


async def test_there_is_no_way_back_and_no_second_upgrade(place: Workplace) -> None:
    member = await a_member(place)
    await member.sign_in()

    outcome = await member.ask(an_upgrade(place))

    assert outcome == RegistrationRefused(reason="already_upgraded", field="generation")


async def test_a_shared_login_neither_signs_in_nor_is_upgraded(place: Workplace) -> None:
    row = a_legacy_row(is_shared=True, user_name="chambers12")
    await load(place, row)
    account_id: UUID = await place.pool.fetchval("SELECT id FROM accounts")
    asked_by = an_assertion("accounts", place.clock(), account_id=account_id, generation="legacy")

    signed_in = await sign_in(place, row.user_name, LEGACY_PASSWORD)
    upgraded = await place.send(an_upgrade(place), by=asked_by)

    assert isinstance(signed_in, SignInRefused)
    assert upgraded == RegistrationRefused(reason="shared_login_cannot_be_upgraded", field="user_name")


async def test_an_upgrade_needs_a_proof_of_the_last_ten_minutes(place: Workplace) -> None:
    member = await a_legacy_member(place)

    place.clock.forward(minutes=10, seconds=1)
    too_late = await member.ask(an_upgrade(place))
    await member.sign_in()
    place.clock.forward(minutes=10)
    in_time = await member.ask(an_upgrade(place))

    assert too_late == NotAllowed(reason="proof_too_old")
    assert isinstance(in_time, AccountUpgraded)


async def test_nobody_gets_the_name_that_a_legacy_account_had_or_has(place: Workplace) -> None:
    await load(place, a_legacy_row(kind="paa", user_name="longfirm"))
    member = await a_legacy_member(place)
    taken = a_user_name()
    await a_member(place, user_name=taken)

    for name in ("LongFirm", taken):
        outcome = await member.ask(an_upgrade(place, user_name=name))
        assert outcome == RegistrationRefused(reason="user_name_taken", field="user_name")

"""Who must have a second factor: they see why, keep the last authenticator, and are told anew."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.accounts.service import SERVICE
from shared.assertion import Role
from shared.messages.accounts import (
    AuthenticatorRemovalRefused,
    MySecondFactor,
    RemoveAuthenticator,
    SecondFactorChanged,
    SecondFactorRequired,
)
from shared.messages.base import NotAllowed
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_psc_member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
)
from tests.builders_factors import second_factor_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def ids_of(member: Member) -> list[UUID]:
    return [shown.authenticator_id for shown in (await second_factor_of(member)).authenticators]


async def link(place: Workplace, member: Member) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "link_id": uuid4(),
        "account_id": member.account_id,
        "court_id": "ncwbk",
        "filing_account_id": uuid4(),
        "role": "attorney",
    }
    await place.send(FilingAccountLinked(**facts, linked_at=place.clock()))
    return facts


async def test_whoever_must_have_one_sees_why_and_how_many_skips_are_left(place: Workplace) -> None:
    administrator = await a_signed_in_member(place, kind="paa")
    filer = await a_signed_in_member(place)
    await link(place, filer)

    of_administrator, of_filer = await second_factor_of(administrator), await second_factor_of(filer)
    await filer.enrol()

    assert (of_administrator.required_for, of_administrator.skips_left) == ("paa_administrator", 2)
    assert (of_filer.required_for, of_filer.skips_left) == ("linked_filer", 3)
    assert (await second_factor_of(filer)).skips_left is None


async def test_a_session_that_serves_to_enrol_only_shows_no_factors(place: Workplace) -> None:
    member = await a_signed_in_member(place, kind="paa")
    for _ in range(3):
        await member.sign_in()

    assert await member.ask(MySecondFactor()) == NotAllowed(reason="session_restricted")


async def test_the_last_one_stays_with_whoever_must_have_one_and_the_reason_is_told(
    place: Workplace,
) -> None:
    administrator = await a_signed_in_member(place, kind="paa")
    await administrator.enrol()
    filer, psc = await an_enrolled_member(place), await a_psc_member(place)
    await link(place, filer)

    for member, reason in (
        (administrator, "paa_administrator"),
        (filer, "linked_filer"),
        (psc, "role_holder"),
    ):
        (phone,) = await ids_of(member)
        outcome = await member.ask(RemoveAuthenticator(authenticator_id=phone))
        assert outcome == AuthenticatorRemovalRefused(reason=reason)  # type: ignore[arg-type]
        assert await ids_of(member) == [phone]


async def test_two_removed_at_once_leave_a_filer_the_last_one(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    await member.enrol("key")
    await link(place, member)
    both = await ids_of(member)

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(member.ask(RemoveAuthenticator(authenticator_id=authenticator_id)))
            for authenticator_id in both
        ]

    kinds = sorted(type(task.result()).__name__ for task in asked)
    assert kinds == ["AuthenticatorRemovalRefused", "SecondFactorChanged"]
    assert len(await ids_of(member)) == 1


async def test_who_gave_the_factor_up_and_must_have_one_again_is_told_anew_and_has_three_skips(
    place: Workplace,
) -> None:
    member = await an_enrolled_member(place)
    facts = await link(place, member)
    await place.send(FilingAccountUnlinked(**facts, unlinked_at=place.clock(), unlinked_by="holder"))
    (phone,) = await ids_of(member)
    assert isinstance(await member.ask(RemoveAuthenticator(authenticator_id=phone)), SecondFactorChanged)
    member.secret = b""

    await link(place, member)
    skips = [(await member.sign_in()).skips_left for _ in range(3)]

    assert [event.skips_left for event in await place.emitted(SecondFactorRequired)] == [3]
    assert skips == [2, 1, 0]
    assert (await member.sign_in()).must_enrol_factor


async def test_a_role_holds_only_in_a_session_with_both_factors_and_its_holder_has_three_skips(
    place: Workplace,
) -> None:
    psc = await a_psc_member(place)
    with_both = (await psc.resolve()).roles
    await place.pool.execute("DELETE FROM authenticators")
    await place.pool.execute("UPDATE accounts SET has_second_factor = false")
    psc.secret = b""

    outcome = await psc.sign_in()

    assert with_both == (Role(role="psc"),)
    assert (outcome.level, outcome.skips_left) == (1, 2)
    assert (await psc.resolve()).roles == ()
    assert len(await place.emitted(SecondFactorRequired)) == 1

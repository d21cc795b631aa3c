"""Checking by telephone who calls, without a date of birth leaving the service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import GrantRole, MyAccount
from shared.messages.accounts.staff import CallerChecked, CheckCaller
from shared.messages.accounts.staff_looks import ShowAccountToStaff
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_legacy_member,
    a_member,
    a_person,
    a_psc_member,
    a_registration,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    sealed,
    verify,
)
from tests.builders_staff import newest_acts
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def ask_for(psc: Member, member: Member, born: str) -> Any:
    command = CheckCaller(account_id=member.account_id, date_of_birth=sealed(psc.place, born))
    return (await psc.ask(command)).outcome


async def test_a_caller_is_checked_without_anybody_learning_the_date_of_birth(place: Workplace) -> None:
    psc = await a_psc_member(place)
    member = await a_signed_in_member(place, person=a_person(date_of_birth=date(1979, 5, 23)))

    assert await ask_for(psc, member, " 1979-05-23 ") == "right"
    assert await ask_for(psc, member, "1979-05-24") == "wrong"
    assert await ask_for(psc, member, "the 23rd of May") == "wrong"

    actor = str(psc.account_id)
    assert await newest_acts(member, 3) == [
        ("caller_gave_wrong_date", {"outcome": "wrong", "actor_account_id": actor}),
        ("caller_gave_wrong_date", {"outcome": "wrong", "actor_account_id": actor}),
        ("caller_checked", {"outcome": "right", "actor_account_id": actor}),
    ]


async def test_staff_who_register_somebodys_name_with_a_date_learn_of_no_likeness(place: Workplace) -> None:
    psc = await a_psc_member(place)
    known = a_person(date_of_birth=date(1979, 5, 23))
    await a_member(place, person=known)
    guess = a_person(
        first_name=known.first_name, last_name=known.last_name, date_of_birth=known.date_of_birth
    )
    fake = a_registration(place, person=guess)
    registered = await place.send(fake)

    before = await psc.ask(ShowAccountToStaff(account_id=registered.account_id))
    await verify(place, registered.account_id)
    after = await psc.ask(ShowAccountToStaff(account_id=registered.account_id))

    assert before.like == ()
    assert [like.equal_fields for like in after.like] == [("name", "date_of_birth")]


async def test_after_a_few_wrong_dates_a_day_none_is_compared_whoever_asks(place: Workplace) -> None:
    psc, second = await a_psc_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=second.account_id, role="psc"))
    member = await a_member(place, person=a_person(date_of_birth=date(1979, 5, 23)))

    tried = [await ask_for(asker, member, "1980-01-01") for asker in (psc, second, psc)]
    right = [await ask_for(asker, member, "1979-05-23") for asker in (psc, second)]
    place.clock.forward(hours=24)
    await psc.sign_in()
    on_the_next_day = await ask_for(psc, member, "1979-05-23")

    assert tried == ["wrong"] * 3
    assert right == ["too_many_attempts"] * 2
    assert on_the_next_day == "right"


async def test_of_a_legacy_account_no_date_of_birth_is_known(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_legacy_member(place)

    assert await ask_for(psc, member, "1979-05-23") == "not_known"
    assert (await member.ask(MyAccount())).generation == "legacy"


def test_the_answer_about_a_caller_holds_nothing_but_an_outcome() -> None:
    assert CallerChecked.__struct_fields__ == ("outcome",)

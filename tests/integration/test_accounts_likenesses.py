"""Accounts that are like others: what is told of it, to whom, and when."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountActivated,
    AccountChanged,
    AccountHeldForReview,
    AccountRegistered,
    Person,
    SignedIn,
    SignInRefused,
)
from shared.messages.base import Event
from shared.messaging.registry import Service
from tests.builders_accounts import (
    PASSWORD,
    Member,
    a_legacy_member,
    a_member,
    a_person,
    a_registration,
    an_upgrade,
    quick_resources,
    sign_in,
    verify,
)
from tests.builders_staff import kinds_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
NAME, BIRTH, EMAIL = ("first_name", "last_name"), ("date_of_birth",), ("email",)
ALL = (*NAME, *BIRTH, *EMAIL)


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


def like(person: Person, equal: tuple[str, ...]) -> Person:
    """Somebody else, but for what is equal."""
    return a_person(**{field: getattr(person, field) for field in equal})


async def verified(place: Workplace, person: Person) -> Any:
    """The answer to whoever registers and follows the link in the mail."""
    registered = await place.send(a_registration(place, person=person))
    return await verify(place, registered.account_id)


@pytest.mark.parametrize("equal", [(), NAME, (*NAME, *BIRTH), (*BIRTH, *EMAIL), (*NAME, *EMAIL), ALL])
async def test_a_registration_is_answered_alike_whoever_has_an_account(
    place: Workplace, equal: tuple[str, ...]
) -> None:
    known = a_person()
    await a_member(place, person=known)

    answer = await place.send(a_registration(place, person=like(known, equal)))

    assert answer == AccountRegistered(
        account_id=answer.account_id, account_number=answer.account_number, status="pending_verification"
    )


@pytest.mark.parametrize(
    ("equal", "warnings", "status"),
    [
        ((), (), "active"),
        (NAME, (), "active"),
        ((*BIRTH, *EMAIL), ("date_of_birth", "email"), "active"),
        ((*NAME, *EMAIL), ("email", "name"), "active"),
        (ALL, ("date_of_birth", "email", "name"), "held_for_review"),
    ],
)
async def test_once_the_address_is_verified_two_equal_things_warn_and_three_hold_the_account(
    place: Workplace, equal: tuple[str, ...], warnings: tuple[str, ...], status: str
) -> None:
    known = a_person()
    await a_member(place, person=known)

    outcome = await verified(place, like(known, equal))

    assert (outcome.warnings, outcome.status) == (warnings, status)
    held = await place.emitted(AccountHeldForReview)
    told = (await place.emitted(AccountActivated))[1:]
    announced: Event = AccountActivated(account_id=outcome.account_id, warnings=warnings)
    if status == "held_for_review":
        announced = AccountHeldForReview(account_id=outcome.account_id)
    assert [*held, *told] == [announced]


async def test_whoever_tries_dates_under_an_own_address_learns_nobodys_date_of_birth(
    place: Workplace,
) -> None:
    known = a_person(date_of_birth=date(1980, 1, 3))
    await a_member(place, person=known)

    answers = []
    for day in range(1, 6):
        guess = a_person(
            first_name=known.first_name, last_name=known.last_name, date_of_birth=date(1980, 1, day)
        )
        outcome = await verified(place, guess)
        answers.append((outcome.status, outcome.warnings))

    assert answers == [("active", ())] * 5


async def test_who_registers_first_with_a_victims_data_does_not_hold_the_victim_up(place: Workplace) -> None:
    victim = a_person()
    await place.send(a_registration(place, person=victim))

    outcome = await verified(place, victim)

    assert (outcome.status, outcome.warnings) == ("active", ())


async def test_a_tagged_address_and_another_spelling_of_the_name_are_equal(place: Workplace) -> None:
    first = a_person(first_name="Zo\u00eb", last_name="Quist", email="zoe@bar.example")
    await a_member(place, person=first)

    spelled = a_person(
        first_name=" zoe\u0308 ",
        last_name="QUIST",
        email="Zoe+pacer@BAR.example",
        date_of_birth=first.date_of_birth,
    )

    outcome = await verified(place, spelled)

    assert outcome.status == "held_for_review"
    assert await kinds_of(Member(place, outcome.account_id, "", "")) == [
        "held_for_review",
        "email_verified",
        "registered",
    ]


async def test_a_held_account_may_sign_in_once_verified_but_not_search(place: Workplace) -> None:
    person = a_person()
    await a_member(place, person=person)
    command = a_registration(place, person=person)
    registered = await place.send(command)

    too_early = await sign_in(place, command.user_name, PASSWORD)
    outcome = await verify(place, registered.account_id)
    signed_in = await sign_in(place, command.user_name, PASSWORD)

    assert isinstance(too_early, SignInRefused)
    assert outcome.status == "held_for_review"
    assert isinstance(signed_in, SignedIn)
    assert not (await place.emitted(AccountChanged))[-1].is_search_active


async def test_two_like_people_verifying_at_once_see_each_other(place: Workplace) -> None:
    person = a_person()
    registered = [await place.send(a_registration(place, person=person)) for _ in range(5)]

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(verify(place, each.account_id)) for each in registered]

    statuses = sorted(task.result().status for task in asked)
    assert statuses == ["active"] + ["held_for_review"] * 4


async def test_a_legacy_account_of_the_same_name_and_address_warns(place: Workplace) -> None:
    person = a_person()
    await a_legacy_member(place, first_name=person.first_name, last_name=person.last_name, email=person.email)

    outcome = await verified(place, person)

    assert (outcome.status, outcome.warnings) == ("active", ("email", "name"))


async def test_an_upgrade_is_answered_alike_too_and_held_once_its_address_is_verified(
    place: Workplace,
) -> None:
    person = a_person()
    await a_member(place, person=person)
    member = await a_legacy_member(place)

    upgraded = await member.ask(an_upgrade(place, person=person))
    outcome = await verify(place, member.account_id)

    assert (upgraded.status, upgraded.warnings) == ("pending_verification", ())
    assert outcome.status == "held_for_review"
    assert outcome.warnings == ("date_of_birth", "email", "name")

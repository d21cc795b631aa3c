"""Accounts that come to be like others by a change of address or name: who is warned, and who is held."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountHeldForReview,
    ChangeEmail,
    ChangeProfile,
    EmailChangeAsked,
    EmailTakenIntoUse,
    Person,
    ProfileChanged,
)
from shared.messages.linking import FilingAccountLinked
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_member,
    a_person,
    a_profile,
    a_signed_in_member,
    quick_resources,
)
from tests.builders_addresses import NEW, address_of, confirm, mailed, moved, undo
from tests.builders_staff import kinds_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
ALL = ("date_of_birth", "email", "name")


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def moved_to(member: Member, person: Person) -> Any:
    """The answer to a member who takes over the address of somebody else, mailbox and all."""
    await member.ask(ChangeEmail(email=person.email))
    return await confirm(member.place, (await mailed(member.place, EmailChangeAsked))[-1])


def namesake(person: Person) -> Person:
    """Of the same name and date of birth, with another address."""
    return a_person(
        first_name=person.first_name, last_name=person.last_name, date_of_birth=person.date_of_birth
    )


async def test_a_new_address_that_makes_two_things_equal_warns(place: Workplace) -> None:
    known = a_person()
    await a_member(place, person=known)
    member = await a_signed_in_member(place, person=a_person(date_of_birth=known.date_of_birth))

    outcome = await moved_to(member, known)

    assert (outcome.status, outcome.warnings) == ("active", ("date_of_birth", "email"))
    assert (await place.emitted(EmailTakenIntoUse))[-1].warnings == outcome.warnings


async def test_a_new_address_that_makes_all_three_equal_holds_the_account(place: Workplace) -> None:
    known = a_person()
    await a_member(place, person=known)
    member = await a_signed_in_member(place, person=namesake(known))

    outcome = await moved_to(member, known)

    assert (outcome.status, outcome.warnings) == ("held_for_review", ALL)
    assert await place.emitted(AccountHeldForReview) == [AccountHeldForReview(account_id=member.account_id)]
    assert "held_for_review" in await kinds_of(member)


async def test_an_undone_change_that_makes_all_three_equal_again_holds_the_account(place: Workplace) -> None:
    first = a_person()
    member = await a_signed_in_member(place, person=first)
    way_back = await moved(member, NEW)
    second = await a_member(place, person=first)
    held_before = await place.emitted(AccountHeldForReview)

    await undo(place, way_back)

    assert held_before == []
    assert await address_of(place, member) == await address_of(place, second) == first.email
    assert await place.emitted(AccountHeldForReview) == [AccountHeldForReview(account_id=member.account_id)]


async def test_a_linked_filer_is_warned_and_goes_on_filing(place: Workplace) -> None:
    known = a_person()
    await a_member(place, person=known)
    member = await a_signed_in_member(place, person=namesake(known))
    linked = FilingAccountLinked(
        link_id=uuid4(),
        account_id=member.account_id,
        court_id="ncwbk",
        filing_account_id=uuid4(),
        role="attorney",
        linked_at=place.clock(),
    )
    await place.send(linked)

    outcome = await moved_to(member, known)

    assert (outcome.status, outcome.warnings) == ("active", ALL)
    assert await place.emitted(AccountHeldForReview) == []


async def test_another_spelling_of_the_same_address_is_no_new_likeness(place: Workplace) -> None:
    known = a_person()
    await a_member(place, person=known)
    member = await a_signed_in_member(place, person=namesake(known))
    await moved_to(member, known)
    await place.pool.execute("UPDATE accounts SET status = 'active' WHERE id = $1", member.account_id)

    outcome = await moved_to(member, a_person(email=known.email.replace("@", "+pacer@")))

    assert (outcome.status, outcome.warnings) == ("active", ())


async def test_a_name_alone_tells_nobody_of_a_namesake(place: Workplace) -> None:
    known = a_person()
    await a_member(place, person=known)
    other = a_person(date_of_birth=known.date_of_birth)
    member = await a_signed_in_member(place, person=other)
    profile = a_profile(first_name=known.first_name, last_name=known.last_name)

    outcome = await member.ask(ChangeProfile(profile=profile))

    assert isinstance(outcome, ProfileChanged)
    assert outcome.warnings == ()

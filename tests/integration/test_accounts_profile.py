"""Changing one's own data and user name, and seeing them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountChanged,
    ChangeProfile,
    ChangeUserName,
    ContactChanged,
    MyAccount,
    MyHistory,
    MyProfile,
    Person,
    Profile,
    ProfileChanged,
    ProfileRefused,
    ProfileUnchanged,
    RegistrationRefused,
    SessionRefused,
    SignedIn,
    SignInRefused,
    UserNameChanged,
    UserNameRefused,
)
from shared.messages.base import NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    PASSWORD,
    Member,
    a_legacy_member,
    a_person,
    a_profile,
    a_registration,
    a_signed_in_member,
    a_user_name,
    quick_resources,
    resolve,
    sign_in,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


def profile_of(person: Person, **changes: Any) -> Profile:
    """What a person gave at registration, but for what changes."""
    given = {field: getattr(person, field) for field in Profile.__struct_fields__}
    return Profile(**{**given, **changes})


async def test_a_new_name_goes_out_under_a_higher_version(place: Workplace) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)

    outcome = await member.ask(
        ChangeProfile(profile=profile_of(person, first_name=" Ada ", last_name="Byron"))
    )

    assert outcome == ProfileChanged(account_id=member.account_id, fields=("first_name", "last_name"))
    assert await place.emitted(ProfileChanged) == [outcome]
    changed, contact = (await place.emitted(AccountChanged))[-1], (await place.emitted(ContactChanged))[-1]
    assert (changed.version, changed.first_name, changed.last_name) == (3, "Ada", "Byron")
    assert (contact.version, contact.name, contact.email) == (3, "Ada Byron", person.email)


async def test_an_address_or_phone_stays_in_accounts(place: Workplace) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)

    outcome = await member.ask(
        ChangeProfile(profile=profile_of(person, address="99 Elm Street", phone="555-0199"))
    )

    assert outcome.fields == ("address", "phone")
    assert len(await place.emitted(AccountChanged)) == len(await place.emitted(ContactChanged)) + 1 == 2
    told = await place.pool.fetchval("SELECT string_agg(convert_from(body, 'UTF8'), ' ') FROM outbox")
    assert "Elm Street" not in told
    assert "555-0199" not in told


async def test_the_history_says_which_fields_have_changed_and_not_what_stood_in_them(
    place: Workplace,
) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)

    await member.ask(ChangeProfile(profile=profile_of(person, city="Dover", county="Kent")))

    act = (await member.ask(MyHistory())).acts[0]
    assert (act.kind, act.details) == ("profile_changed", {"fields": "city county"})


async def test_the_date_of_birth_is_permanent(place: Workplace) -> None:
    person = a_person(date_of_birth=date(1980, 1, 3))
    member = await a_signed_in_member(place, person=person)

    await member.ask(ChangeProfile(profile=a_profile()))

    assert "date_of_birth" not in Profile.__struct_fields__
    assert await place.pool.fetchval("SELECT date_of_birth FROM accounts") == date(1980, 1, 3)


async def test_a_profile_that_is_the_same_changes_nothing(place: Workplace) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)

    outcome = await member.ask(ChangeProfile(profile=profile_of(person)))

    assert outcome == ProfileUnchanged()
    assert await place.emitted(ProfileChanged) == []
    assert (await member.ask(MyHistory())).acts[0].kind == "signed_in"


@pytest.mark.parametrize("field", Profile.__struct_fields__)
async def test_a_refused_profile_names_what_to_mend(place: Workplace, field: str) -> None:
    member = await a_signed_in_member(place)

    refused = await member.ask(ChangeProfile(profile=a_profile(**{field: "Wil\x00mington"})))

    assert refused == ProfileRefused(reason="text_not_allowed", field=f"profile.{field}")


async def test_a_name_that_makes_the_third_thing_equal_holds_the_account(place: Workplace) -> None:
    known = a_person()
    await a_signed_in_member(place, person=known)
    other = a_person(email=known.email, date_of_birth=known.date_of_birth)
    member = await a_signed_in_member(place, person=other)
    new_name = profile_of(other, first_name=known.first_name, last_name=known.last_name)

    outcome = await member.ask(ChangeProfile(profile=new_name))

    assert outcome.warnings == ("date_of_birth", "email", "name")
    held = (await place.emitted(AccountChanged))[-1]
    assert (held.account_id, held.status, held.is_search_active) == (
        member.account_id,
        "held_for_review",
        False,
    )


async def test_my_profile_is_shown_to_its_holder_and_crosses_sealed(place: Workplace) -> None:
    person = a_person(date_of_birth=date(1980, 1, 3), address="99 Elm Street")
    member = await a_signed_in_member(place, person=person)

    shown = await member.ask(MyProfile())

    opened = json.loads(place.open_reply(shown, "profile"))
    assert opened == {
        **msgspec.to_builtins(profile_of(person)),
        "date_of_birth": "1980-01-03",
    }
    assert shown.profile.reader == "portal"
    assert b"Elm Street" not in msgspec.json.encode(shown)


async def test_a_legacy_account_and_an_old_proof_change_nothing(place: Workplace) -> None:
    member, legacy = await a_signed_in_member(place), await a_legacy_member(place)
    acts = (ChangeProfile(profile=a_profile()), ChangeUserName(user_name=a_user_name()))

    of_legacy = [await legacy.ask(each) for each in (*acts, MyProfile())]
    place.clock.forward(minutes=10, seconds=1)
    too_old = [await member.ask(each) for each in acts]

    assert of_legacy == [NotAllowed(reason="upgrade_first")] * 3
    assert too_old == [NotAllowed(reason="proof_too_old")] * 2


async def test_a_restricted_session_sees_no_profile(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await place.pool.execute("UPDATE sessions SET is_restricted = true")

    assert await member.ask(MyProfile()) == NotAllowed(reason="session_restricted")


async def test_under_a_new_user_name_one_signs_in_and_under_the_old_one_nobody_does(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    old, new, here = member.user_name, a_user_name(), member.token
    await member.sign_in()
    elsewhere, member.token = member.token, here

    outcome = await member.ask(ChangeUserName(user_name=new))

    assert outcome == UserNameChanged(account_id=member.account_id)
    assert await place.emitted(UserNameChanged) == [outcome]
    assert isinstance(await sign_in(place, old, PASSWORD), SignInRefused)
    assert isinstance(await sign_in(place, new.upper(), PASSWORD), SignedIn)
    assert (await member.ask(MyAccount())).user_name == new
    assert await resolve(place, elsewhere) == SessionRefused()
    assert "user_name_changed" in [act.kind for act in (await member.ask(MyHistory())).acts]


async def test_a_user_name_that_was_given_up_goes_to_nobody_else_and_back_to_who_had_it(
    place: Workplace,
) -> None:
    member, other = await a_signed_in_member(place), await a_signed_in_member(place)
    old = member.user_name
    await member.ask(ChangeUserName(user_name=a_user_name()))

    applied_for = await place.send(a_registration(place, user_name=old.upper()))
    by_other = await other.ask(ChangeUserName(user_name=old))
    by_its_holder = await member.ask(ChangeUserName(user_name=old))

    assert applied_for == RegistrationRefused(reason="user_name_taken", field="user_name")
    assert by_other == UserNameRefused(reason="user_name_taken")
    assert by_its_holder == UserNameChanged(account_id=member.account_id)


async def test_a_user_name_may_change_in_its_case_alone(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    outcome = await member.ask(ChangeUserName(user_name=member.user_name.upper()))

    assert isinstance(outcome, UserNameChanged)
    assert await place.pool.fetchval("SELECT count(*) FROM former_user_names") == 0


async def test_one_user_name_asked_for_by_two_at_once_goes_to_one(place: Workplace) -> None:
    members: list[Member] = [await a_signed_in_member(place) for _ in range(3)]
    wanted = a_user_name()

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(each.ask(ChangeUserName(user_name=wanted))) for each in members]

    assert [task.result() for task in asked].count(UserNameRefused(reason="user_name_taken")) == 2


@pytest.mark.parametrize(
    ("user_name", "reason"),
    [
        ("short.1", "user_name_not_allowed"),
        ("long.enough\x00", "user_name_not_allowed"),
        ("аdmin.account", "user_name_not_allowed"),  # noqa: RUF001
        (None, "user_name_not_new"),
    ],
)
async def test_what_cant_be_a_user_name_is_refused(
    place: Workplace, user_name: str | None, reason: Any
) -> None:
    member = await a_signed_in_member(place)

    refused = await member.ask(ChangeUserName(user_name=user_name or member.user_name))

    assert refused == UserNameRefused(reason=reason)


@pytest.mark.parametrize(("length", "is_taken"), [(7, False), (8, True), (45, True)])
async def test_a_user_name_has_eight_to_45_characters(place: Workplace, length: int, is_taken: bool) -> None:
    member = await a_signed_in_member(place)

    outcome = await member.ask(ChangeUserName(user_name="q" * length))

    assert isinstance(outcome, UserNameChanged) == is_taken

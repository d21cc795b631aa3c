"""Sessions, assertions and passwords."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.assertion import verify_assertion
from shared.errors import BadEnvelopeError
from shared.messages.accounts import (
    AccountChanged,
    AccountDeactivated,
    AccountShown,
    DeactivateAccount,
    EnrolAuthenticator,
    MyAccount,
    PasswordChanged,
    PasswordChangeRefused,
    SessionRefused,
    SessionResolved,
    SignedIn,
    SignedOut,
    SignInRefused,
    SignOut,
)
from shared.messages.base import NotAllowed
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    a_password_change,
    a_signed_in_member,
    quick_resources,
    resolve,
    sealed,
    sign_in,
)
from tests.messaging import Workplace, signing_key

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
KEYS = {"test": signing_key().public_key()}


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_an_assertion_says_who_asks_and_is_for_one_service_only(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    outcome = await resolve(place, member.token, "linking")

    assertion = verify_assertion(outcome.assertion, KEYS, audience="linking")
    assert (assertion.account_id, assertion.kind, assertion.generation) == (
        member.account_id,
        "individual",
        "upgraded",
    )
    assert (assertion.status, assertion.email_verified, assertion.level) == ("active", True, 1)
    assert assertion.account_version == (await place.emitted(AccountChanged))[-1].version
    assert assertion.proved_at == place.clock()
    assert (assertion.expires_at - place.clock()).total_seconds() == 60
    assert member.token not in outcome.assertion
    with pytest.raises(BadEnvelopeError):
        verify_assertion(outcome.assertion, KEYS, audience="paa_billing")


async def test_the_service_takes_no_assertion_that_was_made_for_another(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    judgement, _ = await place.judge(MyAccount(), by=await member.resolve("linking"))

    assert judgement.verdict is Verdict.PARK


async def test_signing_out_ends_the_session_and_may_be_asked_again(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    first = member.token
    await member.sign_in()

    for _ in range(2):
        assert await place.send(SignOut(token=sealed(place, first))) == SignedOut()
    assert await place.send(SignOut(token=sealed(place, "nothing"))) == SignedOut()

    assert isinstance(await resolve(place, first), SessionRefused)
    assert isinstance(await resolve(place, member.token), SessionResolved)


async def test_a_new_password_ends_all_sessions_and_the_old_one_is_dead(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    first = member.token
    await member.sign_in()

    outcome = await member.ask(a_password_change(place))

    assert outcome == PasswordChanged(account_id=member.account_id)
    assert await place.emitted(PasswordChanged) == [outcome]
    assert isinstance(await resolve(place, first), SessionRefused)
    assert isinstance(await resolve(place, member.token), SessionRefused)
    assert isinstance(await member.sign_in(), SignInRefused)
    assert isinstance(await member.sign_in(password=OTHER_PASSWORD), SignedIn)


async def test_a_change_of_password_asked_twice_under_one_id_is_answered_twice(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked_by, command, message_id = await member.resolve(), a_password_change(place), new_id(place.clock())

    outcomes = [await place.send(command, by=asked_by, message_id=message_id) for _ in range(2)]

    assert outcomes == [PasswordChanged(account_id=member.account_id)] * 2
    assert len(await place.emitted(PasswordChanged)) == 1


async def test_the_present_password_must_be_right_and_wrong_ones_are_counted(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    wrong = PasswordChangeRefused(reason="present_password_wrong", field="present_password")

    for number in range(5):
        assert await member.ask(a_password_change(place, present=f"{OTHER_PASSWORD}{number}")) == wrong
    assert await member.ask(a_password_change(place)) == wrong
    assert isinstance(await member.sign_in(), SignInRefused)


async def test_a_change_of_password_forgives_earlier_failures(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    for _ in range(4):
        await sign_in(place, member.user_name, OTHER_PASSWORD)

    await member.ask(a_password_change(place))
    await member.sign_in()

    assert isinstance(await member.sign_in(password=OTHER_PASSWORD), SignedIn)


async def test_two_changes_of_a_password_at_once_make_one(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked_by = await member.resolve()

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            change = a_password_change(place, new=f"{OTHER_PASSWORD}{number}")
            group.create_task(place.send(change, by=asked_by))

    assert len(await place.emitted(PasswordChanged)) == 1


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (PASSWORD, "password_not_new"),
        ("short", "password_too_short"),
        ("Password12345678", "password_too_common"),
    ],
)
async def test_a_new_password_that_is_not_good_enough_changes_nothing(
    place: Workplace, new: str, reason: str
) -> None:
    member = await a_signed_in_member(place)

    outcome = await member.ask(a_password_change(place, new=new))

    assert outcome == PasswordChangeRefused(reason=reason, field="new_password")
    assert isinstance(await resolve(place, member.token), SessionResolved)


async def test_an_assertion_of_a_session_that_has_ended_changes_nothing(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked_by = await member.resolve()
    await place.send(SignOut(token=sealed(place, member.token)))

    for message in (EnrolAuthenticator(name="phone"), DeactivateAccount(), a_password_change(place)):
        assert await place.send(message, by=asked_by) == NotAllowed(reason="assertion_invalid")


async def test_an_account_given_up_is_closed_for_good(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    outcome = await member.ask(DeactivateAccount())

    assert outcome == AccountDeactivated(account_id=member.account_id)
    last = (await place.emitted(AccountChanged))[-1]
    assert (last.status, last.is_search_active, last.version) == ("deactivated", False, 3)
    assert isinstance(await resolve(place, member.token), SessionRefused)
    assert isinstance(await member.sign_in(), SignInRefused)


async def test_giving_an_account_up_needs_a_fresh_proof(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    place.clock.forward(minutes=10, seconds=1)

    assert await member.ask(DeactivateAccount()) == NotAllowed(reason="proof_too_old")


async def test_my_account_shows_the_present_state(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    shown = await member.ask(MyAccount())

    assert isinstance(shown, AccountShown)
    assert (shown.account_id, shown.user_name, shown.status) == (
        member.account_id,
        member.user_name,
        "active",
    )

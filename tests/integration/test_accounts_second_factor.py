"""The second factor: enrolled, asked for, and each code taken once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from services.accounts.rules import totp
from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountChanged,
    AccountLocked,
    AuthenticatorConfirmed,
    AuthenticatorOffered,
    AuthenticatorRefused,
    ConfirmAuthenticator,
    EnrolAuthenticator,
    MyAccount,
    SecondFactorChanged,
    SessionRefused,
    SessionResolved,
    SignedIn,
    SignInRefused,
)
from shared.messages.base import NotAllowed
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    a_signed_in_member,
    from_base32,
    quick_resources,
    resolve,
    sealed,
    tables_holding,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_an_authenticator_counts_once_a_code_of_it_was_confirmed(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.ask(EnrolAuthenticator(name="phone"))
    assert (await member.sign_in()).level == 1

    await member.enrol("phone")

    assert (await member.resolve()).level == 2
    assert (await place.emitted(AccountChanged))[-1].has_second_factor
    assert await place.emitted(SecondFactorChanged) == [
        SecondFactorChanged(account_id=member.account_id, change="added", authenticator_name="phone")
    ]
    assert (await member.ask(MyAccount())).authenticators == ("phone",)
    assert (await member.sign_in()).level == 2


async def test_without_a_passcode_or_with_a_wrong_one_the_answer_is_the_uniform_one(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()
    wrong = f"{(int(member.passcode()) + 1) % 10**6:06}"

    for passcode in (None, wrong, "", "12345", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666"):
        assert await member.sign_in(passcode=passcode) == SignInRefused()
    assert await member.sign_in(password=OTHER_PASSWORD) == SignInRefused()


async def test_one_code_used_twice_at_once_opens_one_session(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()
    code = member.passcode()

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(member.sign_in(passcode=code)) for _ in range(2)]

    kinds = sorted(type(task.result()).__name__ for task in asked)
    assert kinds == ["SignInRefused", "SignedIn"]


async def test_a_code_of_the_step_before_is_taken_and_then_none_older(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()
    earlier = member.passcode()
    place.clock.forward(seconds=30)
    code = member.passcode()

    assert isinstance(await member.sign_in(passcode=code), SignedIn)
    assert isinstance(await member.sign_in(passcode=earlier), SignInRefused)
    place.clock.forward(seconds=30)
    late = member.passcode()
    place.clock.forward(seconds=30)
    assert isinstance(await member.sign_in(passcode=late), SignedIn)


async def test_the_code_that_confirmed_an_authenticator_does_not_sign_in(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()
    place.clock.now -= timedelta(seconds=30)

    assert isinstance(await member.sign_in(), SignInRefused)


async def test_wrong_passcodes_are_counted_apart_from_wrong_passwords(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()

    for _ in range(4):
        await member.sign_in(password=OTHER_PASSWORD)
    for _ in range(4):
        await member.sign_in(passcode="000000")
    assert await place.emitted(AccountLocked) == []
    assert isinstance(await member.sign_in(), SignedIn)


async def test_five_wrong_passcodes_lock_and_many_at_once_are_looked_at_five_times(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()

    for _ in range(4):
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(member.sign_in(passcode="000000"))

    (locked,) = await place.emitted(AccountLocked)
    assert locked.guard == "passcode"
    assert isinstance(await member.sign_in(), SignInRefused)
    place.clock.forward(minutes=15)
    assert isinstance(await member.sign_in(), SignedIn)


async def test_wrong_codes_in_confirming_lock_too_and_confirm_nothing(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    offered = await member.ask(EnrolAuthenticator(name="phone"))
    secret = from_base32(place.open_reply(offered, "secret"))

    def confirm(code: str) -> ConfirmAuthenticator:
        return ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, code))

    for _ in range(5):
        assert await member.ask(confirm("000000")) == AuthenticatorRefused(reason="code_wrong")
    right = await member.ask(confirm(totp.passcode(secret, totp.step_at(place.clock()))))

    assert right == AuthenticatorRefused(reason="code_wrong")
    assert len(await place.emitted(AccountLocked)) == 1


async def test_a_secret_rests_encrypted_and_is_worth_nothing_in_another_row(place: Workplace) -> None:
    first, second = await a_signed_in_member(place), await a_signed_in_member(place)
    await first.enrol()
    await second.enrol()

    kept = await place.pool.fetchval("SELECT secret FROM authenticators LIMIT 1")
    assert first.secret not in kept
    await place.pool.execute(
        "UPDATE authenticators SET secret = (SELECT secret FROM authenticators WHERE account_id = $1)"
        " WHERE account_id = $2",
        first.account_id,
        second.account_id,
    )
    second.secret = first.secret
    with pytest.raises(AssertionError, match="InvalidTag"):
        await second.sign_in()


async def test_the_secret_is_shown_once_and_kept_nowhere_as_text(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked_by, message_id = await member.resolve(), new_id(place.clock())

    first = await place.send(EnrolAuthenticator(name="phone"), by=asked_by, message_id=message_id)
    secret = place.open_reply(first, "secret")
    again = await place.send(EnrolAuthenticator(name="phone"), by=asked_by, message_id=message_id)

    assert again == AuthenticatorOffered(
        authenticator_id=first.authenticator_id, secret=None, secret_shown_once=True
    )
    assert await tables_holding(place.pool, secret) == []


async def test_ten_authenticators_may_be_had_and_no_eleventh(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    for number in range(10):
        await member.enrol(f"phone {number}")

    outcome = await member.ask(EnrolAuthenticator(name="phone 11"))

    assert outcome == AuthenticatorRefused(reason="too_many")


async def test_two_authenticators_have_two_names_and_both_work(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.enrol("Phone")
    first = member.secret

    taken = await member.ask(EnrolAuthenticator(name=" phone "))
    await member.enrol("key")
    by_second = await member.sign_in()
    member.secret = first
    by_first = await member.sign_in()

    assert taken == AuthenticatorRefused(reason="name_taken")
    assert isinstance(by_second, SignedIn)
    assert isinstance(by_first, SignedIn)


async def test_somebody_elses_offer_cannot_be_confirmed(place: Workplace) -> None:
    member, other = await a_signed_in_member(place), await a_signed_in_member(place)
    offered = await other.ask(EnrolAuthenticator(name="phone"))
    secret = from_base32(place.open_reply(offered, "secret"))
    code = totp.passcode(secret, totp.step_at(place.clock()))

    outcome = await member.ask(
        ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, code))
    )

    assert outcome == AuthenticatorRefused(reason="not_found")


async def test_enrolling_needs_a_fresh_proof_and_once_enrolled_both_factors(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    place.clock.forward(minutes=10, seconds=1)
    stale = await member.ask(EnrolAuthenticator(name="phone"))
    await member.sign_in()
    await member.enrol()
    assert stale == NotAllowed(reason="proof_too_old")

    await place.pool.execute("UPDATE sessions SET level = 1")
    outcome = await member.ask(EnrolAuthenticator(name="another"))

    assert outcome == NotAllowed(reason="session_level_too_low")


async def test_an_authenticator_taken_into_use_ends_all_other_sessions_of_the_account(
    place: Workplace,
) -> None:
    other, member = await a_signed_in_member(place), await a_signed_in_member(place)
    by_password_alone = member.token
    asked_before = await member.resolve()
    await member.sign_in()

    await member.enrol()

    assert isinstance(await resolve(place, by_password_alone), SessionRefused)
    assert await place.send(EnrolAuthenticator(name="another"), by=asked_before) == NotAllowed(
        reason="assertion_invalid"
    )
    assert (await member.resolve()).level == 2
    assert (await other.resolve()).level == 1


async def test_a_wrong_code_in_confirming_ends_no_session(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    first_token = member.token
    await member.sign_in()
    offered = await member.ask(EnrolAuthenticator(name="phone"))

    await member.ask(
        ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, "no code"))
    )

    assert isinstance(await resolve(place, first_token), SessionResolved)


async def test_confirming_twice_under_one_id_is_answered_twice(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    offered = await member.ask(EnrolAuthenticator(name="phone"))
    secret = from_base32(place.open_reply(offered, "secret"))
    code = totp.passcode(secret, totp.step_at(place.clock()))
    command = ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, code))
    asked_by, message_id = await member.resolve(), new_id(place.clock())

    outcomes = [await place.send(command, by=asked_by, message_id=message_id) for _ in range(2)]

    assert outcomes == [AuthenticatorConfirmed(authenticator_id=offered.authenticator_id)] * 2
    assert len(await place.emitted(SecondFactorChanged)) == 1

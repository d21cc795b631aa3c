"""Authenticators in use: shown, renamed, removed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.accounts.rules import totp
from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountChanged,
    AuthenticatorRefused,
    AuthenticatorRemovalRefused,
    AuthenticatorRenamed,
    AuthenticatorShown,
    ConfirmAuthenticator,
    EnrolAuthenticator,
    MyAccount,
    RemoveAuthenticator,
    RenameAuthenticator,
    SecondFactorChanged,
    SessionRefused,
    SessionResolved,
    SignedIn,
    SignInRefused,
)
from shared.messages.base import NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_signed_in_member,
    an_enrolled_member,
    from_base32,
    quick_resources,
    resolve,
    sealed,
)
from tests.builders_factors import acts_of, backup_codes_of, second_factor_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def ids_of(member: Member) -> list[UUID]:
    return [shown.authenticator_id for shown in (await second_factor_of(member)).authenticators]


async def test_the_holder_sees_each_authenticator_and_how_many_codes_are_left(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    confirmed_at = place.clock()
    await member.enrol("Phone")
    await backup_codes_of(member)
    await member.ask(EnrolAuthenticator(name="never confirmed"))

    shown = await second_factor_of(member)

    (authenticator,) = shown.authenticators
    assert authenticator == AuthenticatorShown(
        authenticator_id=authenticator.authenticator_id, name="Phone", confirmed_at=confirmed_at
    )
    assert (shown.backup_codes_left, shown.required_for, shown.skips_left) == (10, None, None)


async def test_an_authenticator_is_renamed_and_the_mail_names_both(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    (phone,) = await ids_of(member)

    outcome = await member.ask(RenameAuthenticator(authenticator_id=phone, name=" Old phone "))

    renamed = AuthenticatorRenamed(
        account_id=member.account_id, authenticator_id=phone, previous_name="phone", name="Old phone"
    )
    assert outcome == renamed
    assert await place.emitted(AuthenticatorRenamed) == [renamed]
    assert (await member.ask(MyAccount())).authenticators == ("Old phone",)
    assert (await acts_of(member))[-1] == "authenticator_renamed"
    assert isinstance(await member.sign_in(), SignedIn)


async def test_a_new_name_is_one_that_no_other_has_and_there_must_be_something_to_rename(
    place: Workplace,
) -> None:
    member, other = await an_enrolled_member(place), await an_enrolled_member(place)
    await member.enrol("key")
    key, phone = await ids_of(member)

    async def rename(authenticator_id: UUID, name: str) -> Any:
        return await member.ask(RenameAuthenticator(authenticator_id=authenticator_id, name=name))

    assert await rename(phone, " KEY ") == AuthenticatorRefused(reason="name_taken")
    assert await rename((await ids_of(other))[0], "mine") == AuthenticatorRefused(reason="not_found")
    assert isinstance(await rename(phone, "PHONE"), AuthenticatorRenamed)
    assert await ids_of(member) == [key, phone]


async def test_the_tenth_authenticator_can_be_renamed(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    for number in range(10):
        await member.enrol(f"phone {number}")
    last = (await ids_of(member))[-1]

    assert isinstance(
        await member.ask(RenameAuthenticator(authenticator_id=last, name="key")), AuthenticatorRenamed
    )


async def test_a_name_that_was_given_away_while_it_was_offered_is_not_confirmed(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    (phone,) = await ids_of(member)
    offered = await member.ask(EnrolAuthenticator(name="key"))
    secret = from_base32(place.open_reply(offered, "secret"))
    await member.ask(RenameAuthenticator(authenticator_id=phone, name="key"))
    code = totp.passcode(secret, totp.step_at(place.clock()))

    outcome = await member.ask(
        ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, code))
    )

    assert outcome == AuthenticatorRefused(reason="name_taken")


async def test_a_removed_authenticator_makes_no_passcode_and_ends_all_other_sessions(
    place: Workplace,
) -> None:
    member = await an_enrolled_member(place)
    lost = member.secret
    await member.enrol("key")
    by_key, member.secret = member.secret, lost
    await member.sign_in()
    opened_with_it, member.secret = member.token, by_key
    await member.sign_in()
    phone = (await ids_of(member))[1]

    outcome = await member.ask(RemoveAuthenticator(authenticator_id=phone))

    assert outcome == SecondFactorChanged(
        account_id=member.account_id, change="removed", authenticator_name="phone"
    )
    assert (await place.emitted(SecondFactorChanged))[-1] == outcome
    assert isinstance(await resolve(place, opened_with_it), SessionRefused)
    assert isinstance(await resolve(place, member.token), SessionResolved)
    assert (await acts_of(member))[-1] == "authenticator_removed"
    place.clock.forward(seconds=30)
    member.secret = lost
    assert await member.sign_in() == SignInRefused()
    member.secret = by_key
    assert isinstance(await member.sign_in(), SignedIn)


async def test_with_the_last_one_the_factor_and_the_backup_codes_go(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    codes = await backup_codes_of(member)
    version = (await place.emitted(AccountChanged))[-1].version
    (phone,) = await ids_of(member)

    outcome = await member.ask(RemoveAuthenticator(authenticator_id=phone))

    changed = (await place.emitted(AccountChanged))[-1]
    assert outcome.was_last
    assert (changed.has_second_factor, changed.version) == (False, version + 1)
    assert (await second_factor_of(member)).backup_codes_left == 0
    assert (await member.sign_in(passcode="none is asked for")).level == 1
    await member.enrol("new phone")
    assert await member.sign_in(passcode=codes[0]) == SignInRefused()


async def test_somebody_elses_authenticator_and_one_only_offered_are_not_found(place: Workplace) -> None:
    member, other = await an_enrolled_member(place), await an_enrolled_member(place)
    offered = await member.ask(EnrolAuthenticator(name="another"))

    for authenticator_id in (*await ids_of(other), offered.authenticator_id, uuid4()):
        outcome = await member.ask(RemoveAuthenticator(authenticator_id=authenticator_id))
        assert outcome == AuthenticatorRemovalRefused(reason="not_found")

    assert isinstance(await other.sign_in(), SignedIn)


async def test_renaming_and_removing_need_both_factors_and_a_fresh_proof(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    (phone,) = await ids_of(member)
    acts = (
        RemoveAuthenticator(authenticator_id=phone),
        RenameAuthenticator(authenticator_id=phone, name="x"),
    )

    await place.pool.execute("UPDATE sessions SET level = 1")
    by_password_alone = [await member.ask(act) for act in acts]
    await place.pool.execute("UPDATE sessions SET level = 2")
    place.clock.forward(minutes=10, seconds=1)
    stale = [await member.ask(act) for act in acts]

    assert by_password_alone == [NotAllowed(reason="session_level_too_low")] * 2
    assert stale == [NotAllowed(reason="proof_too_old")] * 2

"""A lockout: what it ends, and how the mailed link ends it before its time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountLocked,
    AccountUnlocked,
    AuthenticatorRefused,
    ConfirmAuthenticator,
    EnrolAuthenticator,
    SessionRefused,
    SessionResolved,
    SignedIn,
    SignInRefused,
    TokenRefused,
    UnlockAccount,
)
from shared.messages.base import NotAllowed
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    OTHER_PASSWORD,
    Member,
    a_legacy_member,
    a_member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    resolve,
    sealed,
    sign_in,
    tables_holding,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    """Where nobody who needs a second factor may skip it."""
    async with quick_resources() as resources:
        strict = msgspec.structs.replace(resources.policies, second_factor_skips=0)
        yield await workplace_of(SERVICE, replace(resources, policies=strict))


async def lock(member: Member) -> None:
    """Five wrong passwords."""
    for _ in range(5):
        await sign_in(member.place, member.user_name, OTHER_PASSWORD)


async def unlock(place: Workplace, token: str) -> Any:
    return await place.send(UnlockAccount(token=sealed(place, token)))


async def mailed(place: Workplace) -> str:
    """The token in the latest mail that tells of a lock."""
    return (await place.open_emitted(AccountLocked, "unlock_token"))[-1]


async def test_the_mailed_link_ends_the_lock_and_says_so(place: Workplace) -> None:
    member = await a_member(place)
    await lock(member)
    token = await mailed(place)

    outcome = await unlock(place, token)

    assert outcome == AccountUnlocked(account_id=member.account_id)
    assert await place.emitted(AccountUnlocked) == [outcome]
    assert isinstance(await member.sign_in(), SignedIn)
    kinds = [row["kind"] for row in await place.pool.fetch("SELECT kind FROM history ORDER BY sequence")]
    assert kinds[-3:] == ["password_locked", "unlocked", "signed_in"]
    assert await tables_holding(place.pool, token) == []


async def test_no_link_ends_a_lock_of_passcodes_which_would_be_guessed_for_ever_from_a_stolen_mailbox(
    place: Workplace,
) -> None:
    member = await an_enrolled_member(place)
    await lock(member)
    token = await mailed(place)
    offered = await member.ask(EnrolAuthenticator(name="another"))
    for _ in range(5):
        await member.ask(
            ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, "000000"))
        )

    outcome = await unlock(place, token)

    locks = await place.emitted(AccountLocked)
    assert [event.unlock_token is None for event in locks] == [False, True]
    assert [event.guard for event in locks] == ["password", "passcode"]
    assert isinstance(outcome, AccountUnlocked)
    assert isinstance(await member.sign_in(), SignInRefused)
    place.clock.forward(minutes=15)
    assert isinstance(await member.sign_in(), SignedIn)


async def test_a_link_to_unlock_works_once_and_its_replacement_takes_its_place(place: Workplace) -> None:
    member = await a_member(place)
    await lock(member)
    first = await mailed(place)
    await unlock(place, first)
    await lock(member)
    second = await mailed(place)

    assert await unlock(place, first) == TokenRefused()
    assert isinstance(await member.sign_in(), SignInRefused)
    assert isinstance(await unlock(place, second), AccountUnlocked)
    assert await unlock(place, second) == TokenRefused()


async def test_a_link_used_twice_at_once_unlocks_once(place: Workplace) -> None:
    member = await a_member(place)
    await lock(member)
    token = await mailed(place)

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(unlock(place, token)) for _ in range(4)]

    outcomes = [task.result() for task in asked]
    assert outcomes.count(TokenRefused()) == 3
    assert await place.emitted(AccountUnlocked) == [AccountUnlocked(account_id=member.account_id)]


async def test_unlocking_asked_twice_under_one_id_is_answered_twice(place: Workplace) -> None:
    member = await a_member(place)
    await lock(member)
    command, message_id = (
        UnlockAccount(token=sealed(place, await mailed(place))),
        new_id(place.clock()),
    )

    outcomes = [await place.send(command, message_id=message_id) for _ in range(2)]

    assert outcomes == [AccountUnlocked(account_id=member.account_id)] * 2
    assert len(await place.emitted(AccountUnlocked)) == 1


async def test_a_link_to_unlock_lives_as_long_as_the_lock(place: Workplace) -> None:
    members = [await a_member(place) for _ in range(2)]
    for member in members:
        await lock(member)
    first, second = await place.open_emitted(AccountLocked, "unlock_token")
    events = await place.emitted(AccountLocked)

    place.clock.forward(minutes=15, seconds=-1)
    in_time = await unlock(place, first)
    place.clock.forward(seconds=1)
    late = await unlock(place, second)

    assert isinstance(in_time, AccountUnlocked)
    assert late == TokenRefused()
    assert all(event.locked_until == place.clock() for event in events)


async def test_a_token_of_anything_else_unlocks_nothing(place: Workplace) -> None:
    member = await a_member(place)
    await lock(member)
    kept = await place.pool.fetchval("SELECT token_hash FROM one_time_tokens")
    await place.pool.execute("UPDATE one_time_tokens SET purpose = 'recovery'")

    of_another_purpose = await unlock(place, await mailed(place))

    assert of_another_purpose == await unlock(place, kept.hex()) == await unlock(place, "") == TokenRefused()
    assert isinstance(await member.sign_in(), SignInRefused)


async def test_a_link_mailed_to_an_earlier_address_unlocks_nothing(place: Workplace) -> None:
    member = await a_member(place)
    await lock(member)
    await place.pool.execute("UPDATE accounts SET email = 'new@chambers.example'")

    assert await unlock(place, await mailed(place)) == TokenRefused()


async def test_who_unlocks_by_mail_has_five_more_guesses_and_no_more(place: Workplace) -> None:
    member = await a_member(place)
    await lock(member)
    await unlock(place, await mailed(place))
    await lock(member)

    assert len(await place.emitted(AccountLocked)) == 2
    assert isinstance(await member.sign_in(), SignInRefused)


async def test_an_address_that_nobody_proved_is_told_of_the_lock_and_gets_no_link(place: Workplace) -> None:
    member = await a_legacy_member(place)

    await lock(member)

    (locked,) = await place.emitted(AccountLocked)
    assert (locked.account_id, locked.unlock_token) == (member.account_id, None)
    assert await place.pool.fetchval("SELECT count(*) FROM one_time_tokens") == 0
    assert isinstance(await member.sign_in(password=LEGACY_PASSWORD), SignInRefused)


async def test_a_lockout_ends_a_half_open_login_whose_factor_is_still_to_be_enrolled(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place, kind="paa")
    offered = await member.ask(EnrolAuthenticator(name="phone"))
    asked_before = await member.resolve()

    await lock(member)

    assert isinstance(await resolve(place, member.token), SessionRefused)
    confirm = ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, "000000"))
    assert await place.send(confirm, by=asked_before) == NotAllowed(reason="assertion_invalid")
    assert await place.pool.fetchval("SELECT ended_by FROM sessions") == "lock"


async def test_wrong_codes_in_enrolling_end_the_half_open_login_that_gave_them(place: Workplace) -> None:
    member = await a_signed_in_member(place, kind="paa")
    offered = await member.ask(EnrolAuthenticator(name="phone"))

    for _ in range(5):
        wrong = ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, "000000"))
        assert await member.ask(wrong) == AuthenticatorRefused(reason="code_wrong")

    assert isinstance(await resolve(place, member.token), SessionRefused)


async def test_a_lockout_ends_no_session_of_somebody_else_and_none_that_is_whole(place: Workplace) -> None:
    other, whole = await a_signed_in_member(place, kind="paa"), await an_enrolled_member(place)

    await lock(whole)

    assert isinstance(await resolve(place, other.token), SessionResolved)
    assert isinstance(await resolve(place, whole.token), SessionResolved)

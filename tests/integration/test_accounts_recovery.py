"""Recovery: a link by e-mail that sets a new password, once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from services.accounts.service import SERVICE
from services.accounts.store import accounts
from shared.messages.accounts import (
    AccountRecovered,
    Busy,
    DeactivateAccount,
    PasswordChanged,
    RecoveryRefused,
    SessionRefused,
    SignedIn,
    SignInRefused,
    TokenRefused,
)
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    Member,
    a_member,
    a_password_change,
    a_person,
    a_signed_in_member,
    quick_resources,
    resolve,
    sign_in,
    tables_holding,
)
from tests.builders_factors import a_recovery, acts_of, mailed_link
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def is_password(member: Member, password: str) -> bool:
    return isinstance(await member.sign_in(password=password), SignedIn)


async def test_a_recovery_replaces_the_password_ends_all_sessions_and_opens_none(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await mailed_link(member)

    outcome = await place.send(a_recovery(place, token, network="192.0.2.0/24"))

    recovered = AccountRecovered(account_id=member.account_id)
    assert outcome == recovered
    assert await place.emitted(AccountRecovered) == [recovered]
    assert isinstance(await resolve(place, member.token), SessionRefused)
    assert await place.pool.fetchval("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 0
    assert (await acts_of(member))[-2:] == ["recovery_asked", "recovered"]
    assert not await is_password(member, PASSWORD)
    assert await is_password(member, OTHER_PASSWORD)


async def test_a_token_rests_as_its_hash_and_the_password_nowhere(place: Workplace) -> None:
    member = await a_member(place)
    token = await mailed_link(member)

    await place.send(a_recovery(place, token))

    assert len(token) == 43
    assert await tables_holding(place.pool, token) == []
    assert await tables_holding(place.pool, OTHER_PASSWORD) == []


async def test_a_recovery_token_reused_is_refused(place: Workplace) -> None:
    member = await a_member(place)
    token = await mailed_link(member)
    await place.send(a_recovery(place, token))

    again = await place.send(a_recovery(place, token, "third-lantern-oats-55"))

    assert again == TokenRefused()
    assert await is_password(member, OTHER_PASSWORD)


async def test_a_recovery_token_used_twice_at_once_recovers_once(place: Workplace) -> None:
    member = await a_member(place)
    token = await mailed_link(member)

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(place.send(a_recovery(place, token, password)))
            for password in (OTHER_PASSWORD, "third-lantern-oats-55")
        ]

    kinds = sorted(type(task.result()).__name__ for task in asked)
    assert kinds == ["AccountRecovered", "TokenRefused"]
    assert len(await place.emitted(AccountRecovered)) == 1


async def test_a_recovery_token_late_by_a_second_is_refused_and_one_in_time_is_not(place: Workplace) -> None:
    late, timely = await a_member(place), await a_member(place)
    late_token = await mailed_link(late)
    place.clock.forward(seconds=1)
    timely_token = await mailed_link(timely)
    place.clock.forward(minutes=15, seconds=-1)

    assert await place.send(a_recovery(place, late_token)) == TokenRefused()
    assert isinstance(await place.send(a_recovery(place, timely_token)), AccountRecovered)
    assert await is_password(late, PASSWORD)


async def test_a_token_for_something_else_does_not_recover(place: Workplace) -> None:
    member = await a_member(place)
    token = await mailed_link(member)
    await place.pool.execute("UPDATE one_time_tokens SET purpose = 'unlock'")

    assert await place.send(a_recovery(place, token)) == TokenRefused()
    assert await is_password(member, PASSWORD)


async def test_a_recovery_token_after_an_e_mail_change_is_refused(place: Workplace) -> None:
    member = await a_member(place)
    token = await mailed_link(member)
    async with place.pool.acquire() as connection:
        account = await accounts.get_account(connection, member.account_id)
        await accounts.update_account(connection, replace(account, email="new@elsewhere.example"))

    assert await place.send(a_recovery(place, token)) == TokenRefused()
    assert await is_password(member, PASSWORD)


async def test_a_password_changed_meanwhile_closes_the_link(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await mailed_link(member)
    assert isinstance(await member.ask(a_password_change(place)), PasswordChanged)

    assert await place.send(a_recovery(place, token, "third-lantern-oats-55")) == TokenRefused()


async def test_an_account_given_up_is_not_recovered(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await mailed_link(member)
    await member.ask(DeactivateAccount())

    assert await place.send(a_recovery(place, token)) == TokenRefused()


async def test_an_invented_token_is_refused(place: Workplace) -> None:
    assert await place.send(a_recovery(place, "no token")) == TokenRefused()


async def test_whoever_is_locked_out_after_wrong_passwords_recovers_and_signs_in_at_once(
    place: Workplace,
) -> None:
    member = await a_member(place)
    for _ in range(5):
        await sign_in(place, member.user_name, "wrong-wrong-wrong-1")
    assert await member.sign_in() == SignInRefused()

    outcome = await place.send(a_recovery(place, await mailed_link(member)))

    assert isinstance(outcome, AccountRecovered)
    assert await is_password(member, OTHER_PASSWORD)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "password_too_short"),
        ("x" * 129, "password_too_long"),
        ("password1234567", "password_too_common"),
    ],
)
async def test_a_new_password_is_judged_as_any_other_and_a_bad_one_keeps_the_link(
    place: Workplace, password: str, reason: Any
) -> None:
    member = await a_member(place)
    token = await mailed_link(member)

    refused = await place.send(a_recovery(place, token, password))

    assert refused == RecoveryRefused(reason=reason, field="new_password")
    assert isinstance(await place.send(a_recovery(place, token)), AccountRecovered)


async def test_a_new_password_holds_no_part_of_the_holders_own_name(place: Workplace) -> None:
    member = await a_member(place, person=a_person(first_name="Quibbley"))
    token = await mailed_link(member)

    refused = await place.send(a_recovery(place, token, "lantern-quibble-oats-55"))

    assert refused == RecoveryRefused(reason="password_holds_own_data", field="new_password")


async def test_asked_twice_under_one_id_and_over_two_networks_a_recovery_is_answered_twice_and_done_once(
    place: Workplace,
) -> None:
    member = await a_member(place)
    command, message_id = a_recovery(place, await mailed_link(member)), new_id(place.clock())
    sent = [command.with_changes(network=network) for network in ("192.0.2.0/24", "198.51.100.0/24")]

    outcomes = [await place.send(each, message_id=message_id) for each in sent]

    assert outcomes == [AccountRecovered(account_id=member.account_id)] * 2
    assert len(await place.emitted(AccountRecovered)) == 1


async def test_when_too_many_passwords_wait_a_recovery_is_busy_and_the_link_stays_good(
    workplace_of: Make,
) -> None:
    may_go_on = threading.Event()
    async with quick_resources(hashing_threads=1, waiting_limit=1) as resources:
        place = await workplace_of(SERVICE, resources)
        member = await a_member(place)
        token = await mailed_link(member)

        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(resources.hashing.run(may_go_on.wait))
            busy = await place.send(a_recovery(place, token))
            may_go_on.set()

        assert isinstance(busy, Busy)
        assert isinstance(await place.send(a_recovery(place, token)), AccountRecovered)

"""Signing in: one answer for every failure, and no guess that isn't counted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import argon2
import pytest

from services.accounts.service import SERVICE
from services.accounts.settings import Resources
from shared.messages.accounts import (
    AccountLocked,
    Busy,
    SessionResolved,
    SignedIn,
    SignInRefused,
)
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    a_member,
    quick_resources,
    resolve,
    sign_in,
)
from tests.counting_hasher import CountingHasher
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
async def resources(hasher: CountingHasher) -> AsyncIterator[Resources]:
    async with quick_resources(waiting_limit=100) as made:
        yield replace(made, hasher=hasher)


@pytest.fixture
async def place(workplace_of: Make, resources: Resources) -> Workplace:
    return await workplace_of(SERVICE, resources)


async def test_a_session_has_a_token_of_128_characters_of_which_only_the_hash_is_kept(
    place: Workplace,
) -> None:
    member = await a_member(place)

    outcome = await member.sign_in()

    assert outcome.level == 1
    assert len(member.token) == 128
    kept = await place.pool.fetchval("SELECT s::text FROM sessions s")
    assert member.token not in kept
    assert isinstance(await resolve(place, member.token), SessionResolved)


async def test_user_names_are_equal_whatever_their_case_and_passwords_are_not(place: Workplace) -> None:
    member = await a_member(place)

    assert isinstance(await sign_in(place, member.user_name.upper(), PASSWORD), SignedIn)
    assert isinstance(await sign_in(place, member.user_name, PASSWORD.upper()), SignInRefused)


async def test_nfc_and_nfd_twins_are_one_password(place: Workplace) -> None:
    member = await a_member(place, password="caf\u00e9-glimmer-40-pond")

    assert isinstance(await sign_in(place, member.user_name, "cafe\u0301-glimmer-40-pond"), SignedIn)


async def test_unknown_user_and_wrong_password_are_alike_in_body_and_call_the_hasher_once_each(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)

    wrong = await sign_in(place, member.user_name, OTHER_PASSWORD)
    for_wrong = len(hasher.compared)
    unknown = await sign_in(place, "nobody.at.all", OTHER_PASSWORD)
    for_unknown = len(hasher.compared) - for_wrong
    impossible = await sign_in(place, "no user name \x00", OTHER_PASSWORD)

    assert wrong == unknown == impossible == SignInRefused()
    assert (for_wrong, for_unknown, len(hasher.compared)) == (1, 1, 3)
    first, second, third = (argon2.extract_parameters(str(compared)) for compared in hasher.compared)
    assert first == second == third


async def test_fifty_parallel_wrong_passwords_against_a_limit_of_five_are_compared_five_times_and_lock_once(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    kept = await place.pool.fetchval("SELECT password_hash FROM credentials")

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(sign_in(place, member.user_name, f"{OTHER_PASSWORD}{number}"))
            for number in range(50)
        ]

    assert {task.result() for task in asked} == {SignInRefused()}
    assert hasher.compared.count(kept) == 5
    assert len(hasher.compared) == 50
    assert len(await place.emitted(AccountLocked)) == 1
    assert isinstance(await sign_in(place, member.user_name, PASSWORD), SignInRefused)


async def test_a_right_password_among_many_wrong_ones_gets_in_only_within_the_limit(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    kept = await place.pool.fetchval("SELECT password_hash FROM credentials")
    hasher.may_work.clear()

    async with asyncio.TaskGroup() as group:
        wrong = [
            group.create_task(sign_in(place, member.user_name, f"{OTHER_PASSWORD}{number}"))
            for number in range(5)
        ]
        await until(lambda: attempts(place), equals=5)
        right = group.create_task(sign_in(place, member.user_name, PASSWORD))
        hasher.may_work.set()

    assert {task.result() for task in [*wrong, right]} == {SignInRefused()}
    assert hasher.compared.count(kept) == 5


async def test_a_lockout_ends_a_sign_in_whose_password_is_being_compared(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    hasher.may_work.clear()

    async with asyncio.TaskGroup() as group:
        right = group.create_task(sign_in(place, member.user_name, PASSWORD))
        await until(lambda: attempts(place), equals=1)
        await place.pool.execute(
            "UPDATE guards SET locked_until = $1 WHERE kind = 'password'",
            place.clock() + timedelta(minutes=1),
        )
        hasher.may_work.set()

    assert right.result() == SignInRefused()


async def test_a_password_changed_while_it_is_compared_opens_nothing(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    hasher.may_work.clear()

    async with asyncio.TaskGroup() as group:
        right = group.create_task(sign_in(place, member.user_name, PASSWORD))
        await until(lambda: attempts(place), equals=1)
        await place.pool.execute(
            "UPDATE credentials SET changed_at = $1", place.clock() + timedelta(seconds=1)
        )
        hasher.may_work.set()

    assert right.result() == SignInRefused()


async def attempts(place: Workplace) -> int:
    return int(
        await place.pool.fetchval("SELECT max(cardinality(attempts)) FROM guards WHERE kind = 'password'")
    )


async def until(probe: Callable[[], Awaitable[int]], *, equals: int) -> None:
    async with asyncio.timeout(10):
        while await probe() != equals:  # noqa: ASYNC110 (the probe asks a database or a thread pool)
            await asyncio.sleep(0.01)


async def test_five_failures_lock_for_fifteen_minutes_and_not_a_moment_longer(place: Workplace) -> None:
    member = await a_member(place)
    for _ in range(5):
        await sign_in(place, member.user_name, OTHER_PASSWORD)

    (locked,) = await place.emitted(AccountLocked)
    place.clock.forward(minutes=15, seconds=-1)
    before = await sign_in(place, member.user_name, PASSWORD)
    place.clock.forward(seconds=1)
    after = await sign_in(place, member.user_name, PASSWORD)

    assert locked.account_id == member.account_id
    assert locked.locked_until == place.clock()
    assert isinstance(before, SignInRefused)
    assert isinstance(after, SignedIn)


async def test_four_failures_do_not_lock_and_failures_grow_old(place: Workplace) -> None:
    member = await a_member(place)
    for _ in range(4):
        await sign_in(place, member.user_name, OTHER_PASSWORD)

    place.clock.forward(minutes=15)
    await sign_in(place, member.user_name, OTHER_PASSWORD)

    assert await place.emitted(AccountLocked) == []
    assert isinstance(await sign_in(place, member.user_name, PASSWORD), SignedIn)


async def test_signing_in_forgives_earlier_failures(place: Workplace) -> None:
    member = await a_member(place)
    for _ in range(2):
        for _ in range(4):
            await sign_in(place, member.user_name, OTHER_PASSWORD)
        await member.sign_in()

    assert await place.emitted(AccountLocked) == []


async def test_who_is_signed_in_stays_so_while_others_guess(place: Workplace) -> None:
    member = await a_member(place)
    await member.sign_in()
    for _ in range(5):
        await sign_in(place, member.user_name, OTHER_PASSWORD)

    assert isinstance(await resolve(place, member.token), SessionResolved)


async def test_over_the_limit_of_the_line_the_answer_is_busy_and_nothing_is_counted(
    workplace_of: Make, hasher: CountingHasher
) -> None:
    async with quick_resources(hashing_threads=1, waiting_limit=2) as made:
        place = await workplace_of(SERVICE, replace(made, hasher=hasher))
        member = await a_member(place)
        hasher.may_work.clear()

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(sign_in(place, f"nobody.{number}", PASSWORD)) for number in range(3)]
            await until(lambda: running(made), equals=3)
            mine = await sign_in(place, member.user_name, PASSWORD)
            hasher.may_work.set()

        assert isinstance(mine, Busy)
        assert [task.result() for task in asked] == [SignInRefused()] * 3
        assert await attempts(place) == 0
        assert isinstance(await sign_in(place, member.user_name, PASSWORD), SignedIn)


async def running(resources: Resources) -> int:
    return resources.hashing._taken


async def test_a_password_is_hashed_anew_when_the_parameters_rise_and_only_then(
    place: Workplace, resources: Resources
) -> None:
    member = await a_member(place)
    await member.sign_in()
    first = await place.pool.fetchval("SELECT password_hash FROM credentials")
    stronger = argon2.PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)

    place.resources = replace(resources, hasher=stronger)
    await member.sign_in()
    second = await place.pool.fetchval("SELECT password_hash FROM credentials")
    await member.sign_in()
    third = await place.pool.fetchval("SELECT password_hash FROM credentials")

    assert argon2.extract_parameters(first).memory_cost == 64
    assert argon2.extract_parameters(second).memory_cost == 128
    assert second == third

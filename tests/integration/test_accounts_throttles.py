"""Sign-ins are throttled per network and in all: counted in the database before anything is hashed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.accounts.rules.throttles import (
    retry_after_seconds,
    throttle_of_account,
    throttle_of_all,
    throttle_of_network,
)
from services.accounts.service import SERVICE
from services.accounts.settings import Resources
from services.accounts.store.attempts import count_attempt
from shared.messages.accounts import Busy, SignedIn, SignInRefused
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    a_member,
    an_enrolled_member,
    quick_resources,
    sign_in,
)
from tests.counting_hasher import CountingHasher
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"
NETWORK_FAILURES, IN_ALL = 3, 20


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
async def resources(hasher: CountingHasher) -> AsyncIterator[Resources]:
    async with quick_resources() as made:
        strict = msgspec.structs.replace(
            made.policies, network_failures=NETWORK_FAILURES, sign_ins_a_minute=IN_ALL
        )
        yield replace(made, policies=strict, hasher=hasher)


@pytest.fixture
async def place(workplace_of: Make, resources: Resources) -> Workplace:
    return await workplace_of(SERVICE, resources)


async def guess(place: Workplace, number: int, network: str = HERE) -> Any:
    """One guess at the password of somebody new."""
    return await sign_in(place, f"victim.{number}", OTHER_PASSWORD, network=network)


async def counted(place: Workplace, scope: str, subject: str = "") -> int | None:
    found: int | None = await place.pool.fetchval(
        "SELECT attempt_count FROM throttles WHERE scope = $1 AND subject = $2", scope, subject
    )
    return found


async def test_guesses_at_many_accounts_from_one_network_are_stopped_before_hashing(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    for number in range(NETWORK_FAILURES):
        assert isinstance(await guess(place, number), SignInRefused)
    hashed = len(hasher.compared)

    known = await sign_in(place, member.user_name, PASSWORD, network=HERE)
    unknown = await guess(place, 99)

    assert known == unknown == Busy(retry_after_seconds=60)
    assert len(hasher.compared) == hashed
    assert isinstance(await sign_in(place, member.user_name, PASSWORD, network=THERE), SignedIn)


async def test_many_guesses_at_once_from_one_network_are_compared_as_often_as_its_limit(
    place: Workplace, hasher: CountingHasher
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(guess(place, number)) for number in range(15)]

    answers = [task.result() for task in asked]
    assert answers.count(SignInRefused()) == len(hasher.compared) == NETWORK_FAILURES
    assert sum(isinstance(answer, Busy) for answer in answers) == 15 - NETWORK_FAILURES


async def test_a_network_may_try_again_once_the_window_is_over_and_not_a_moment_before(
    place: Workplace,
) -> None:
    for number in range(NETWORK_FAILURES):
        await guess(place, number)

    place.clock.forward(minutes=15, seconds=-1)
    before = await guess(place, 10)
    place.clock.forward(seconds=1)
    after = await guess(place, 11)

    assert before == Busy(retry_after_seconds=1)
    assert after == SignInRefused()


async def test_a_success_takes_its_own_count_back_and_a_wrong_passcode_does_not(place: Workplace) -> None:
    member = await an_enrolled_member(place)

    for _ in range(2 * NETWORK_FAILURES):
        place.clock.forward(seconds=30)
        assert isinstance(await member.sign_in(network=HERE), SignedIn)
    assert await counted(place, "network", HERE) == 0
    await member.sign_in(network=HERE, passcode="000000")

    assert await counted(place, "network", HERE) == 1


async def test_a_success_in_a_new_window_takes_nothing_back_that_others_failed(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    hasher.may_work.clear()

    async with asyncio.TaskGroup() as group:
        slow = group.create_task(sign_in(place, member.user_name, PASSWORD, network=HERE))
        await until_counted(place, HERE, 1)
        place.clock.forward(minutes=15)
        failing = group.create_task(guess(place, 1))
        await until_window_began(place, HERE)
        hasher.may_work.set()

    assert (type(slow.result()), failing.result()) == (SignedIn, SignInRefused())
    assert await counted(place, "network", HERE) == 1


async def test_who_sends_no_network_is_throttled_as_one_network(place: Workplace) -> None:
    for number in range(NETWORK_FAILURES):
        await guess(place, number, network="")

    assert isinstance(await guess(place, 10, network=""), Busy)
    assert await guess(place, 11, network=HERE) == SignInRefused()


async def test_all_sign_ins_of_a_minute_are_limited_whoever_makes_them_and_nothing_else_is_counted(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    for number in range(IN_ALL):
        await guess(place, number, network=f"2001:db8:{number}::/48")
    hashed = len(hasher.compared)

    over = await sign_in(place, member.user_name, PASSWORD, network=THERE)

    assert over == Busy(retry_after_seconds=60)
    assert len(hasher.compared) == hashed == IN_ALL
    assert await counted(place, "network", THERE) is None
    assert await place.pool.fetchval("SELECT max(cardinality(attempts)) FROM guards") == 0
    place.clock.forward(minutes=1)
    assert isinstance(await sign_in(place, member.user_name, PASSWORD, network=THERE), SignedIn)


async def test_one_network_over_its_limit_uses_nothing_up_of_everybodys(place: Workplace) -> None:
    for number in range(NETWORK_FAILURES + IN_ALL):
        await guess(place, number)

    assert await counted(place, "all") == NETWORK_FAILURES


async def test_a_sign_in_has_its_place_in_line_before_it_is_counted_and_keeps_it(
    workplace_of: Make, resources: Resources, hasher: CountingHasher
) -> None:
    async with quick_resources(hashing_threads=1, waiting_limit=1) as narrow:
        place = await workplace_of(SERVICE, replace(resources, hashing=narrow.hashing))
        member = await a_member(place)
        hasher.may_work.clear()

        async with asyncio.TaskGroup() as group:
            async with place.pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT FROM guards FOR UPDATE")
                mine = group.create_task(sign_in(place, member.user_name, PASSWORD, network=THERE))
                await until_a_lock_is_waited_for(place)
                other = group.create_task(guess(place, 1))
                await until_full(narrow)
                late = await guess(place, 2)
            hasher.may_work.set()

    assert isinstance(late, Busy)
    assert isinstance(mine.result(), SignedIn)
    assert other.result() == SignInRefused()
    assert await counted(place, "all") == 2


async def test_a_password_replaced_while_a_sign_in_waits_to_be_counted_opens_nothing_any_more(
    place: Workplace,
) -> None:
    member = await a_member(place)

    async with asyncio.TaskGroup() as group, place.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM guards FOR UPDATE")
        asked = group.create_task(sign_in(place, member.user_name, PASSWORD, network=THERE))
        await until_a_lock_is_waited_for(place)
        new_hash = place.resources.hasher.hash(OTHER_PASSWORD)
        replaced = "UPDATE credentials SET password_hash = $1, changed_at = changed_at + interval '1 second'"
        await connection.execute(replaced, new_hash)

    assert asked.result() == SignInRefused()
    assert isinstance(await sign_in(place, member.user_name, OTHER_PASSWORD, network=THERE), SignedIn)


async def test_counts_whose_window_is_over_are_forgotten_and_others_stay(place: Workplace) -> None:
    await guess(place, 1, network=HERE)
    place.clock.forward(minutes=14, seconds=59)
    await guess(place, 2, network=THERE)

    assert await place.work_off("forget_what_is_over") == 0
    place.clock.forward(seconds=1)
    assert await place.work_off("forget_what_is_over") == 1

    kept = await place.pool.fetch("SELECT scope, subject FROM throttles ORDER BY scope")
    assert [tuple(row) for row in kept] == [("all", ""), ("network", THERE)]


async def test_a_pause_is_at_least_a_second_and_at_most_a_minute(place: Workplace) -> None:
    policies, now = place.resources.policies, place.clock()
    async with place.pool.acquire() as connection:
        _, (of_network, in_all) = await count_attempt(
            connection,
            throttle_of_account("", policies),
            throttle_of_network(HERE, policies),
            throttle_of_all(policies),
            now,
        )

    place.clock.forward(seconds=59.5)
    assert retry_after_seconds(in_all, place.clock()) == 1
    assert retry_after_seconds(of_network, place.clock()) == 60


async def until_counted(place: Workplace, subject: str, count: int) -> None:
    async with asyncio.timeout(10):
        while await counted(place, "network", subject) != count:  # noqa: ASYNC110 (a probe of the database)
            await asyncio.sleep(0.01)


async def until_full(resources: Resources) -> None:
    async with asyncio.timeout(10):
        while not resources.hashing.is_full:  # noqa: ASYNC110 (a probe of a pool of threads)
            await asyncio.sleep(0.01)


async def until_window_began(place: Workplace, subject: str) -> None:
    began = "SELECT window_started_at FROM throttles WHERE scope = 'network' AND subject = $1"
    async with asyncio.timeout(10):
        while await place.pool.fetchval(began, subject) != place.clock():  # noqa: ASYNC110 (a probe)
            await asyncio.sleep(0.01)


async def until_a_lock_is_waited_for(place: Workplace) -> None:
    waiting = """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
    """
    async with asyncio.timeout(10):
        while await place.pool.fetchval(waiting) == 0:  # noqa: ASYNC110 (a probe of the database)
            await asyncio.sleep(0.01)

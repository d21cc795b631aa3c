"""An attempt to sign in is counted in one statement, as the rules say, and settled in few more."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.accounts.model import Credential, Guard
from services.accounts.rules import guards, throttles
from services.accounts.service import SERVICE
from services.accounts.store import credentials
from services.accounts.store.attempts import count_attempt
from shared.database import rolled_back
from shared.messages.accounts import SignedIn
from shared.messaging.registry import Service
from tests.builders_accounts import PASSWORD, Member, a_member, quick_resources, sign_in
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
HERE = "192.0.2.0/24"


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def count(place: Workplace, member: Member) -> Credential | None:
    """Count one attempt at the member's account, and commit that."""
    policies = place.resources.policies
    async with place.pool.acquire() as connection:
        credential, _ = await count_attempt(
            connection,
            throttles.throttle_of_account(member.user_name, policies),
            throttles.throttle_of_network(HERE, policies),
            throttles.throttle_of_all(policies),
            place.clock(),
        )
    return credential


async def guard_of(place: Workplace, member: Member) -> Guard:
    async with place.pool.acquire() as connection:
        return await credentials.lock_guard(connection, member.account_id, "password")


@pytest.mark.parametrize("locked_for_seconds", [None, -1, 0, 1])
@pytest.mark.parametrize(
    "seconds_ago",
    [(), (4, 3, 2, 1), (5, 4, 3, 2, 1), (900, 4, 3, 2, 1), (899, 4, 3, 2, 1), (901, 900), (0, 0, 0, 0)],
)
async def test_the_database_counts_a_guess_exactly_as_the_rule_does(
    place: Workplace, seconds_ago: tuple[int, ...], locked_for_seconds: int | None
) -> None:
    member, now = await a_member(place), place.clock()
    before = Guard(
        account_id=member.account_id,
        kind="password",
        attempts=tuple(now - timedelta(seconds=ago) for ago in seconds_ago),
        locked_until=None if locked_for_seconds is None else now + timedelta(seconds=locked_for_seconds),
    )
    async with place.pool.acquire() as connection:
        await credentials.update_guard(connection, before)

    credential = await count(place, member)

    by_rule = guards.count_attempt(before, now, place.resources.policies)
    assert await guard_of(place, member) == (by_rule or before)
    assert (credential is None) is (by_rule is None)


async def test_a_guess_at_one_account_is_counted_for_no_other(place: Workplace) -> None:
    member, other = await a_member(place), await a_member(place)

    found = await count(place, member)

    assert found is not None
    assert found.account_id == member.account_id
    assert (await guard_of(place, other)).attempts == ()


async def test_a_sign_in_with_a_password_takes_six_statements(place: Workplace) -> None:
    """Each is a round trip, which costs more than what the statement does."""
    member, seen = await a_member(place), []
    await sign_in(place, member.user_name, PASSWORD, network=HERE)

    async with rolled_back(place.pool) as pool, pool.acquire() as connection:
        with connection.query_logger(lambda asked: seen.append(asked.query)):
            answer = await sign_in(replace(place, pool=pool), member.user_name, PASSWORD, network=HERE)

    assert isinstance(answer, SignedIn)
    statements = [query for query in seen if "SAVEPOINT" not in query]
    assert len(statements) == 6, statements

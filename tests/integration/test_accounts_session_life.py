"""How long a session and a password live, and where somebody signs in from."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from services.accounts.rules.access import in_force
from services.accounts.service import SERVICE
from services.accounts.settings import Resources
from services.accounts.store.resolving import use_session
from services.accounts.store.saving import hash_token
from shared.database import rolled_back
from shared.messages.accounts import (
    SessionRefused,
    SessionResolved,
    SignedInFromNewPlace,
)
from shared.messaging.registry import Service
from shared.policies import read_policies
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    a_member,
    a_signed_in_member,
    quick_resources,
    resolve,
    sealed,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
USUAL = read_policies().accounts
DURABLE = "SELECT current_setting('synchronous_commit')"


@pytest.fixture
async def resources() -> AsyncIterator[Resources]:
    async with quick_resources(waiting_limit=100) as made:
        yield made


@pytest.fixture
async def place(workplace_of: Make, resources: Resources) -> Workplace:
    return await workplace_of(SERVICE, resources)


async def test_a_sign_in_from_a_second_network_is_told_and_from_the_first_is_not(place: Workplace) -> None:
    member = await a_member(place)

    for network in ("", "192.0.2.0/24", "192.0.2.0/24"):
        await member.sign_in(network=network)
    assert await place.emitted(SignedInFromNewPlace) == []
    await member.sign_in(network="198.51.100.0/24")

    assert [event.account_id for event in await place.emitted(SignedInFromNewPlace)] == [member.account_id]


async def test_a_session_ends_after_thirty_idle_minutes(place: Workplace) -> None:
    member = await a_member(place)
    await member.sign_in()

    place.clock.forward(minutes=30, seconds=-1)
    assert isinstance(await resolve(place, member.token), SessionResolved)
    place.clock.forward(minutes=30, seconds=-1)
    assert isinstance(await resolve(place, member.token), SessionResolved)
    place.clock.forward(minutes=30)
    assert isinstance(await resolve(place, member.token), SessionRefused)


async def test_a_session_ends_after_twelve_hours_however_it_is_used(place: Workplace) -> None:
    member = await a_member(place)
    await member.sign_in()

    for _ in range(12 * 3 - 1):
        place.clock.forward(minutes=20)
        assert isinstance(await resolve(place, member.token), SessionResolved)
    place.clock.forward(minutes=19, seconds=30)
    last = await resolve(place, member.token)
    place.clock.forward(seconds=30)

    assert (last.expires_at - place.clock()).total_seconds() == 0
    assert isinstance(await resolve(place, member.token), SessionRefused)


async def test_with_the_rule_of_180_days_an_old_password_must_be_changed_first(
    workplace_of: Make, resources: Resources
) -> None:
    import msgspec

    from shared.messages.accounts import ChangePassword

    strict = msgspec.structs.replace(resources.policies, password_max_age_days=180)
    place = await workplace_of(SERVICE, replace(resources, policies=strict))
    member = await a_member(place)

    place.clock.forward(days=180, seconds=-1)
    assert not (await member.sign_in()).must_change_password
    place.clock.forward(seconds=1)
    outcome = await member.sign_in()

    assert outcome.must_change_password
    assert isinstance(await resolve(place, member.token, "linking"), SessionRefused)
    await member.ask(
        ChangePassword(present_password=sealed(place, PASSWORD), new_password=sealed(place, OTHER_PASSWORD))
    )
    assert not (await member.sign_in(password=OTHER_PASSWORD)).must_change_password
    assert isinstance(await resolve(place, member.token, "linking"), SessionResolved)


async def test_resolving_is_one_statement_that_waits_for_no_disk_and_others_go_on_waiting(
    place: Workplace,
) -> None:
    member, seen = await a_signed_in_member(place), []

    async with rolled_back(place.pool) as pool, pool.acquire() as connection:
        before = await connection.fetchval(DURABLE)
        with connection.query_logger(lambda asked: seen.append(asked.query)):
            resolved = await resolve(replace(place, pool=pool), member.token)
        within = await connection.fetchval(DURABLE)
    async with place.pool.acquire() as connection:
        now = place.clock()
        used = await use_session(connection, hash_token(member.token), in_force(now, USUAL), now)
        after = await connection.fetchval(DURABLE)

    assert isinstance(resolved, SessionResolved)
    assert used is not None
    assert len(seen) == 1, seen
    assert (before, within, after) == ("on", "off", "on")

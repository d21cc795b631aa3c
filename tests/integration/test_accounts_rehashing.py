"""A better verifier is made of a password once it has let its holder in, and of no other."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import argon2
import msgspec
import pytest

from services.accounts.checks.rehashing import rehash
from services.accounts.service import SERVICE
from services.accounts.settings import Resources
from services.accounts.store.credentials import get_credential
from shared.messages.accounts import ProofRefused, ProveAgain, ProvedAgain, SignedIn, SignInRefused
from shared.messaging.registry import Service
from tests.accounts_clients import authenticate
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    OTHER_PASSWORD,
    PASSWORD,
    a_legacy_row,
    a_member,
    a_signed_in_member,
    an_enrolled_member,
    load,
    quick_resources,
    sealed,
    sign_in,
)
from tests.counting_hasher import CountingHasher
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
WEAKER = argon2.PasswordHasher(time_cost=1, memory_cost=32, parallelism=1)
STRONGER = argon2.PasswordHasher(time_cost=2, memory_cost=128, parallelism=4)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
async def resources(hasher: CountingHasher) -> AsyncIterator[Resources]:
    async with quick_resources() as made:
        yield replace(made, hasher=hasher)


@pytest.fixture
async def place(workplace_of: Make, resources: Resources) -> Workplace:
    return await workplace_of(SERVICE, resources)


async def work_of(hasher: CountingHasher, attempt: Awaitable[Any]) -> tuple[Any, int, int]:
    """The answer, and how often it was compared and hashed for it."""
    compared, hashed = len(hasher.compared), hasher.hashed_count
    answer = await attempt
    return answer, len(hasher.compared) - compared, hasher.hashed_count - hashed


async def keep(place: Workplace, password_hash: str) -> None:
    await place.pool.execute("UPDATE credentials SET password_hash = $1", password_hash)


async def kept_hash(place: Workplace) -> Any:
    return await place.pool.fetchval("SELECT password_hash FROM credentials")


async def test_a_right_password_of_a_shared_login_costs_no_more_work_than_a_wrong_one(
    place: Workplace, hasher: CountingHasher
) -> None:
    row = a_legacy_row(user_name="chambers-of-hale", is_shared=True)
    await load(place, row)

    wrong = await work_of(hasher, sign_in(place, row.user_name, OTHER_PASSWORD))
    right = await work_of(hasher, sign_in(place, row.user_name, LEGACY_PASSWORD))

    assert wrong == right == (SignInRefused(), 1, 0)


async def test_a_right_password_without_its_passcode_costs_no_more_work_than_a_wrong_one(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await an_enrolled_member(place)
    await keep(place, WEAKER.hash(PASSWORD))

    wrong = await work_of(hasher, sign_in(place, member.user_name, OTHER_PASSWORD))
    right = await work_of(hasher, sign_in(place, member.user_name, PASSWORD, passcode="000000"))
    proof = ProveAgain(password=sealed(place, PASSWORD), passcode=sealed(place, "000000"))
    unproved = await work_of(hasher, member.ask(proof))
    whole = await work_of(hasher, member.sign_in())

    assert wrong == right == (SignInRefused(), 1, 0)
    assert unproved == (ProofRefused(), 1, 0)
    assert whole[1:] == (1, 1)


async def test_a_program_that_may_not_come_in_yet_costs_no_more_work_than_a_wrong_password(
    workplace_of: Make, resources: Resources, hasher: CountingHasher
) -> None:
    strict = msgspec.structs.replace(resources.policies, second_factor_skips=0)
    place = await workplace_of(SERVICE, replace(resources, policies=strict))
    member = await a_member(place, kind="paa")
    await keep(place, WEAKER.hash(PASSWORD))

    wrong = await work_of(hasher, authenticate(place, member.user_name, OTHER_PASSWORD))
    right = await work_of(hasher, authenticate(place, member.user_name, PASSWORD))

    assert wrong == right
    assert right[1:] == (1, 0)


async def test_a_fresh_proof_takes_better_parameters_up_too(place: Workplace, hasher: CountingHasher) -> None:
    member = await a_signed_in_member(place)
    await keep(place, WEAKER.hash(PASSWORD))

    outcome = await member.ask(ProveAgain(password=sealed(place, PASSWORD)))

    assert isinstance(outcome, ProvedAgain)
    assert argon2.extract_parameters(await kept_hash(place)).memory_cost == hasher.memory_cost


async def test_a_verifier_stronger_than_todays_is_never_replaced_by_a_weaker_one(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    stronger = STRONGER.hash(PASSWORD)
    await keep(place, stronger)

    answer, compared, hashed = await work_of(hasher, member.sign_in())

    assert isinstance(answer, SignedIn)
    assert (compared, hashed) == (1, 0)
    assert await kept_hash(place) == stronger


async def test_a_password_changed_while_the_old_one_is_hashed_anew_stays(place: Workplace) -> None:
    member = await a_member(place)
    await keep(place, WEAKER.hash(PASSWORD))
    async with place.bench.transaction() as work:
        compared = await get_credential(work.connection, member.account_id)
    newer = WEAKER.hash(OTHER_PASSWORD)
    later = place.clock() + timedelta(seconds=1)
    await place.pool.execute("UPDATE credentials SET password_hash = $1, changed_at = $2", newer, later)

    await rehash(compared, PASSWORD, place.bench)

    assert await kept_hash(place) == newer


async def test_whoever_is_in_stays_in_when_there_is_no_place_in_line_to_hash_anew(
    workplace_of: Make, resources: Resources
) -> None:
    async with quick_resources(hashing_threads=1, waiting_limit=1) as narrow:
        place = await workplace_of(SERVICE, replace(resources, hashing=narrow.hashing))
        member = await a_member(place)
        await keep(place, WEAKER.hash(PASSWORD))
        before = await kept_hash(place)
        async with place.bench.transaction() as work:
            compared = await get_credential(work.connection, member.account_id)
        narrow.hashing._taken = 2

        await rehash(compared, PASSWORD, place.bench)

    assert await kept_hash(place) == before

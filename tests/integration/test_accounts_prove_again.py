"""Proving again within a session who holds it, as sensitive acts need."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.accounts.service import SERVICE
from services.accounts.settings import Resources
from shared.messages.accounts import (
    AccountDeactivated,
    AccountLocked,
    AccountUpgraded,
    Busy,
    DeactivateAccount,
    EnrolAuthenticator,
    ProofRefused,
    ProveAgain,
    ProvedAgain,
    SignInRefused,
    SignOut,
)
from shared.messages.base import NotAllowed
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    OTHER_PASSWORD,
    PASSWORD,
    Member,
    a_legacy_member,
    a_password_change,
    a_signed_in_member,
    an_enrolled_member,
    an_upgrade,
    quick_resources,
    resolve,
    sealed,
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
    async with quick_resources(hashing_threads=1, waiting_limit=20) as made:
        yield replace(made, hasher=hasher)


@pytest.fixture
async def place(workplace_of: Make, resources: Resources) -> Workplace:
    return await workplace_of(SERVICE, resources)


def a_proof(place: Workplace, password: str = PASSWORD, passcode: str | None = None) -> ProveAgain:
    return ProveAgain(
        password=sealed(place, password),
        passcode=None if passcode is None else sealed(place, passcode),
    )


async def gone_stale(member: Member) -> Member:
    """The member, some time after signing in."""
    member.place.clock.forward(minutes=10, seconds=1)
    return member


async def test_a_fresh_proof_allows_a_sensitive_act_again_in_the_same_session(place: Workplace) -> None:
    member = await gone_stale(await a_signed_in_member(place))
    stale = await member.ask(EnrolAuthenticator(name="phone"))

    outcome = await member.ask(a_proof(place))

    assert stale == NotAllowed(reason="proof_too_old")
    assert outcome == ProvedAgain(level=1, proved_at=place.clock())
    assert (await member.resolve()).proved_at == place.clock()
    assert isinstance(await member.ask(DeactivateAccount()), AccountDeactivated)


async def test_whoever_resolves_a_session_is_told_whether_a_sensitive_act_needs_a_proof_first(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)

    place.clock.forward(minutes=10)
    at_the_edge = await resolve(place, member.token)
    place.clock.forward(microseconds=1)
    stale = await resolve(place, member.token)
    done = await member.ask(EnrolAuthenticator(name="phone"))
    await member.ask(a_proof(place))
    proved = await resolve(place, member.token)

    assert [each.is_proof_fresh for each in (at_the_edge, stale, proved)] == [True, False, True]
    assert done == NotAllowed(reason="proof_too_old")


async def test_with_a_factor_enrolled_both_are_proved_and_the_level_is_two(place: Workplace) -> None:
    member = await gone_stale(await an_enrolled_member(place))
    await place.pool.execute("UPDATE sessions SET level = 1")

    outcome = await member.ask(a_proof(place, passcode=member.passcode()))

    assert outcome == ProvedAgain(level=2, proved_at=place.clock())
    assert (await member.resolve()).level == 2


async def test_every_failure_of_a_proof_is_answered_alike_and_leaves_the_proof_as_old(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await an_enrolled_member(place)
    proved_at = (await member.resolve()).proved_at
    await gone_stale(member)
    code = member.passcode()
    before = len(hasher.compared)

    wrong = [a_proof(place), a_proof(place, OTHER_PASSWORD, code), a_proof(place, passcode="000000")]
    answers = [await member.ask(proof) for proof in wrong]

    assert answers == [ProofRefused()] * 3
    assert len(hasher.compared) - before == 3
    assert (await member.resolve()).proved_at == proved_at


async def test_wrong_proofs_lock_as_wrong_sign_ins_do_and_then_nothing_is_compared_with_the_password(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_signed_in_member(place)
    kept = await place.pool.fetchval("SELECT password_hash FROM credentials")
    hasher.compared.clear()

    for _ in range(5):
        assert await member.ask(a_proof(place, OTHER_PASSWORD)) == ProofRefused()
    right = await member.ask(a_proof(place))

    assert right == ProofRefused()
    assert (hasher.compared.count(kept), len(hasher.compared)) == (5, 6)
    assert len(await place.emitted(AccountLocked)) == 1
    assert isinstance(await sign_in(place, member.user_name, PASSWORD), SignInRefused)


async def test_many_wrong_proofs_at_once_are_compared_five_times(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_signed_in_member(place)
    kept = await place.pool.fetchval("SELECT password_hash FROM credentials")
    asked_by = await member.resolve()
    hasher.compared.clear()

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(place.send(a_proof(place, OTHER_PASSWORD), by=asked_by))

    assert hasher.compared.count(kept) == 5


async def test_one_passcode_proves_once(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    proof, asked_by = a_proof(place, passcode=member.passcode()), await member.resolve()

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(place.send(proof, by=asked_by)) for _ in range(2)]

    assert sorted(type(task.result()).__name__ for task in asked) == ["ProofRefused", "ProvedAgain"]


async def test_a_proof_asked_twice_under_one_id_is_answered_twice(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    proof, asked_by = a_proof(place, passcode=member.passcode()), await member.resolve()
    message_id = new_id(place.clock())

    outcomes = [await place.send(proof, by=asked_by, message_id=message_id) for _ in range(2)]

    assert outcomes == [ProvedAgain(level=2, proved_at=place.clock())] * 2


async def test_a_restricted_session_proves_nothing_anew(workplace_of: Make, resources: Resources) -> None:
    strict = msgspec.structs.replace(resources.policies, second_factor_skips=0)
    place = await workplace_of(SERVICE, replace(resources, policies=strict))
    member = await a_signed_in_member(place, kind="paa")

    assert await member.ask(a_proof(place)) == NotAllowed(reason="session_restricted")


async def test_a_session_that_has_ended_proves_nothing_anew(place: Workplace, hasher: CountingHasher) -> None:
    member = await a_signed_in_member(place)
    asked_by = await member.resolve()
    await place.send(SignOut(token=sealed(place, member.token)))

    assert await place.send(a_proof(place), by=asked_by) == NotAllowed(reason="assertion_invalid")


async def test_a_session_that_ends_while_the_password_is_compared_is_not_proved(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_signed_in_member(place)
    asked_by = await member.resolve()
    hasher.may_work.clear()

    async with asyncio.TaskGroup() as group:
        proving = group.create_task(place.send(a_proof(place), by=asked_by))
        await until_comparing(hasher)
        await place.send(SignOut(token=sealed(place, member.token)))
        hasher.may_work.set()

    assert proving.result() == NotAllowed(reason="assertion_invalid")


async def test_a_password_changed_while_it_is_compared_proves_nothing(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_signed_in_member(place)
    asked_by = await member.resolve()
    hasher.may_work.clear()

    async with asyncio.TaskGroup() as group:
        proving = group.create_task(place.send(a_proof(place), by=asked_by))
        await until_comparing(hasher)
        later = place.clock() + timedelta(seconds=1)
        await place.pool.execute("UPDATE credentials SET changed_at = $1", later)
        hasher.may_work.set()

    assert proving.result() == ProofRefused()


async def test_a_proof_that_finds_no_place_in_line_is_told_so_and_not_counted(
    workplace_of: Make, resources: Resources, hasher: CountingHasher
) -> None:
    async with quick_resources(hashing_threads=1, waiting_limit=1) as narrow:
        place = await workplace_of(SERVICE, replace(resources, hashing=narrow.hashing))
        member = await a_signed_in_member(place)
        asked_by = await member.resolve()
        hasher.may_work.clear()

        async with asyncio.TaskGroup() as group:
            others = [group.create_task(sign_in(place, f"nobody.{number}", PASSWORD)) for number in range(2)]
            async with asyncio.timeout(10):
                while not narrow.hashing.is_full:  # noqa: ASYNC110 (a probe of a pool of threads)
                    await asyncio.sleep(0.01)
            mine = await place.send(a_proof(place), by=asked_by)
            hasher.may_work.set()

    assert isinstance(mine, Busy)
    assert [task.result() for task in others] == [SignInRefused()] * 2
    assert await place.pool.fetchval("SELECT max(cardinality(attempts)) FROM guards") == 0


async def test_a_legacy_account_proves_again_and_can_then_upgrade(place: Workplace) -> None:
    member = await gone_stale(await a_legacy_member(place))

    stale = await member.ask(an_upgrade(place))
    outcome = await member.ask(a_proof(place, LEGACY_PASSWORD))

    assert stale == NotAllowed(reason="proof_too_old")
    assert outcome == ProvedAgain(level=1, proved_at=place.clock())
    assert isinstance(await member.ask(an_upgrade(place)), AccountUpgraded)


async def test_a_proof_made_with_the_old_password_is_refused_after_a_change(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.ask(a_password_change(place))
    await member.sign_in(password=OTHER_PASSWORD)

    assert await member.ask(a_proof(place)) == ProofRefused()
    assert isinstance(await member.ask(a_proof(place, OTHER_PASSWORD)), ProvedAgain)


async def until_comparing(hasher: CountingHasher) -> None:
    async with asyncio.timeout(10):
        while hasher.at_once == 0:  # noqa: ASYNC110 (a probe of a pool of threads)
            await asyncio.sleep(0.01)

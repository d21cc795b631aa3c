"""Attacks on signing in and on accounts, each by its name; those of guessing stand beside what they guess."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import argon2
import msgspec
import pytest

from services.accounts.rules.secrecy import LONGEST_COMPOSED, normalise
from services.accounts.service import SERVICE
from services.accounts.settings import Resources, Settings
from shared.messages.accounts import (
    Busy,
    RegistrationRefused,
    SignedIn,
    SignIn,
    SignInRefused,
)
from shared.messages.base import Malformed
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    a_member,
    a_password_change,
    a_registration,
    a_signed_in_member,
    quick_resources,
    sealed,
    sign_in,
)
from tests.counting_hasher import CountingHasher
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
FLOOD = 300
WORKERS = {field.name: field.default for field in msgspec.structs.fields(Settings)}["query_worker_count"]


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


class Bytes:
    """Stands in for a secret's text, so that bytes are sealed which no text has."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def encode(self) -> bytes:
        return self.raw


async def test_unknown_user_and_wrong_password_take_the_same_time_within_a_wide_band(
    workplace_of: Make, resources: Resources
) -> None:
    fields = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    real = argon2.PasswordHasher(
        time_cost=fields["password_passes"], memory_cost=fields["password_memory_kib"], parallelism=1
    )
    patient = msgspec.structs.replace(resources.policies, failures_until_locked=1000)
    place = await workplace_of(
        SERVICE, replace(resources, hasher=real, decoy_hash=real.hash("decoy"), policies=patient)
    )
    member = await a_member(place)
    seconds: dict[str, list[float]] = {member.user_name: [], "nobody.at.all": []}

    for _ in range(15):
        for user_name, taken in seconds.items():
            began = time.perf_counter()
            assert await sign_in(place, user_name, OTHER_PASSWORD) == SignInRefused()
            taken.append(time.perf_counter() - began)

    wrong, unknown = (statistics.median(taken) for taken in seconds.values())
    assert 0.5 < unknown / wrong < 2


async def test_a_sign_in_flood_is_answered_in_or_busy_and_the_line_never_grows_beyond_its_limit(
    workplace_of: Make, resources: Resources, hasher: CountingHasher
) -> None:
    patient = msgspec.structs.replace(resources.policies, failures_until_locked=FLOOD)
    async with quick_resources(patient, hashing_threads=2, waiting_limit=8) as narrow:
        place = await workplace_of(SERVICE, replace(narrow, hasher=hasher))
        member = await a_member(place)
        hasher.may_work.clear()
        longest = 0

        workers = asyncio.Semaphore(WORKERS)

        async def one(number: int) -> Any:
            nonlocal longest
            async with workers:
                answer = await sign_in(place, member.user_name, PASSWORD, network=f"2001:db8:{number}::/48")
            longest = max(longest, narrow.hashing._taken)
            return answer

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(one(number)) for number in range(FLOOD)]
            async with asyncio.timeout(30):
                while hasher.at_once < 2:  # noqa: ASYNC110 (a probe of threads)
                    await asyncio.sleep(0.01)
                while sum(task.done() for task in asked) < FLOOD - 10:  # noqa: ASYNC110 (a probe of tasks)
                    await asyncio.sleep(0.01)
            hasher.may_work.set()

        answers = [type(task.result()) for task in asked]
        assert (answers.count(SignedIn), answers.count(Busy)) == (10, FLOOD - 10)
        assert longest == 10
        assert hasher.most_at_once == 2
        assert await place.pool.fetchval("SELECT attempt_count FROM throttles WHERE scope = 'all'") == 10
        assert isinstance(await member.sign_in(), SignedIn)


async def test_a_flood_that_finds_the_line_full_costs_no_transaction_and_no_unsealing(
    workplace_of: Make, resources: Resources, hasher: CountingHasher
) -> None:
    async with quick_resources(hashing_threads=1, waiting_limit=1) as narrow:
        place = await workplace_of(SERVICE, replace(resources, hashing=narrow.hashing))
        hasher.may_work.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(2):
                group.create_task(sign_in(place, f"nobody.{number}", PASSWORD))
            async with asyncio.timeout(10):
                while not narrow.hashing.is_full:  # noqa: ASYNC110 (a probe of a pool of threads)
                    await asyncio.sleep(0.01)

            broken = SignIn(user_name="nobody.3", password=sealed(place, PASSWORD, reader="linking"))
            answers = [await place.send(broken) for _ in range(FLOOD)]
            hasher.may_work.set()

    assert {type(answer) for answer in answers} == {Busy}
    assert await place.pool.fetchval("SELECT attempt_count FROM throttles WHERE scope = 'all'") == 2


async def test_a_password_of_1_mb_is_no_message_and_is_neither_hashed_nor_shown(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)
    command = SignIn(user_name=member.user_name, password=sealed(place, "x" * 1024 * 1024))

    judgement, _ = await place.judge(command)

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "undecodable")
    assert judgement.reply is not None
    assert judgement.reply.type == Malformed.message_name()
    assert "xx" not in judgement.error
    assert hasher.compared == []


async def test_a_password_as_long_as_a_message_may_be_is_just_wrong(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_member(place)

    assert await sign_in(place, member.user_name, "x" * 180_000) == SignInRefused()
    registered = await place.send(a_registration(place, password="x y" * 60_000))

    assert registered == RegistrationRefused(reason="password_too_long", field="password")
    assert len(hasher.compared) == 1


def test_composing_a_password_of_combining_marks_holds_nobody_up() -> None:
    marks = "a" + "\u0301\u0323" * 40_000

    began = time.perf_counter()
    normalise(marks)

    assert time.perf_counter() - began < 1


def test_every_password_that_is_allowed_is_composed_however_it_was_typed() -> None:
    longest_typed = "\u1f82" * 128  # of all characters the one that comes apart into the most
    typed = "".join("\u03b1\u0313\u0300\u0345" for _ in range(128))

    assert len(typed) <= LONGEST_COMPOSED
    assert normalise(typed) == longest_typed


async def test_a_nul_in_a_password_ends_nothing(place: Workplace) -> None:
    member = await a_member(place, password="quiet-moss-\x00-bells-81")

    for other in ("quiet-moss-", "quiet-moss-\x00", "quiet-moss-\x00-bells-82"):
        assert await sign_in(place, member.user_name, other) == SignInRefused()
    assert isinstance(await member.sign_in(), SignedIn)


@pytest.mark.parametrize("raw", [b"\xed\xa0\x80" * 14, b"\xff" * 20], ids=["lone surrogates", "no text"])
async def test_lone_surrogates_in_a_password_are_parked_once_and_never_hashed_or_shown(
    place: Workplace, hasher: CountingHasher, raw: bytes
) -> None:
    command = SignIn(user_name="nobody.at.all", password=sealed(place, cast(str, Bytes(raw))))

    judgement, _ = await place.judge(command)

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "poison")
    assert hasher.compared == []
    assert repr(raw)[2:-1] not in judgement.error


async def test_passwords_with_72_equal_first_bytes_are_different(place: Workplace) -> None:
    first = ("glimmer pond fox " * 6)[:72]
    member = await a_member(place, password=f"{first} one")

    assert await sign_in(place, member.user_name, f"{first} two") == SignInRefused()
    assert await sign_in(place, member.user_name, first) == SignInRefused()
    assert isinstance(await member.sign_in(), SignedIn)


async def test_nfc_and_nfd_twins_cannot_stand_in_for_a_new_password(place: Workplace) -> None:
    member = await a_signed_in_member(place, password="caf\u00e9-glimmer-40-pond")

    change = a_password_change(place, "caf\u00e9-glimmer-40-pond", "cafe\u0301-glimmer-40-pond")
    outcome = await member.ask(change)

    assert outcome.reason == "password_not_new"

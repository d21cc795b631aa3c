"""The hashes of accounts from before 2014: each form signs in, and none rests as it came."""

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import argon2
import asyncpg
import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import RowRefused, SignedIn, SignInRefused
from shared.messaging.registry import Service
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    OTHER_PASSWORD,
    a_legacy_row,
    a_member,
    load,
    quick_resources,
    sign_in,
    tables_holding,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


def fast(tag: str, salt: str = "") -> str:
    digest = hashlib.new(tag, (salt + LEGACY_PASSWORD).encode()).hexdigest()
    return f"{tag}${salt}${digest}" if salt else f"{tag}${digest}"


def pbkdf2(iterations: int, salt: str) -> str:
    digest = hashlib.pbkdf2_hmac("sha256", LEGACY_PASSWORD.encode(), salt.encode(), iterations)
    return f"pbkdf2_sha256${iterations}${salt}${base64.b64encode(digest).decode()}"


FORMS = [
    fast("md5"),
    fast("md5", "pepper"),
    fast("sha1"),
    fast("sha1", "aB3/."),
    fast("sha256"),
    fast("sha256", "s"),
    fast("sha512"),
    fast("sha512", "0123456789abcdef"),
    pbkdf2(1200, "grainOfSalt"),
]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


@pytest.mark.parametrize("verifier", FORMS)
async def test_each_form_is_wrapped_lets_its_holder_in_and_is_replaced_at_the_first_sign_in(
    place: Workplace, verifier: str
) -> None:
    row = a_legacy_row()
    await load(place, row, verifiers=[verifier])
    wrapped = await place.pool.fetchrow("SELECT scheme, password_hash FROM credentials")
    resting = await tables_holding(place.pool, verifier.rpartition("$")[2])

    wrong = await sign_in(place, row.user_name, OTHER_PASSWORD)
    empty = await sign_in(place, row.user_name, "")
    first = await sign_in(place, row.user_name, LEGACY_PASSWORD)
    plain = await place.pool.fetchrow("SELECT scheme, password_hash, recipe FROM credentials")
    second = await sign_in(place, row.user_name, LEGACY_PASSWORD)

    assert wrapped["scheme"] == "argon2id_of_digest"
    assert wrapped["password_hash"].startswith("$argon2id$")
    assert resting == []
    assert (wrong, empty) == (SignInRefused(), SignInRefused())
    assert isinstance(first, SignedIn)
    assert (plain["scheme"], plain["recipe"]) == ("argon2id", "")
    assert argon2.PasswordHasher().verify(plain["password_hash"], LEGACY_PASSWORD)
    assert isinstance(second, SignedIn)


async def test_a_digest_given_as_the_password_lets_nobody_in(place: Workplace) -> None:
    row = a_legacy_row()
    await load(place, row, verifiers=[fast("sha1")])

    assert isinstance(await sign_in(place, row.user_name, fast("sha1").partition("$")[2]), SignInRefused)


async def test_an_account_wrapped_by_the_release_before_signs_in(place: Workplace) -> None:
    row = a_legacy_row()
    await load(place, row, verifiers=[fast("sha256")])
    await place.pool.execute("UPDATE credentials SET scheme = 'argon2id_of_sha256', recipe = ''")

    assert isinstance(await sign_in(place, row.user_name, LEGACY_PASSWORD), SignedIn)


async def test_an_empty_password_is_never_right(place: Workplace) -> None:
    row = a_legacy_row()
    await load(place, row, verifiers=[argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024).hash("")])

    assert await sign_in(place, row.user_name, "") == SignInRefused()


async def test_a_recipe_stands_only_where_a_digest_was_wrapped(place: Workplace) -> None:
    await load(place, a_legacy_row(), verifiers=[fast("sha1")])

    for change in ("scheme = 'argon2id'", "recipe = ''", "scheme = 'sha1'"):
        with pytest.raises(asyncpg.CheckViolationError):
            await place.pool.execute(f"UPDATE credentials SET {change}")  # noqa: S608


async def test_a_user_name_that_somebody_registered_with_is_refused_and_not_taken_for_known(
    place: Workplace,
) -> None:
    stranger = await a_member(place, user_name="Hale-and-Moss")
    rows = (
        a_legacy_row(),
        a_legacy_row(kind="paa", user_name="hale-and-moss"),
        a_legacy_row(kind="paa", user_name="other-firm"),
    )

    first = await load(place, *rows)
    again = await load(place, *rows)

    taken = RowRefused(row=2, field="user_name", reason="taken_by_another_account")
    assert (first.loaded, first.known_before, first.refused) == (2, 0, (taken,))
    assert (again.loaded, again.known_before, again.refused) == (0, 2, (taken,))
    assert isinstance(await stranger.sign_in(), SignedIn)
    assert isinstance(await sign_in(place, "hale-and-moss", LEGACY_PASSWORD), SignInRefused)

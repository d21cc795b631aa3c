"""Accounts from before 2014: taken over, and used for little."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import argon2
import msgspec
import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountChanged,
    AccountShown,
    ChangePassword,
    ContactChanged,
    DeactivateAccount,
    EnrolAuthenticator,
    LegacyAccountsLoaded,
    MyAccount,
    RowRefused,
    SignedIn,
    SignInRefused,
)
from shared.messages.base import NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    OTHER_PASSWORD,
    PASSWORD,
    Member,
    a_legacy_member,
    a_legacy_row,
    an_upgrade,
    load,
    quick_resources,
    sealed,
    sha256_verifier,
    sign_in,
    tables_holding,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_a_legacy_account_signs_in_with_its_old_password(place: Workplace) -> None:
    member = await a_legacy_member(place)

    assert (await member.resolve("paa_billing")).generation == "legacy"
    assert isinstance(await sign_in(place, member.user_name, OTHER_PASSWORD), SignInRefused)


async def test_no_fast_hash_rests_in_any_row(place: Workplace) -> None:
    verifier = sha256_verifier()
    await load(place, a_legacy_row(), verifiers=[verifier])

    (row,) = await place.pool.fetch("SELECT scheme, password_hash, recipe FROM credentials")

    assert (row["scheme"], row["recipe"]) == ("argon2id_of_digest", "sha256")
    assert row["password_hash"].startswith("$argon2id$")
    assert not await tables_holding(place.pool, verifier.partition("$")[2])


async def test_the_first_sign_in_turns_the_wrapped_hash_into_one_of_the_password(place: Workplace) -> None:
    member = await a_legacy_member(place)

    (row,) = await place.pool.fetch("SELECT scheme, password_hash FROM credentials")

    assert row["scheme"] == "argon2id"
    assert argon2.PasswordHasher().verify(row["password_hash"], LEGACY_PASSWORD)
    assert isinstance(await member.sign_in(), SignedIn)


async def test_many_first_sign_ins_at_once_all_get_in(place: Workplace) -> None:
    row = a_legacy_row()
    await load(place, row)

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(sign_in(place, row.user_name, LEGACY_PASSWORD)) for _ in range(4)]

    assert [type(task.result()) for task in asked] == [SignedIn] * 4


async def test_a_hash_that_is_strong_already_is_taken_over_as_it_is(place: Workplace) -> None:
    verifier = argon2.PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=4).hash("An old one")
    row = a_legacy_row()

    await load(place, row, verifiers=[verifier])

    assert await place.pool.fetchval("SELECT password_hash FROM credentials") == verifier
    assert isinstance(await sign_in(place, row.user_name, "An old one"), SignedIn)
    assert await place.pool.fetchval("SELECT password_hash FROM credentials") == verifier


async def test_a_weak_argon2id_hash_is_refused_by_name_and_rests_nowhere(place: Workplace) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("An old one")

    outcome = await load(place, a_legacy_row(), a_legacy_row(), verifiers=[sha256_verifier(), weak])

    reason = "weaker_than_argon2id_m19456_t2"
    assert outcome.refused == (RowRefused(row=2, field="verifier", reason=reason),)
    assert outcome.loaded == 1
    assert await tables_holding(place.pool, weak.rpartition("$")[2]) == []


async def test_each_bad_row_is_named_with_its_field_and_the_others_are_loaded(place: Workplace) -> None:
    good = a_legacy_row(user_name="ab1234")
    rows = (
        good,
        a_legacy_row(user_name="AB123"),
        a_legacy_row(kind="court"),
        a_legacy_row(last_name=" "),
        a_legacy_row(first_name="A\x00"),
        a_legacy_row(email="nobody"),
        a_legacy_row(kind="paa", user_name="firm one"),
        a_legacy_row(kind="paa", is_shared=True),
        a_legacy_row(),
        a_legacy_row(user_name="ab1234"),
        a_legacy_row(kind="paa", user_name="firm-one"),
    )
    verifiers = [sha256_verifier()] * len(rows)
    verifiers[8] = "md5$d41d8cd98f00b204e9800998ecf8427e"

    outcome = await load(place, *rows, verifiers=verifiers)

    assert outcome == LegacyAccountsLoaded(
        loaded=2,
        known_before=0,
        refused=(
            RowRefused(row=2, field="user_name", reason="not_two_letters_and_four_digits"),
            RowRefused(row=3, field="kind", reason="not_individual_or_paa"),
            RowRefused(row=4, field="last_name", reason="empty_or_not_clean_text"),
            RowRefused(row=5, field="first_name", reason="not_clean_text"),
            RowRefused(row=6, field="email", reason="not_an_address"),
            RowRefused(row=7, field="user_name", reason="not_a_user_name"),
            RowRefused(row=8, field="is_shared", reason="a_paa_is_not_shared"),
            RowRefused(row=9, field="verifier", reason="not_a_known_form"),
            RowRefused(row=10, field="user_name", reason="twice_in_this_load"),
        ),
    )


async def test_verifiers_that_do_not_match_the_rows_load_nothing(place: Workplace) -> None:
    outcome = await load(place, a_legacy_row(), verifiers=[])

    assert outcome.loaded == 0
    assert outcome.refused == (RowRefused(row=0, field="verifiers", reason="not_one_for_each_account"),)


async def test_loading_again_changes_nothing_even_after_an_upgrade(place: Workplace) -> None:
    row, other = a_legacy_row(), a_legacy_row()
    await load(place, row, other)
    account_id = await place.pool.fetchval("SELECT id FROM accounts WHERE user_name = $1", row.user_name)
    member = Member(place, account_id, row.user_name, LEGACY_PASSWORD)
    await member.sign_in()
    await member.ask(an_upgrade(place))
    before = await everything(place)

    outcome = await load(place, row, msgspec.structs.replace(other, last_name="Else"))

    assert (outcome.loaded, outcome.known_before) == (0, 2)
    assert await everything(place) == before


async def everything(place: Workplace) -> list[str]:
    tables = ("accounts", "credentials", "guards", "sessions", "history", "outbox")
    return [
        row["text"]
        for table in tables
        for row in await place.pool.fetch(f"SELECT t::text AS text FROM {table} t ORDER BY 1")  # noqa: S608
    ]


async def test_the_same_file_loaded_twice_at_once_makes_each_account_once(place: Workplace) -> None:
    rows = [a_legacy_row() for _ in range(30)]

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(load(place, *rows)) for _ in range(2)]

    assert sum(task.result().loaded for task in asked) == len({row.user_name for row in rows})
    assert len(await place.emitted(AccountChanged)) == len({row.user_name for row in rows})


async def test_a_legacy_account_is_told_to_others_and_its_address_to_notify(place: Workplace) -> None:
    row = a_legacy_row(first_name="Old", last_name="Timer")
    await load(place, row)

    (changed,) = await place.emitted(AccountChanged)
    (contact,) = await place.emitted(ContactChanged)

    assert (changed.generation, changed.status, changed.email_verified) == ("legacy", "active", False)
    assert not changed.is_search_active
    assert (contact.name, contact.email, contact.is_verified) == ("Old Timer", row.email, False)


@pytest.mark.parametrize(
    "make",
    [
        lambda _: EnrolAuthenticator(name="phone"),
        lambda _: DeactivateAccount(),
        lambda place: ChangePassword(
            present_password=sealed(place, LEGACY_PASSWORD), new_password=sealed(place, PASSWORD)
        ),
    ],
)
async def test_a_legacy_account_is_told_to_upgrade_first(
    place: Workplace, make: Callable[[Workplace], Any]
) -> None:
    member = await a_legacy_member(place)

    assert await member.ask(make(place)) == NotAllowed(reason="upgrade_first")


async def test_a_legacy_account_may_look_at_itself(place: Workplace) -> None:
    member = await a_legacy_member(place)

    shown = await member.ask(MyAccount())

    assert isinstance(shown, AccountShown)
    assert shown.generation == "legacy"

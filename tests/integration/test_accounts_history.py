"""The security history, and what the tables themselves say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.accounts.model import is_unbroken
from services.accounts.service import SERVICE
from services.accounts.store.history import list_entries
from shared.messages.accounts import (
    EnrolAuthenticator,
    GrantRole,
    MyAccount,
    SignOut,
)
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    a_member,
    a_password_change,
    a_psc_member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    resolve,
    sealed,
    sign_in,
)
from tests.messaging import Workplace, signing_key

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
KEYS = {"test": signing_key().public_key()}


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_each_act_stands_in_the_history_in_order_and_chained(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=member.account_id, role="court_staff", court_id="ncwbk"))
    await member.ask(a_password_change(place))

    async with place.pool.acquire() as connection:
        entries = await list_entries(connection, member.account_id)

    assert [entry.kind for entry in entries] == [
        "registered",
        "email_verified",
        "signed_in",
        "authenticator_added",
        "role_granted",
        "password_changed",
    ]
    assert is_unbroken(entries)


async def test_the_service_itself_can_neither_alter_nor_remove_history_nor_an_account(
    place: Workplace,
) -> None:
    await a_member(place)

    for statement in (
        "UPDATE history SET kind = 'nothing'",
        "DELETE FROM history",
        "TRUNCATE history",
        "DELETE FROM accounts",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await place.pool.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET account_number = '12345'",
        "UPDATE accounts SET status = 'active', is_email_verified = false",
        "UPDATE accounts SET is_shared = true",
        "UPDATE credentials SET password_hash = '9f86d081884c7d65'",
        "UPDATE sessions SET level = 3",
        "INSERT INTO role_grants SELECT gen_random_uuid(), id, 'psc', 'ncwbk', NULL, now() FROM accounts",
    ],
)
async def test_what_must_hold_is_a_constraint(place: Workplace, statement: str) -> None:
    await a_signed_in_member(place)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await place.pool.execute(statement)


async def test_all_that_one_person_does_at_once_ends_without_a_deadlock(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked_by = await member.resolve()
    tokens = []
    for _ in range(4):
        await member.sign_in()
        tokens.append(member.token)

    async with asyncio.TaskGroup() as group:
        for number, token in enumerate(tokens):
            group.create_task(sign_in(place, member.user_name, PASSWORD, network=f"192.0.{number}.0/24"))
            group.create_task(sign_in(place, member.user_name, OTHER_PASSWORD))
            group.create_task(resolve(place, token))
            group.create_task(place.send(SignOut(token=sealed(place, token))))
            group.create_task(place.send(EnrolAuthenticator(name=f"phone {number}"), by=asked_by))
            group.create_task(place.send(a_password_change(place), by=asked_by))
            group.create_task(place.send(MyAccount(), by=asked_by))

    async with place.pool.acquire() as connection:
        assert is_unbroken(await list_entries(connection, member.account_id))


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT id FROM accounts WHERE user_name_key = 'x'", "accounts_user_name_key_key"),
        ("SELECT id FROM accounts WHERE account_number = 'x'", "accounts_account_number_key"),
        (
            "SELECT id FROM accounts WHERE (name_key = 'x' AND date_of_birth = '2000-01-01')"
            " OR (email_key = 'y' AND (name_key = 'x' OR date_of_birth = '2000-01-01'))",
            "accounts_by_name_and_birth",
        ),
        ("SELECT 1 FROM accounts WHERE 'x' IN (user_name_key, legacy_user_name_key)", "legacy_user_name_key"),
        ("UPDATE sessions SET last_used_at = now() WHERE token_hash = ''", "sessions_pkey"),
        ("SELECT 1 FROM role_grants WHERE account_id = $$x$$ AND ended_at IS NULL", "one_grant_in_force"),
        (
            "SELECT 1 FROM history WHERE account_id = $$x$$ ORDER BY sequence DESC LIMIT 1",
            "history_pkey",
        ),
    ],
)
async def test_what_is_asked_often_is_found_by_an_index(place: Workplace, query: str, index: str) -> None:
    query = query.replace("$$x$$", f"'{uuid4()}'")

    async with place.pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off")
        plan = await connection.fetch(f"EXPLAIN {query}")

    assert index in "\n".join(row[0] for row in plan)

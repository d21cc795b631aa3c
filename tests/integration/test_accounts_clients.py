"""Programs that sign in for a person: the codes and texts of the PACER Authentication API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.accounts.service import SERVICE
from services.accounts.settings import Resources
from shared.messages.accounts import AccountLocked, Busy, SessionResolved
from shared.messages.accounts.clients import ClientAuthenticated
from shared.messaging.registry import Service
from shared.policies import read_policies
from tests.accounts_clients import a_filer, asked_for_codes, authenticate, let_in, made_a_filer
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    OTHER_PASSWORD,
    a_legacy_row,
    a_member,
    a_signed_in_member,
    load,
    quick_resources,
    resolve,
)
from tests.counting_hasher import CountingHasher
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
NOT_LET_IN = ClientAuthenticated(
    login_result="13", error_description="Invalid username, password, or one-time passcode."
)


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


async def open_sessions(place: Workplace) -> int:
    return int(await place.pool.fetchval("SELECT count(*) FROM sessions WHERE ended_at IS NULL"))


async def test_a_right_password_opens_a_session_that_serves_search(place: Workplace) -> None:
    member = await a_member(place)

    warning, token = await let_in(place, member.user_name.upper(), client_code="GREENE-0117")
    resolved = await resolve(place, token, "linking")

    assert (warning, len(token)) == ("", 128)
    assert isinstance(resolved, SessionResolved)
    assert (resolved.account_id, resolved.client_code) == (member.account_id, "GREENE-0117")
    assert resolved.serves_search


async def test_wrong_user_wrong_password_and_wrong_passcode_answer_alike_and_hash_once_each(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()
    before = len(hasher.compared)

    outcomes = [
        await authenticate(place, "nobody.at.all"),
        await authenticate(place, "no user name \x00"),
        await authenticate(place, member.user_name, OTHER_PASSWORD, otp_code=member.passcode()),
        await authenticate(place, member.user_name, otp_code="000000"),
        await authenticate(place, member.user_name, ""),
    ]

    assert outcomes == [NOT_LET_IN] * 5
    assert len(hasher.compared) - before == 5


async def test_an_enrolled_factor_asks_for_a_passcode_which_works_once(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()
    code = member.passcode()

    missing = await authenticate(place, member.user_name)
    empty = await authenticate(place, member.user_name, otp_code="")
    _, token = await let_in(place, member.user_name, otp_code=code)
    again = await authenticate(place, member.user_name, otp_code=code)

    assert missing == empty == again == NOT_LET_IN
    member.token = token
    assert (await member.resolve("linking")).level == 2


async def test_a_locked_account_is_not_let_in_with_the_right_password(place: Workplace) -> None:
    member = await a_member(place)

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(authenticate(place, member.user_name, f"{OTHER_PASSWORD}{number}"))
            for number in range(20)
        ]

    assert {task.result() for task in asked} == {NOT_LET_IN}
    assert len(await place.emitted(AccountLocked)) == 1
    assert await authenticate(place, member.user_name) == NOT_LET_IN


async def test_guesses_by_programs_and_at_the_portal_count_together(place: Workplace) -> None:
    member = await a_member(place)
    for number in range(5):
        if number % 2:
            await authenticate(place, member.user_name, OTHER_PASSWORD)
        else:
            await member.sign_in(password=OTHER_PASSWORD)

    assert await authenticate(place, member.user_name) == NOT_LET_IN


async def test_a_filer_must_say_that_filings_are_redacted(place: Workplace) -> None:
    filer = await a_filer(place)
    before = await place.pool.fetchval("SELECT factor_skips_used FROM accounts")

    outcomes = [await authenticate(place, filer.user_name, redact_flag=flag) for flag in ("", "0", "true")]

    assert {(outcome.login_result, outcome.token) for outcome in outcomes} == {("1", None)}
    for rule in ("App. P. 25(a)(5)", "Civ. P. 5.2", "Crim. P. 49.1", "Bankr. P. 9037"):
        assert rule in outcomes[0].error_description
    assert outcomes[0].error_description.startswith("All filers must redact")
    assert await open_sessions(place) == 0
    assert await place.pool.fetchval("SELECT factor_skips_used FROM accounts") == before
    assert (await let_in(place, filer.user_name, redact_flag="1"))[0] == ""


async def test_who_proved_both_factors_and_gets_no_token_is_not_held_against_their_network(
    place: Workplace,
) -> None:
    filer = await a_filer(place)

    refused = await authenticate(place, filer.user_name, redact_flag="0")

    assert (refused.login_result, refused.token) == ("1", None)
    counted = "SELECT attempt_count FROM throttles WHERE scope = 'network'"
    assert await place.pool.fetchval(counted) == 0


async def test_who_is_no_filer_need_not_say_so(place: Workplace) -> None:
    member = await a_member(place)

    assert (await let_in(place, member.user_name, redact_flag=""))[0] == ""


async def test_a_wrong_password_tells_nothing_of_filing_or_client_codes(place: Workplace) -> None:
    filer = await a_filer(place)
    await asked_for_codes(place, filer)
    plain = await a_member(place)

    told = [
        await authenticate(place, login_id, OTHER_PASSWORD, redact_flag="")
        for login_id in (filer.user_name, plain.user_name, "nobody.at.all")
    ]

    assert told == [NOT_LET_IN] * 3


async def test_a_wrong_passcode_tells_nothing_of_filing(place: Workplace) -> None:
    filer = await a_signed_in_member(place)
    await filer.enrol()
    await made_a_filer(place, filer)

    wrong = await authenticate(place, filer.user_name, otp_code="000000", redact_flag="")
    right = await authenticate(place, filer.user_name, otp_code=filer.passcode(), redact_flag="")

    assert wrong == NOT_LET_IN
    assert right.login_result == "1"


async def test_a_due_factor_is_let_by_until_the_skips_are_used_up(place: Workplace) -> None:
    filer = await a_filer(place)
    for _ in range(read_policies().accounts.second_factor_skips):
        await let_in(place, filer.user_name)
    opened = await open_sessions(place)

    assert await authenticate(place, filer.user_name) == NOT_LET_IN
    assert await open_sessions(place) == opened


async def test_a_password_that_is_too_old_opens_nothing_for_a_program(
    place: Workplace, resources: Resources
) -> None:
    member = await a_member(place)
    policies = msgspec.structs.replace(resources.policies, password_max_age_days=180)
    place.resources = replace(resources, policies=policies)
    place.clock.forward(days=180)
    await place.pool.execute(
        "SELECT ensure_partitions($1, $2)", place.clock() - timedelta(days=2), place.clock()
    )

    assert await authenticate(place, member.user_name) == NOT_LET_IN
    assert await open_sessions(place) == 0


@pytest.mark.parametrize("status", ["pending_verification", "locked"])
async def test_an_account_that_can_not_sign_in_is_not_let_in(place: Workplace, status: str) -> None:
    member = await a_member(place)
    await place.pool.execute("UPDATE accounts SET status = $1, is_search_active = false", status)

    assert await authenticate(place, member.user_name) == NOT_LET_IN


async def test_a_legacy_shared_login_is_not_let_in(place: Workplace) -> None:
    row = a_legacy_row(is_shared=True, user_name="chambers-3b")
    assert (await load(place, row)).loaded == 1

    assert await authenticate(place, row.user_name, LEGACY_PASSWORD) == NOT_LET_IN


async def test_a_crowd_is_told_to_come_again(workplace_of: Make) -> None:
    async with quick_resources() as made:
        policies = msgspec.structs.replace(made.policies, sign_ins_a_minute=1)
        place = await workplace_of(SERVICE, replace(made, policies=policies))

        first = await authenticate(place, "nobody.at.all")
        second = await authenticate(place, "nobody.at.all")

    assert first == NOT_LET_IN
    assert isinstance(second, Busy)

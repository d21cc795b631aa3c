"""What a program's token serves: warnings, search, client codes, logging out."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import SessionRefused, SessionResolved
from shared.messages.accounts.clients import ClientLoggedOut, LogOutClient
from shared.messaging.registry import Service
from tests.accounts_clients import asked_for_codes, let_in
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    a_legacy_row,
    a_member,
    a_signed_in_member,
    load,
    quick_resources,
    resolve,
    sealed,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


@pytest.mark.parametrize(("client_code", "is_missing"), [("", True), ("  ", True), ("GREENE", False)])
async def test_a_required_client_code_that_is_missing_is_warned_of_and_the_token_serves_no_search(
    place: Workplace, client_code: str, is_missing: bool
) -> None:
    member = await a_member(place)
    await asked_for_codes(place, member)

    warning, token = await let_in(place, member.user_name, client_code=client_code)
    resolved = await resolve(place, token, "linking")

    assert ("required client code was not entered" in warning) is is_missing
    assert isinstance(resolved, SessionResolved)
    assert resolved.serves_search is not is_missing


async def test_with_search_inactive_the_token_serves_filing_alone_until_search_is_active_again(
    place: Workplace,
) -> None:
    member = await a_member(place)
    await place.pool.execute("UPDATE accounts SET is_search_active = false")

    warning, token = await let_in(place, member.user_name)
    inactive = await resolve(place, token, "linking")
    await place.pool.execute("UPDATE accounts SET is_search_active = true")
    active = await resolve(place, token, "linking")

    assert "Search privileges are inactive" in warning
    assert (inactive.serves_search, active.serves_search) == (False, True)


async def test_a_held_account_is_let_in_and_may_not_search(place: Workplace) -> None:
    member = await a_member(place)
    await place.pool.execute("UPDATE accounts SET status = 'held_for_review', is_search_active = false")

    assert "serves neither searching nor filing" in (await let_in(place, member.user_name))[0]


@pytest.mark.parametrize("kind", ["individual", "paa"])
async def test_another_legacy_account_is_let_in_to_pay_and_told_to_upgrade_first(
    place: Workplace, kind: str
) -> None:
    row = a_legacy_row(kind=kind)
    await load(place, row)

    warning, token = await let_in(place, row.user_name, LEGACY_PASSWORD)
    resolved = await resolve(place, token, "paa_billing")

    assert warning.startswith("Upgrade this account first")
    assert isinstance(resolved, SessionResolved)
    assert not resolved.serves_search


async def test_logging_out_ends_the_session_and_tells_nobody_whether_there_was_one(place: Workplace) -> None:
    member = await a_member(place)
    _, token = await let_in(place, member.user_name)

    out = await place.send(LogOutClient(token=sealed(place, token)))
    after = await resolve(place, token, "linking")
    again = await place.send(LogOutClient(token=sealed(place, token)))
    unknown = await place.send(LogOutClient(token=sealed(place, "0" * 128)))

    assert out == again == unknown == ClientLoggedOut(login_result="0", error_description="")
    assert isinstance(after, SessionRefused)


async def test_a_program_s_session_is_one_for_all_courts_like_any_other(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    _, token = await let_in(place, member.user_name, network="192.0.2.0/24")

    rows = await place.pool.fetch("SELECT network, is_restricted FROM sessions ORDER BY network")
    acts = await place.pool.fetchval("SELECT count(*) FROM history WHERE kind = 'signed_in'")

    assert [row["network"] for row in rows] == ["", "192.0.2.0/24"]
    assert acts == 2
    for audience in ("accounts", "linking", "paa_billing"):
        assert isinstance(await resolve(place, token, audience), SessionResolved)

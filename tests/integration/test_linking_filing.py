"""As whom somebody files at one court: what the court's machine is told, and when it is refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.accounts.service import SERVICE as ACCOUNTS
from shared.assertion import Assertion
from shared.database import rolled_back
from shared.messages.accounts import AccountChanged, AccountDeactivated, DeactivateAccount, SessionRefused
from shared.messages.base import Query
from shared.messages.linking import (
    Filer,
    FilersFound,
    FilingRefused,
    FilingRights,
    WhatMayIFile,
    WhoFilesHere,
)
from tests.accounts_clients import let_in
from tests.builders_accounts import Member, a_signed_in_member, quick_resources, resolve
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    account_changed,
    again,
    linked,
    load,
    rights_of,
    somebody,
    unlink,
)
from tests.messaging import Workplace

NCWBK_LIVE = datetime(2019, 10, 21, 16, 0, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
OTHER_COURT, NOT_LIVE_YET, NO_COURT = "waebk", "nysbk", "zzbk"


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row(), a_row("jtrustee", line=3, role="trustee", name="Jane Public, Trustee"))
    return made


@pytest.fixture
async def accounts(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as made:
        yield await workplace_of(ACCOUNTS, made)


async def files_here(place: Workplace, who: Assertion, court_id: str = COURT) -> Any:
    return await place.send(WhoFilesHere(court_id=court_id), by=who)


def refused(reason: str, court_id: str = COURT) -> FilingRefused:
    return FilingRefused(court_id=court_id, reason=reason)  # type: ignore[arg-type]


async def a_linked_member(accounts: Workplace, place: Workplace) -> Member:
    """Somebody of the real service `accounts` who has linked a filing account."""
    member = await a_signed_in_member(accounts)
    await linked(place, await member.resolve("linking"))
    return member


async def newest_state(accounts: Workplace) -> AccountChanged:
    return (await accounts.emitted(AccountChanged))[-1]


async def test_each_link_at_the_court_answers_with_login_role_and_name(place: Workplace) -> None:
    who = somebody(place)
    first, second = await linked(place, who), await linked(place, who, login="jtrustee")

    found = await files_here(place, who)

    as_attorney = Filer(
        link_id=first.link_id,
        login="jpublic",
        name="Jane Q. Public",
        role="attorney",
        linked_at=first.linked_at,
    )
    as_trustee = Filer(
        link_id=second.link_id,
        login="jtrustee",
        name="Jane Public, Trustee",
        role="trustee",
        linked_at=second.linked_at,
    )
    assert found == FilersFound(account_id=who.account_id, court_id=COURT, filers=(as_attorney, as_trustee))


async def test_one_login_files_at_every_court_where_it_is_linked(place: Workplace) -> None:
    await load(place, a_row("janep"), court_id=OTHER_COURT)
    who = somebody(place)
    await linked(place, who)
    await linked(place, who, login="janep", court_id=OTHER_COURT)

    everywhere = await rights_of(place, who)
    here = {court_id: await files_here(place, who, court_id) for court_id in (COURT, OTHER_COURT)}

    assert [(right.court_id, right.login) for right in everywhere.rights] == [
        (COURT, "jpublic"),
        (OTHER_COURT, "janep"),
    ]
    assert {court_id: found.filers[0].login for court_id, found in here.items()} == {
        right.court_id: right.login for right in everywhere.rights
    }


async def test_whoever_is_not_linked_at_the_court_is_refused(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    assert await files_here(place, who, OTHER_COURT) == refused("not_linked", OTHER_COURT)
    assert await files_here(place, somebody(place)) == refused("not_linked")


async def test_a_link_that_has_ended_answers_no_more(place: Workplace) -> None:
    who = somebody(place)
    link = await linked(place, who)

    await unlink(place, who, link.link_id)

    assert await files_here(place, who) == refused("not_linked")


@pytest.mark.parametrize(
    ("changes", "court_id", "reason"),
    [
        ({"status": "deactivated", "generation": "legacy"}, NO_COURT, "account_not_active"),
        ({"status": "held_for_review"}, COURT, "account_not_active"),
        ({"generation": "legacy", "email_verified": False}, NO_COURT, "upgrade_first"),
        ({"email_verified": False, "kind": "paa"}, NO_COURT, "email_not_verified"),
        ({"kind": "paa"}, NOT_LIVE_YET, "not_an_individual"),
        ({}, NO_COURT, "court_not_known"),
        ({}, NOT_LIVE_YET, "court_not_live"),
        ({}, OTHER_COURT, "not_linked"),
    ],
)
async def test_the_first_thing_in_the_way_is_the_reason_for_not_filing(
    place: Workplace, changes: dict[str, Any], court_id: str, reason: str
) -> None:
    who = somebody(place)
    await linked(place, who)

    assert await files_here(place, again(place, who, **changes), court_id) == refused(reason, court_id)


async def test_filing_needs_neither_both_factors_nor_a_fresh_proof(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    assert isinstance(await files_here(place, again(place, who, level=1, proved_at=LONG_AGO)), FilersFound)


async def test_before_its_go_live_a_court_lets_nobody_file_who_is_linked(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    place.clock.now = NCWBK_LIVE - timedelta(seconds=1)
    before = await files_here(place, again(place, who))
    place.clock.now = NCWBK_LIVE

    assert before == refused("court_not_live")
    assert isinstance(await files_here(place, again(place, who)), FilersFound)


async def test_an_account_given_up_files_nowhere_though_the_assertion_is_older(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    await place.send(account_changed(who.account_id, version=2, status="deactivated"))

    assert await files_here(place, who) == refused("account_not_active")


@pytest.mark.parametrize("query", [WhatMayIFile(), WhoFilesHere(court_id=COURT)], ids=["forth", "back"])
async def test_what_may_be_filed_is_answered_in_one_read(place: Workplace, query: Query) -> None:
    who, seen = somebody(place), []
    await linked(place, who)

    async with rolled_back(place.pool) as pool, pool.acquire() as connection:
        with connection.query_logger(lambda asked: seen.append(asked.query)):
            answer = await replace(place, pool=pool).send(query, by=who)

    assert isinstance(answer, FilingRights | FilersFound)
    assert len(seen) == 1, seen


async def test_a_session_shown_to_a_court_tells_as_whom_its_holder_files_while_search_is_inactive(
    accounts: Workplace, place: Workplace
) -> None:
    member = await a_linked_member(accounts, place)
    await accounts.pool.execute("UPDATE accounts SET is_search_active = false")

    warning, member.token = await let_in(accounts, member.user_name)
    session = await resolve(accounts, member.token, "linking")
    found = await files_here(place, await member.resolve("linking"))

    assert "Search privileges are inactive" in warning
    assert not session.serves_search
    assert [filer.login for filer in found.filers] == ["jpublic"]


async def test_a_session_that_must_put_something_right_first_files_nowhere(
    accounts: Workplace, place: Workplace
) -> None:
    member = await a_linked_member(accounts, place)
    await accounts.pool.execute("UPDATE sessions SET is_restricted = true")

    assert isinstance(await resolve(accounts, member.token, "linking"), SessionRefused)


async def test_whoever_gave_the_account_up_files_nowhere_from_that_moment(
    accounts: Workplace, place: Workplace
) -> None:
    member = await a_linked_member(accounts, place)
    resolved_before = await member.resolve("linking")

    assert isinstance(await member.ask(DeactivateAccount()), AccountDeactivated)
    await place.send(await newest_state(accounts))

    assert isinstance(await resolve(accounts, member.token, "linking"), SessionRefused)
    assert await files_here(place, resolved_before) == refused("account_not_active")

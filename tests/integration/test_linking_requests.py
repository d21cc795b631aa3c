"""Filing requests: no filing account yet, so a person asks the court, and its staff decide."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.messages.accounts import AccountErased
from shared.messages.base import NotAllowed
from shared.messages.linking.requests import (
    AskFilingPrivileges,
    FilingRequestDecided,
    FilingRequestKept,
    FilingRequestMade,
    FilingRequestNotMade,
    FilingRequests,
    FilingRequestWithdrawn,
    WithdrawFilingRequest,
)
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
    staff,
)
from tests.integration.linking_help_builders import a_person, accept, asked, mine, refuse, uses_told
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def ask(place: Workplace, who: Any, **changes: Any) -> Any:
    usual: dict[str, Any] = {"court_id": COURT, "role": "attorney"}
    return await place.send(AskFilingPrivileges(**{**usual, **changes}), by=who)


async def test_a_refused_request_shows_its_reason(place: Workplace) -> None:
    who = await a_person(place)
    request = await asked(place, who)

    without = await refuse(place, request.request_id, "  ")
    decided = await refuse(place, request.request_id, " not admitted ")

    assert without == FilingRequestKept(reason="reason_missing")
    assert (decided.decision, decided.reason) == ("refused", "not admitted")
    [shown] = await mine(place, who)
    assert (shown.state, shown.reason, shown.remark) == ("refused", "not admitted", "Bar no. 4711")
    assert (await rights_of(place, who)).rights == ()
    assert len(await uses_told(place, "refuse_filing_request")) == 1
    assert await asked(place, who)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "deactivated"}, "account_not_active"),
        ({"generation": "legacy"}, "upgrade_first"),
        ({"email_verified": False}, "email_not_verified"),
        ({"kind": "paa"}, "not_an_individual"),
    ],
)
async def test_asking_needs_the_account_that_linking_needs(
    place: Workplace, changes: dict[str, Any], reason: Any
) -> None:
    outcome = await ask(place, somebody(place, **changes))

    assert outcome == FilingRequestNotMade(court_id=COURT, reason=reason)


async def test_asking_needs_a_fresh_session_a_live_court_and_a_free_role(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    second_role = await ask(place, who, role="trustee")
    same_role = await ask(place, who)
    not_live = await ask(place, who, court_id="nysbk")
    unknown = await ask(place, who, court_id="zzbk")
    place.clock.forward(minutes=11)
    stale = await ask(place, again(place, who, proved_at=who.proved_at), role="party")

    assert isinstance(second_role, FilingRequestMade)
    assert same_role == FilingRequestNotMade(court_id=COURT, reason="role_already_linked_at_court")
    assert not_live == FilingRequestNotMade(court_id="nysbk", reason="court_not_live")
    assert unknown == FilingRequestNotMade(court_id="zzbk", reason="court_not_known")
    assert stale == FilingRequestNotMade(court_id=COURT, reason="proof_too_old")


async def test_one_request_is_open_for_a_court_and_role_however_many_are_made_at_once(
    place: Workplace,
) -> None:
    who = somebody(place)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(place, who)) for _ in range(4)]
    outcomes = [task.result() for task in tasks]

    assert sum(isinstance(outcome, FilingRequestMade) for outcome in outcomes) == 1
    assert outcomes.count(FilingRequestNotMade(court_id=COURT, reason="already_asked")) == 3


async def test_a_withdrawn_request_is_decided_by_nobody(place: Workplace) -> None:
    who = await a_person(place)
    request = await asked(place, who)
    withdraw = WithdrawFilingRequest(request_id=request.request_id)

    by_another = await place.send(withdraw, by=somebody(place))
    withdrawn = await place.send(withdraw, by=who)
    repeated = await place.send(withdraw, by=who)

    decided = FilingRequestKept(reason="already_decided")
    assert by_another == FilingRequestKept(reason="request_not_found")
    assert withdrawn == FilingRequestWithdrawn(request_id=request.request_id)
    assert repeated == await accept(place, request.request_id) == decided
    assert await refuse(place, request.request_id) == decided
    assert [shown.state for shown in await mine(place, who)] == ["withdrawn"]
    assert await mine(place, somebody(place)) == ()


async def test_a_request_accepted_and_refused_at_once_is_decided_once(place: Workplace) -> None:
    request = await asked(place, await a_person(place))

    async with asyncio.TaskGroup() as group:
        first = group.create_task(accept(place, request.request_id))
        second = group.create_task(accept(place, request.request_id, login="jother"))
        third = group.create_task(refuse(place, request.request_id))
    outcomes = [first.result(), second.result(), third.result()]

    assert sum(isinstance(outcome, FilingRequestDecided) for outcome in outcomes) == 1
    assert outcomes.count(FilingRequestKept(reason="already_decided")) == 2
    assert len(await place.emitted(FilingRequestDecided)) == 1
    assert await place.pool.fetchval("SELECT count(*) FROM filing_accounts WHERE login <> 'jpublic'") <= 1


async def test_only_other_staff_of_that_court_decide(place: Workplace) -> None:
    clerk = staff(place)
    await place.send(account_changed(clerk.account_id))
    own = await asked(place, clerk)
    nothing = FilingRequestKept(reason="request_not_found")

    assert await accept(place, own.request_id, by=clerk) == NotAllowed(reason="not_yours")
    assert await accept(place, own.request_id, by=somebody(place)) == nothing
    assert await accept(place, own.request_id, by=staff(place, "nyebk")) == nothing
    assert await refuse(place, uuid4()) == nothing
    assert await place.send(WithdrawFilingRequest(request_id=uuid4()), by=clerk) == nothing
    low = staff(place, level=1)
    assert await accept(place, own.request_id, by=low) == NotAllowed(reason="session_level_too_low")


async def test_staff_see_open_requests_in_pages_and_each_person_reads_that_they_did(
    place: Workplace,
) -> None:
    people = [await a_person(place, last_name=f"Person{n}") for n in range(3)]
    for who in people:
        await asked(place, who)
        place.clock.forward(seconds=1)
    await place.send(AskFilingPrivileges(court_id="waebk", role="party"), by=people[0])
    clerk = staff(place)

    first = await place.send(FilingRequests(court_id=COURT, limit=2), by=clerk)
    after = first.requests[-1].request_id
    second = await place.send(FilingRequests(court_id=COURT, limit=2, after=after), by=clerk)

    seen = [(r.person.last_name, r.remark) for r in (*first.requests, *second.requests)]
    assert seen == [(f"Person{n}", "Bar no. 4711") for n in range(3)]
    assert (first.has_more, second.has_more) == (True, False)
    told = await uses_told(place, "filing_requests")
    assert {use.account_id for use in told} == {who.account_id for who in people}
    assert {(use.actor_account_id, use.is_in_list) for use in told} == {(clerk.account_id, True)}


async def test_nobody_else_sees_the_requests_of_a_court(place: Workplace) -> None:
    await asked(place, await a_person(place))
    missing = NotAllowed(reason="role_missing")

    assert await place.send(FilingRequests(court_id=COURT), by=somebody(place)) == missing
    assert await place.send(FilingRequests(court_id=COURT), by=staff(place, "nyebk")) == missing
    assert await uses_told(place, "filing_requests") == []


async def test_an_erased_account_withdraws_its_requests_and_leaves_no_words(place: Workplace) -> None:
    who = await a_person(place)
    decided = await asked(place, who, remark="call Ermintrude")
    await refuse(place, decided.request_id, "Ermintrude isn't admitted")
    place.clock.forward(seconds=1)
    await asked(place, who, remark="call Ermintrude again", role="trustee")

    await place.send(AccountErased(account_id=who.account_id))

    rows = await place.pool.fetch("SELECT state, remark, reason FROM filing_requests ORDER BY id")
    assert [tuple(row) for row in rows] == [("refused", "", "(erased)"), ("withdrawn", "", "")]


async def test_the_database_itself_refuses_a_second_open_request(place: Workplace) -> None:
    request = await asked(place, await a_person(place))

    with pytest.raises(asyncpg.UniqueViolationError, match="one_open_request"):
        await place.pool.execute(
            """
            INSERT INTO filing_requests (id, court_id, account_id, role, remark, asked_at, state, reason)
            SELECT gen_random_uuid(), court_id, account_id, role, remark, asked_at, state, reason
              FROM filing_requests WHERE id = $1
            """,
            request.request_id,
        )

"""Memberships: one payer at any instant, leaving, removal, deactivation, and the list of members."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.paa_billing.service import SERVICE
from shared.messages.accounts import AccountErased
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked
from shared.messages.paa_billing import (
    AcceptInvitation,
    FirmRefused,
    LeaveFirm,
    MemberJoined,
    MemberLeft,
    MembershipShown,
    MembershipsShown,
    MyMembers,
    RemoveMember,
    WhoPaysForMe,
)
from shared.messaging.registry import Service
from tests.billing import (
    Holder,
    a_firm,
    a_person,
    invite,
    join,
    later,
    opened,
    resources,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def invitation_states(place: Workplace) -> list[str]:
    return [row["state"] for row in await place.pool.fetch("SELECT state FROM invitations ORDER BY state")]


async def test_a_person_is_paid_for_by_one_firm_at_a_time(place: Workplace) -> None:
    first, second, person = await a_firm(place), await a_firm(place), await a_person(place)
    await join(place, first, person)

    outcome = await join(place, second, person)
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    invitation_id = await invite(place, second, person)
    moved = await place.send(AcceptInvitation(invitation_id=invitation_id), by=person.asks(place.clock()))

    assert outcome == FirmRefused(reason="paid_by_another_firm")
    assert isinstance(moved, MemberJoined)


async def test_two_firms_accepted_at_once_are_one_payer(place: Workplace) -> None:
    first, second, person = await a_firm(place), await a_firm(place), await a_person(place)
    invitations = [await invite(place, firm, person) for firm in (first, second)]

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(place.send(AcceptInvitation(invitation_id=each), by=person.asks()))
            for each in invitations
        ]
    outcomes = [task.result() for task in tasks]

    assert sorted(type(each).__name__ for each in outcomes) == ["FirmRefused", "MemberJoined"]
    assert FirmRefused(reason="paid_by_another_firm") in outcomes
    assert await place.pool.fetchval("SELECT count(*) FROM memberships") == 1


@pytest.mark.parametrize(
    ("joined_at", "left_at"),
    [
        (NOON, None),
        (NOON + timedelta(hours=1), None),
        (NOON - timedelta(days=1), NOON + timedelta(seconds=1)),
    ],
)
async def test_the_database_refuses_two_payers_at_one_instant(
    place: Workplace, joined_at: Any, left_at: Any
) -> None:
    first, second, person = await a_firm(place), await a_firm(place), await a_person(place)
    await join(place, first, person)
    invitation_id = await invite(place, second, person)

    with pytest.raises(asyncpg.ExclusionViolationError):
        await place.pool.execute(
            """
            INSERT INTO memberships (membership_id, paa_id, account_id, invitation_id, joined_at, left_at,
                                     ended_by)
            VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $6::timestamptz IS NULL THEN NULL ELSE 'person' END)
            """,
            uuid4(),
            second.paa_id,
            person.account_id,
            invitation_id,
            joined_at,
            left_at,
        )


async def test_the_database_lets_one_payer_follow_another_at_the_same_instant(place: Workplace) -> None:
    first, second, person = await a_firm(place), await a_firm(place), await a_person(place)
    await join(place, first, person)
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))

    joined = await join(place, second, person)

    assert isinstance(joined, MemberJoined)
    rows = await place.pool.fetch("SELECT joined_at, left_at FROM memberships ORDER BY joined_at")
    assert rows[0]["left_at"] == rows[1]["joined_at"]


async def test_an_end_can_not_be_stretched_over_the_next_membership(place: Workplace) -> None:
    first, second, person = await a_firm(place), await a_firm(place), await a_person(place)
    await join(place, first, person)
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    await join(place, second, person)

    with pytest.raises(asyncpg.ExclusionViolationError):
        await place.pool.execute(
            "UPDATE memberships SET left_at = left_at + interval '1 microsecond' WHERE left_at IS NOT NULL"
        )


async def test_leaving_needs_a_remark_and_a_fresh_proof_and_nobodys_leave(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await join(place, firm, person)
    place.clock.forward(minutes=11)

    stale = await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock(), proved_at=NOON))
    silent = await place.send(LeaveFirm(remark="  "), by=person.asks(place.clock()))
    left = await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    again = await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))

    assert [stale, silent] == [FirmRefused(reason="proof_too_old"), FirmRefused(reason="remark_missing")]
    assert isinstance(left, MemberLeft)
    assert (left.left_at, left.ended_by, left.remark) == (place.clock(), "person", "bye")
    assert left.administrator_ids == (firm.account_id,)
    assert again == FirmRefused(reason="not_a_member")
    assert await place.emitted(MemberLeft) == [left]


async def test_a_firm_removes_its_own_members_only(place: Workplace) -> None:
    firm, other, person = await a_firm(place), await a_firm(place), await a_person(place)
    await join(place, firm, person)
    remove = RemoveMember(account_number=person.number, remark="project over")

    refused = await place.send(remove, by=other.asks())
    unknown = await place.send(RemoveMember(account_number="0000001", remark="x"), by=firm.asks())
    removed = await place.send(remove, by=firm.asks())

    assert refused == unknown == FirmRefused(reason="not_a_member")
    assert (removed.ended_by, removed.account_id) == ("firm", person.account_id)


async def test_a_person_sees_who_paid_and_pays_and_nobody_elses_payers(place: Workplace) -> None:
    first, second = await a_firm(place, "First Firm"), await a_firm(place, "Second Firm")
    person, other = await a_person(place), await a_person(place)
    await join(place, first, other)
    before = await join(place, first, person)
    place.clock.forward(hours=1)
    left = await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    place.clock.forward(hours=1)
    now = await join(place, second, person)

    shown = await place.send(WhoPaysForMe(), by=person.asks(place.clock()))

    assert shown == MembershipsShown(
        memberships=(
            MembershipShown(
                membership_id=now.membership_id,
                paa_id=second.paa_id,
                firm_name="Second Firm",
                joined_at=NOON + timedelta(hours=2),
                left_at=None,
                ended_by=None,
                remark="",
            ),
            MembershipShown(
                membership_id=before.membership_id,
                paa_id=first.paa_id,
                firm_name="First Firm",
                joined_at=NOON,
                left_at=left.left_at,
                ended_by="person",
                remark="bye",
            ),
        )
    )


async def test_whom_nobody_ever_paid_for_sees_no_payer(place: Workplace) -> None:
    person = await a_person(place)

    assert await place.send(WhoPaysForMe(), by=person.asks()) == MembershipsShown(memberships=())


async def test_deactivation_ends_the_membership_and_all_questions(place: Workplace) -> None:
    firm, other, person = await a_firm(place), await a_firm(place), await a_person(place)
    await join(place, firm, person)
    await invite(place, other, person)
    place.clock.forward(hours=1)

    await place.send(later(person, status="deactivated").changed)

    (left,) = await place.emitted(MemberLeft)
    assert (left.ended_by, left.left_at, left.paa_id) == ("deactivation", place.clock(), firm.paa_id)
    assert await invitation_states(place) == ["accepted", "withdrawn"]


async def test_a_firm_sees_its_present_members_with_yes_or_no_of_factor_and_filing(place: Workplace) -> None:
    firm, other = await a_firm(place), await a_firm(place)
    filer = await a_person(place, last_name="Filer")
    searcher = await a_person(place, last_name="Searcher", has_second_factor=False)
    stranger = await a_person(place, last_name="Stranger")
    for person in (filer, searcher):
        await join(place, firm, person)
    await join(place, other, stranger)
    await link(place, filer, is_ended=False)
    await link(place, searcher, is_ended=True)

    shown = await place.send(MyMembers(), by=firm.asks())

    assert [(m.last_name, m.has_second_factor, m.is_filer) for m in shown.members] == [
        ("Filer", True, True),
        ("Searcher", False, False),
    ]
    assert await place.pool.fetchval("SELECT count(*) FROM firm_looks WHERE kind = 'members'") == 1


async def link(place: Workplace, person: Holder, *, is_ended: bool) -> None:
    of_link: dict[str, Any] = {
        "link_id": uuid4(),
        "account_id": person.account_id,
        "court_id": "ncwbk",
        "filing_account_id": uuid4(),
        "role": "attorney",
    }
    if is_ended:  # the end may come before the beginning
        await place.send(FilingAccountUnlinked(**of_link, unlinked_at=NOON, unlinked_by="holder"))
    await place.send(FilingAccountLinked(**of_link, linked_at=NOON))


async def test_erasing_an_account_blanks_its_names_and_remarks(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await join(place, firm, person)
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="private"), by=person.asks(place.clock()))

    await place.send(AccountErased(account_id=person.account_id))

    names = await place.pool.fetchrow(
        "SELECT first_name, last_name FROM accounts WHERE account_id = $1", person.account_id
    )
    assert tuple(names or ()) == ("", "")
    assert await place.pool.fetchval("SELECT remark FROM memberships") == ""
    assert await place.pool.fetchval("SELECT remark FROM invitations") == ""

"""Confirming, unlinking and loading rosters at the same time."""

import asyncio
from typing import Any

import pytest

from shared.messages.linking import (
    FilingAccountLinked,
    FilingAccountProved,
    FilingAccountUnlinked,
    LinkConflictFound,
    LinkRefused,
)
from shared.messages.linking.requests import FilingRequestDecided
from tests.installation import until
from tests.integration.linking_builders import (
    Make,
    a_row,
    a_workplace,
    confirm,
    linked,
    load,
    prove,
    proved,
    refused,
    rights_of,
    somebody,
    unlink,
)
from tests.integration.linking_help_builders import a_code, a_person, accept, asked, prove_by_code
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def are_waiting(place: Workplace, count: int) -> bool:
    """Do so many transactions wait for a lock?"""
    waiting = await place.pool.fetchval(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
    )
    return bool(waiting == count)


async def released_together(place: Workplace, hold: str, *asked: Any) -> list[Any]:
    """Take a lock, start all, see them all wait for it, and let them go."""
    async with asyncio.TaskGroup() as group, place.pool.acquire() as connection, connection.transaction():
        await connection.fetch(hold)
        tasks = [group.create_task(one) for one in asked]
        await until(lambda: are_waiting(place, len(asked)), "all wait for the lock")
    return [task.result() for task in tasks]


async def test_of_people_confirming_one_filing_account_at_once_one_gets_it(place: Workplace) -> None:
    people = [somebody(place) for _ in range(6)]
    proofs = [await proved(place, who) for who in people]

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(confirm(place, who, proof.proof_id))
            for who, proof in zip(people, proofs, strict=True)
        ]
    outcomes = [task.result() for task in tasks]

    assert sum(isinstance(outcome, FilingAccountLinked) for outcome in outcomes) == 1
    assert outcomes.count(refused("filing_account_already_linked")) == 5
    assert len(await place.emitted(LinkConflictFound)) == 5
    assert len(await place.emitted(FilingAccountLinked)) == 1


async def test_two_people_confirming_one_filing_account_wait_for_its_row(place: Workplace) -> None:
    people = [somebody(place), somebody(place)]
    proofs = [await proved(place, who) for who in people]

    outcomes = await released_together(
        place,
        "SELECT id FROM filing_accounts FOR UPDATE",
        *(confirm(place, who, proof.proof_id) for who, proof in zip(people, proofs, strict=True)),
    )

    assert {type(outcome) for outcome in outcomes} == {FilingAccountLinked, LinkRefused}


async def test_one_person_confirming_twice_waits_for_the_own_account(place: Workplace) -> None:
    await load(place, a_row(), a_row("jpublic2", line=3))
    who = somebody(place)
    proofs = [await proved(place, who), await proved(place, who, login="jpublic2")]

    outcomes = await released_together(
        place,
        f"SELECT pg_advisory_xact_lock(hashtextextended('{who.account_id}', 0))",
        *(confirm(place, who, proof.proof_id) for proof in proofs),
    )

    assert {type(outcome) for outcome in outcomes} == {FilingAccountLinked, LinkRefused}


async def test_a_link_has_the_role_of_its_filing_account_whatever_a_roster_does_meanwhile(
    place: Workplace,
) -> None:
    who = somebody(place)
    proof = await proved(place, who)

    outcome, loaded = await released_together(
        place,
        "SELECT id FROM filing_accounts FOR UPDATE",
        confirm(place, who, proof.proof_id),
        load(place, a_row(role="trustee")),
    )

    role = await place.pool.fetchval("SELECT role FROM filing_accounts")
    if isinstance(outcome, FilingAccountLinked):
        assert (outcome.role, role, len(loaded.refused)) == ("attorney", "attorney", 1)
    else:
        assert (outcome, role, len(loaded.refused)) == (refused("proof_not_valid"), "trustee", 0)


async def test_a_roster_leaves_the_role_of_a_filing_account_that_is_made_and_linked_at_this_moment(
    place: Workplace,
) -> None:
    request = await asked(place, await a_person(place))

    async with asyncio.TaskGroup() as group, place.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE outbox IN SHARE MODE")
        accepted = group.create_task(accept(place, request.request_id, login="jnew"))
        await until(lambda: are_waiting(place, 1), "the request is accepted, and not committed")
        loading = group.create_task(load(place, a_row("jnew", role="trustee"), a_row("jlast", line=3)))
        await until(lambda: are_waiting(place, 2), "the roster waits for the login")
    loaded = loading.result()

    assert isinstance(accepted.result(), FilingRequestDecided)
    assert (loaded.added, [(row.line, row.field) for row in loaded.refused]) == (1, [(2, "role")])
    assert await place.pool.fetchval("SELECT role FROM filing_accounts WHERE login = 'jnew'") == "attorney"


async def test_one_proof_confirmed_many_times_at_once_makes_one_link(place: Workplace) -> None:
    who = somebody(place)
    proof = await proved(place, who)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(confirm(place, who, proof.proof_id)) for _ in range(5)]
    outcomes = [task.result() for task in tasks]

    assert sum(isinstance(outcome, FilingAccountLinked) for outcome in outcomes) == 1
    assert outcomes.count(refused("proof_not_valid")) == 4


async def test_one_person_confirming_two_accounts_of_one_role_at_once_gets_one(place: Workplace) -> None:
    await load(place, a_row(), a_row("jpublic2", line=3))
    who = somebody(place)
    proofs = [await proved(place, who), await proved(place, who, login="jpublic2")]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(confirm(place, who, proof.proof_id)) for proof in proofs]
    outcomes = [task.result() for task in tasks]

    assert sum(isinstance(outcome, FilingAccountLinked) for outcome in outcomes) == 1
    assert refused("role_already_linked_at_court") in outcomes


async def test_unlink_during_link_leaves_one_link_at_most(place: Workplace) -> None:
    await load(place, a_row(), a_row("jpublic2", line=3))
    who = somebody(place)
    kept = await proved(place, who, login="jpublic2")
    link = await linked(place, who)

    ended, confirmed = await released_together(
        place,
        "SELECT FROM links CROSS JOIN filing_accounts FOR UPDATE",
        unlink(place, who, link.link_id),
        confirm(place, who, kept.proof_id),
    )

    made = [confirmed] if isinstance(confirmed, FilingAccountLinked) else []
    assert made or confirmed == refused("role_already_linked_at_court")
    assert await place.emitted(FilingAccountUnlinked) == [ended]
    assert await place.emitted(FilingAccountLinked) == [link, *made]
    assert [right.link_id for right in (await rights_of(place, who)).rights] == [
        each.link_id for each in made
    ]


async def test_a_link_unlinked_twice_at_once_ends_once(place: Workplace) -> None:
    who = somebody(place)
    link = await linked(place, who)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(unlink(place, who, link.link_id)) for _ in range(4)]

    assert sum(isinstance(task.result(), FilingAccountUnlinked) for task in tasks) == 1
    assert len(await place.emitted(FilingAccountUnlinked)) == 1


async def test_a_claim_made_while_the_link_ends_leaves_no_conflict_behind(place: Workplace) -> None:
    holder, claimant = somebody(place), somebody(place)
    link = await linked(place, holder)

    _, ended = await released_together(
        place,
        "SELECT id FROM links FOR UPDATE",
        prove(place, claimant),
        unlink(place, holder, link.link_id),
    )

    assert isinstance(ended, FilingAccountUnlinked)
    assert await place.pool.fetchval("SELECT count(*) FROM conflicts WHERE settled_at IS NULL") == 0


async def test_two_people_with_one_linking_code_wait_for_its_filing_account(place: Workplace) -> None:
    code = await a_code(place)

    outcomes = await released_together(
        place,
        "SELECT id FROM filing_accounts FOR UPDATE",
        prove_by_code(place, somebody(place), code),
        prove_by_code(place, somebody(place), code),
    )

    assert sum(isinstance(outcome, FilingAccountProved) for outcome in outcomes) == 1
    assert refused("login_or_password_wrong") in outcomes


async def test_a_code_that_a_clerk_replaces_while_it_is_used_leaves_one_way_in(place: Workplace) -> None:
    code = await a_code(place)

    outcome, _ = await released_together(
        place,
        "SELECT id FROM filing_accounts FOR UPDATE",
        prove_by_code(place, somebody(place), code),
        a_code(place),
    )

    assert isinstance(outcome, FilingAccountProved) or outcome == refused("login_or_password_wrong")
    rows = await place.pool.fetch("SELECT used_at, died_at FROM linking_codes ORDER BY issued_at, way")
    assert len([row for row in rows if row["used_at"] is None and row["died_at"] is None]) == 1

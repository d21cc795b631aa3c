"""The queue of conflicts: court staff see who claims a filing account, and say whose it is."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.messages.accounts import AccountErased
from shared.messages.base import NotAllowed
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked, LinkConflictFound
from shared.messages.linking.conflicts import (
    ConflictNotSettled,
    Conflicts,
    ConflictSettled,
    SettleConflict,
)
from shared.messaging import outbox
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    confirm,
    linked,
    load,
    prove,
    refused,
    rights_of,
    somebody,
    staff,
    text_of_all_tables,
    unlink,
    verifier_of,
)
from tests.integration.linking_help_builders import a_code, a_person, prove_by_code, uses_told
from tests.integration.test_linking_races import released_together
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def a_conflict(place: Workplace, holder: Any, claimant: Any, *, login: str = "jpublic") -> Any:
    """The id of a conflict between the two."""
    await linked(place, holder, login=login)
    assert await prove(place, claimant, login=login) == refused("filing_account_already_linked")
    return (await place.emitted(LinkConflictFound))[-1].conflict_id


async def queue(place: Workplace, *, by: Any = None, **how: Any) -> Any:
    return await place.send(Conflicts(court_id=COURT, **how), by=by or staff(place))


async def settle(
    place: Workplace, conflict_id: Any, decision: Any, remark: str = "bar card shown", *, by: Any = None
) -> Any:
    command = SettleConflict(conflict_id=conflict_id, decision=decision, remark=remark)
    return await place.send(command, by=by or staff(place))


async def publish_all(place: Workplace) -> None:
    """Let the broker have confirmed all that waits in the outbox."""
    async with place.pool.acquire() as connection, connection.transaction():
        waiting = await outbox.read_oldest(connection, 1000)
        await outbox.move_to_announced(connection, [each.message_id for each in waiting], place.clock())


async def test_staff_see_both_parties_and_each_reads_that_they_did(place: Workplace) -> None:
    holder, claimant = await a_person(place, last_name="Holder"), await a_person(place, last_name="Claimer")
    conflict_id, clerk = await a_conflict(place, holder, claimant), staff(place)

    shown = await queue(place, by=clerk)

    [conflict] = shown.conflicts
    assert (conflict.conflict_id, conflict.login, conflict.name) == (conflict_id, "jpublic", "Jane Q. Public")
    assert (conflict.holder.last_name, conflict.claimant.last_name) == ("Holder", "Claimer")
    assert (conflict.holder.account_id, shown.has_more) == (holder.account_id, False)
    told = await uses_told(place, "conflicts")
    assert {use.account_id for use in told} == {holder.account_id, claimant.account_id}
    assert {(use.actor_account_id, use.is_in_list) for use in told} == {(clerk.account_id, True)}


async def test_the_queue_comes_in_pages(place: Workplace) -> None:
    rows = [a_row(f"login{n}", line=n + 2) for n in range(3)]
    await load(place, *rows)
    ids = [
        await a_conflict(place, await a_person(place), await a_person(place), login=row.login) for row in rows
    ]

    first = await queue(place, limit=2)
    second = await queue(place, limit=2, after=first.conflicts[-1].conflict_id)

    assert [c.conflict_id for c in (*first.conflicts, *second.conflicts)] == sorted(ids)
    assert (first.has_more, second.has_more) == (True, False)


async def test_unlinking_the_holder_lets_the_claimant_link_with_a_code(place: Workplace) -> None:
    holder, claimant, clerk = await a_person(place), await a_person(place), staff(place)
    conflict_id = await a_conflict(place, holder, claimant)

    settled = await settle(place, conflict_id, "unlink_holder", " bar card shown ", by=clerk)

    assert (settled.holder_account_id, settled.claimant_account_id) == (
        holder.account_id,
        claimant.account_id,
    )
    assert await place.emitted(ConflictSettled) == [settled]
    [end] = await place.emitted(FilingAccountUnlinked)
    assert (end.unlinked_by, end.remark, end.actor_account_id) == (
        "court",
        "bar card shown",
        clerk.account_id,
    )
    assert (await rights_of(place, holder)).rights == ()
    proof = await prove_by_code(place, claimant, await a_code(place))
    assert isinstance(await confirm(place, claimant, proof.proof_id), FilingAccountLinked)
    assert (await queue(place)).conflicts == ()
    told = await uses_told(place, "settle_conflict")
    assert {use.account_id for use in told} == {holder.account_id, claimant.account_id}


async def test_keeping_the_holder_changes_no_link(place: Workplace) -> None:
    holder, claimant = await a_person(place), await a_person(place)
    conflict_id = await a_conflict(place, holder, claimant)

    settled = await settle(place, conflict_id, "keep_holder")

    assert settled.decision == "keep_holder"
    assert len((await rights_of(place, holder)).rights) == 1
    assert await place.emitted(FilingAccountUnlinked) == []
    assert await prove(place, claimant) == refused("filing_account_already_linked")
    assert len((await queue(place)).conflicts) == 1


async def test_what_is_announced_of_a_conflict_names_nobody_and_holds_no_remark(place: Workplace) -> None:
    conflict_id = await a_conflict(place, await a_person(place), await a_person(place))
    await settle(place, conflict_id, "keep_holder", "Mr. Crane called")

    bodies = await place.pool.fetch("SELECT body FROM outbox WHERE type LIKE 'linking.%'")

    assert not [row for row in bodies if b"Crane" in row["body"] or b"Jane" in row["body"]]
    assert await place.pool.fetchval("SELECT remark FROM conflicts") == "Mr. Crane called"


async def test_a_conflict_is_settled_once_and_with_a_remark(place: Workplace) -> None:
    conflict_id = await a_conflict(place, await a_person(place), await a_person(place))

    without = await settle(place, conflict_id, "keep_holder", "  ")
    async with asyncio.TaskGroup() as group:
        keep = group.create_task(settle(place, conflict_id, "keep_holder"))
        end = group.create_task(settle(place, conflict_id, "unlink_holder"))
    outcomes = [keep.result(), end.result()]

    assert without == ConflictNotSettled(reason="remark_missing")
    assert sum(isinstance(outcome, ConflictSettled) for outcome in outcomes) == 1
    assert ConflictNotSettled(reason="already_settled") in outcomes


async def test_settling_and_unlinking_at_once_wait_for_the_filing_account_and_end_the_link_once(
    place: Workplace,
) -> None:
    holder, clerk = await a_person(place), staff(place)
    conflict_id = await a_conflict(place, holder, await a_person(place))
    [right] = (await rights_of(place, holder)).rights

    settled, _ = await released_together(
        place,
        "SELECT id FROM filing_accounts FOR UPDATE",
        settle(place, conflict_id, "unlink_holder"),
        unlink(place, clerk, right.link_id, "wrong person"),
    )

    [end] = await place.emitted(FilingAccountUnlinked)
    assert (end.remark == "bar card shown") == isinstance(settled, ConflictSettled)


@pytest.mark.parametrize("by_court", [True, False])
async def test_a_conflict_ends_with_the_link_it_is_about(place: Workplace, by_court: bool) -> None:
    holder, claimant = await a_person(place), await a_person(place)
    conflict_id = await a_conflict(place, holder, claimant)
    [right] = (await rights_of(place, holder)).rights

    await unlink(place, staff(place) if by_court else holder, right.link_id, "wrong")

    assert (await queue(place)).conflicts == ()
    assert await settle(place, conflict_id, "keep_holder") == ConflictNotSettled(reason="already_settled")
    await load(place, a_row(), verifiers=[verifier_of("new")])
    await linked(place, await a_person(place), password="new")
    await prove(place, claimant, password="new")
    assert len((await queue(place)).conflicts) == 1


async def test_only_other_staff_of_that_court_see_and_settle_conflicts(place: Workplace) -> None:
    clerk = staff(place)
    conflict_id = await a_conflict(place, await a_person(place), clerk)
    nothing = ConflictNotSettled(reason="conflict_not_found")
    low, missing = staff(place, level=1), NotAllowed(reason="role_missing")

    assert await settle(place, conflict_id, "unlink_holder", by=clerk) == NotAllowed(reason="not_yours")
    assert await settle(place, conflict_id, "keep_holder", by=somebody(place)) == nothing
    assert await settle(place, conflict_id, "keep_holder", by=staff(place, "nyebk")) == nothing
    assert await settle(place, uuid4(), "keep_holder") == nothing
    assert await settle(place, conflict_id, "keep_holder", by=low) == NotAllowed(
        reason="session_level_too_low"
    )
    assert await queue(place, by=somebody(place)) == await queue(place, by=staff(place, "nyebk")) == missing
    assert await uses_told(place, "conflicts") == []


@pytest.mark.parametrize("decision", ["keep_holder", "unlink_holder"])
@pytest.mark.parametrize("party", ["holder", "claimant"])
async def test_an_erased_party_leaves_no_remark(place: Workplace, decision: str, party: str) -> None:
    parties = {"holder": await a_person(place), "claimant": await a_person(place)}
    conflict_id = await a_conflict(place, parties["holder"], parties["claimant"])
    await settle(place, conflict_id, decision, "Ermintrude called")
    await publish_all(place)
    place.clock.forward(seconds=1)

    await place.send(AccountErased(account_id=parties[party].account_id))
    await place.work_off("erasures")

    assert await place.pool.fetchval("SELECT remark FROM conflicts") == "(erased)"
    assert "Ermintrude" not in await text_of_all_tables(place.pool)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE conflicts SET decision = 'keep_holder'",
        "UPDATE conflicts SET decision = '', remark = 'x', settled_by_account_id = id, settled_at = found_at",
        "UPDATE conflicts SET decision = 'keep_holder', settled_by_account_id = id, remark = 'x'",
    ],
)
async def test_the_database_itself_refuses_half_a_decision(place: Workplace, statement: str) -> None:
    await a_conflict(place, await a_person(place), await a_person(place))

    with pytest.raises(asyncpg.CheckViolationError, match="decision_is_whole_and_settles"):
        await place.pool.execute(statement)

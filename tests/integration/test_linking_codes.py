"""Linking codes: court staff help who has forgotten the CM/ECF login, and nobody else."""

import asyncio
import json
from datetime import timedelta

import pytest

from shared.messages.linking import (
    FilingAccountLinked,
    FilingAccountProved,
    LinkConflictFound,
)
from shared.messages.linking.codes import (
    IssueLinkingCode,
    LinkingCodeIssued,
    LinkingCodeMade,
)
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    confirm,
    linked,
    load,
    refused,
    somebody,
    staff,
    unlink,
)
from tests.integration.linking_help_builders import a_code, ask_code, prove_by_code
from tests.messaging import Workplace

WRONG = refused("login_or_password_wrong")
NO_CODE = "0000-0000-0000-0000"


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def test_a_mailed_code_goes_to_the_address_on_the_filing_account_and_links_it(
    place: Workplace,
) -> None:
    who, clerk = somebody(place), staff(place)

    made = await ask_code(place, by=clerk)
    [code] = await place.open_emitted(LinkingCodeIssued, "code")
    [recipient] = await place.open_emitted(LinkingCodeIssued, "recipient")
    proof = await prove_by_code(place, who, code)
    link = await confirm(place, who, proof.proof_id)

    assert (made.code, made.secret_shown_once) == (None, False)
    assert made.expires_at == place.clock() + timedelta(days=7)
    assert json.loads(recipient) == {"name": "Jane Q. Public", "email": "jpublic@lawfirm.example"}
    assert (proof.masked_name, proof.role) == ("J*** Q*** P***", "attorney")
    assert (link.account_id, link.court_id) == (who.account_id, COURT)
    [event] = await place.emitted(LinkingCodeIssued)
    assert (event.way, event.actor_account_id) == ("mailed", clerk.account_id)


async def test_a_code_given_in_person_is_shown_once_and_told_to_the_address_without_it(
    place: Workplace,
) -> None:
    command, clerk = IssueLinkingCode(court_id=COURT, login="jpublic", way="in_person"), staff(place)

    _, envelope = await place.judge(command, by=clerk)
    repeated = await place.send(command, by=clerk, message_id=envelope.message_id)

    assert isinstance(repeated, LinkingCodeMade)
    assert (repeated.code, repeated.secret_shown_once) == (None, True)
    [event] = await place.emitted(LinkingCodeIssued)
    assert (event.way, event.code) == ("in_person", None)
    assert await place.open_emitted(LinkingCodeIssued, "recipient")


async def test_a_code_is_read_however_it_is_typed(place: Workplace) -> None:
    code = await a_code(place)

    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    assert isinstance(await prove_by_code(place, somebody(place), typed), FilingAccountProved)


async def test_a_linking_code_twice_serves_once(place: Workplace) -> None:
    who, code = somebody(place), await a_code(place)

    first = await prove_by_code(place, who, code)
    second = await prove_by_code(place, who, code)

    assert isinstance(first, FilingAccountProved)
    assert second == WRONG
    assert isinstance(await confirm(place, who, first.proof_id), FilingAccountLinked)


async def test_who_missed_the_answer_and_asks_again_under_the_same_id_gets_the_same_proof(
    place: Workplace,
) -> None:
    who, code = somebody(place), await a_code(place)

    first = await prove_by_code(place, who, code)
    message_id = await place.pool.fetchval(
        "SELECT message_id FROM inbox WHERE type = 'linking.prove_by_linking_code.v1'"
    )
    again_asked = await prove_by_code(place, who, code, message_id=message_id)

    assert again_asked == first
    assert await place.pool.fetchval("SELECT count(*) FROM proofs") == 1


async def test_a_linking_code_late_is_wrong(place: Workplace) -> None:
    early, late = await a_code(place), await a_code(place)
    assert early != late

    place.clock.forward(days=7)
    too_late = await prove_by_code(place, somebody(place), late)
    place.clock.forward(seconds=-1)

    assert too_late == WRONG
    assert isinstance(await prove_by_code(place, somebody(place), late), FilingAccountProved)


async def test_a_linking_code_for_another_serves_nobody_else_once_a_proof_was_made(place: Workplace) -> None:
    who, thief, code = somebody(place), somebody(place), await a_code(place)

    proof = await prove_by_code(place, who, code)

    assert await prove_by_code(place, thief, code) == WRONG
    assert await confirm(place, thief, proof.proof_id) == refused("proof_not_valid")


async def test_a_linking_code_for_another_filing_account_or_court_proves_only_its_own(
    place: Workplace,
) -> None:
    await load(place, a_row("jother", line=3, name="Otto Other", role="trustee"))
    await load(place, a_row(), court_id="waebk")
    code = await a_code(place, login="jother")

    elsewhere = await prove_by_code(place, somebody(place), code, court_id="waebk")
    here = await prove_by_code(place, somebody(place), code)

    assert elsewhere == refused("login_or_password_wrong", "waebk")
    assert (here.masked_name, here.role) == ("O*** O***", "trustee")


async def test_a_new_code_ends_the_one_before(place: Workplace) -> None:
    first, second = await a_code(place), await a_code(place)

    assert await prove_by_code(place, somebody(place), first) == WRONG
    assert isinstance(await prove_by_code(place, somebody(place), second), FilingAccountProved)


async def test_a_link_ends_the_code_also_after_unlinking(place: Workplace) -> None:
    who, code = somebody(place), await a_code(place)
    link = await linked(place, who)
    while_linked = await prove_by_code(place, somebody(place), code)

    await unlink(place, who, link.link_id)

    assert while_linked == WRONG
    assert await prove_by_code(place, somebody(place), code) == WRONG
    assert await place.emitted(LinkConflictFound) == []


async def test_two_people_at_once_with_one_code_get_one_proof(place: Workplace) -> None:
    code = await a_code(place)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(prove_by_code(place, somebody(place), code)) for _ in range(5)]
    outcomes = [task.result() for task in tasks]

    assert sum(isinstance(outcome, FilingAccountProved) for outcome in outcomes) == 1
    assert outcomes.count(WRONG) == 4
    assert await place.pool.fetchval("SELECT count(*) FROM proofs") == 1


async def test_two_clerks_at_once_leave_one_open_code(place: Workplace) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask_code(place)) for _ in range(5)]

    assert all(isinstance(task.result(), LinkingCodeMade) for task in tasks)
    open_count = await place.pool.fetchval("SELECT count(*) FROM linking_codes WHERE died_at IS NULL")
    assert open_count == 1


async def test_a_code_whose_claim_is_refused_stays_good(place: Workplace) -> None:
    await load(place, a_row(), a_row("jsecond", line=3))
    who, code = somebody(place), await a_code(place, login="jsecond")
    first = await linked(place, who)

    taken = await prove_by_code(place, who, code)
    await unlink(place, who, first.link_id)

    assert taken == refused("role_already_linked_at_court")
    assert isinstance(await prove_by_code(place, who, code), FilingAccountProved)

"""Attacks on linking, each by its name: proofs used where they don't belong, and messages out of order."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.messages.linking import ConfirmLink, FilingAccountLinked, FilingAccountUnlinked
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    account_changed,
    again,
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
from tests.integration.test_linking_races import released_together
from tests.messaging import Workplace

OTHER_COURT = "waebk"
NOT_VALID = refused("proof_not_valid")


class ConfirmLinkElsewhere(ConfirmLink, frozen=True, kw_only=True, tag="linking.confirm_link.v1"):
    """A confirmation that names what it would like to have linked."""

    court_id: str | None = None
    login: str | None = None
    filing_account_id: UUID | None = None


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row(), a_row("jother", line=3))
    await load(made, a_row(), court_id=OTHER_COURT)
    return made


async def filing_account_at(place: Workplace, court_id: str, login: str) -> Any:
    return await place.pool.fetchrow(
        "SELECT id, login_ended_at FROM filing_accounts WHERE court_id = $1 AND login = $2", court_id, login
    )


async def test_a_proof_for_court_a_used_at_court_b_links_nothing_there(place: Workplace) -> None:
    who = somebody(place)
    proof = await proved(place, who)
    there = await filing_account_at(place, OTHER_COURT, "jpublic")

    link = await place.send(
        ConfirmLinkElsewhere(
            proof_id=proof.proof_id, court_id=OTHER_COURT, login="jpublic", filing_account_id=there["id"]
        ),
        by=who,
    )

    assert isinstance(link, FilingAccountLinked)
    assert [right.court_id for right in (await rights_of(place, who)).rights] == [COURT]
    assert (await filing_account_at(place, OTHER_COURT, "jpublic"))["login_ended_at"] is None
    assert await confirm(place, who, proof.proof_id) == NOT_VALID


async def test_a_proof_for_login_x_used_for_login_y_links_nothing_of_it(place: Workplace) -> None:
    who = somebody(place)
    proof = await proved(place, who)
    other = await filing_account_at(place, COURT, "jother")

    link = await place.send(
        ConfirmLinkElsewhere(proof_id=proof.proof_id, login="jother", filing_account_id=other["id"]), by=who
    )

    assert isinstance(link, FilingAccountLinked)
    assert [right.login for right in (await rights_of(place, who)).rights] == ["jpublic"]
    assert (await filing_account_at(place, COURT, "jother"))["login_ended_at"] is None


async def test_a_proof_reused_after_success_is_refused(place: Workplace) -> None:
    who = somebody(place)
    proof = await proved(place, who)
    await confirm(place, who, proof.proof_id)

    assert await confirm(place, who, proof.proof_id) == NOT_VALID


async def test_a_proof_reused_after_unlink_is_refused(place: Workplace) -> None:
    who = somebody(place)
    proof = await proved(place, who)
    link = await confirm(place, who, proof.proof_id)

    assert isinstance(await unlink(place, who, link.link_id), FilingAccountUnlinked)

    assert await confirm(place, who, proof.proof_id) == NOT_VALID


async def test_a_second_proof_kept_back_for_after_unlink_is_refused(place: Workplace) -> None:
    who, other = somebody(place), somebody(place)
    mine, kept_back, others = await proved(place, who), await proved(place, who), await proved(place, other)

    link = await confirm(place, who, mine.proof_id)
    await unlink(place, who, link.link_id)

    assert await confirm(place, who, kept_back.proof_id) == NOT_VALID
    assert await confirm(place, other, others.proof_id) == NOT_VALID


async def test_a_proof_used_after_its_ten_minutes_is_refused_and_a_second_earlier_is_not(
    place: Workplace,
) -> None:
    who = somebody(place)
    first, second = await proved(place, who), await proved(place, who)

    place.clock.forward(minutes=10)
    late = await confirm(place, again(place, who), first.proof_id)
    place.clock.forward(seconds=-1)

    assert late == NOT_VALID
    assert isinstance(await confirm(place, again(place, who), second.proof_id), FilingAccountLinked)


async def test_a_proof_used_from_another_session_or_by_another_person_is_refused(place: Workplace) -> None:
    who = somebody(place)
    proof = await proved(place, who)

    another_session = await confirm(place, again(place, who, session_id_hash="f" * 64), proof.proof_id)
    another_person = await confirm(place, somebody(place), proof.proof_id)
    in_its_session = await confirm(
        place, somebody(place, session_id_hash=who.session_id_hash), proof.proof_id
    )

    assert another_session == another_person == in_its_session == NOT_VALID
    assert isinstance(await confirm(place, who, proof.proof_id), FilingAccountLinked)


async def test_a_proof_that_was_guessed_is_refused_as_one_that_is_not_ones_own(place: Workplace) -> None:
    assert await confirm(place, somebody(place), uuid4()) == refused("proof_not_valid", None)


async def test_one_person_linking_two_roles_at_once_has_both_and_under_the_policy_one_has_one(
    workplace_of: Make,
) -> None:
    held = {}
    for policy in ("one_per_role", "one"):
        place = await a_workplace(workplace_of, links_per_court=policy)
        await load(place, a_row(), a_row("jtrustee", line=3, role="trustee"))
        who = somebody(place)
        proofs = [await proved(place, who), await proved(place, who, login="jtrustee")]

        held[policy] = await released_together(
            place,
            "SELECT id FROM filing_accounts FOR UPDATE",
            *(confirm(place, who, proof.proof_id) for proof in proofs),
        )

    assert [type(outcome) for outcome in held["one_per_role"]] == [FilingAccountLinked] * 2
    assert refused("role_already_linked_at_court") in held["one"]
    assert sum(isinstance(outcome, FilingAccountLinked) for outcome in held["one"]) == 1


async def test_one_person_linking_one_role_twice_is_refused(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    assert await prove(place, who, login="jother") == refused("role_already_linked_at_court")


async def test_an_account_deactivated_before_it_is_known_links_and_files_nowhere(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)
    proof = await proved(place, who, court_id=OTHER_COURT)
    later = account_changed(who.account_id, version=2, status="deactivated")

    await place.send(later)
    await place.send(later.with_changes(version=1, status="active"))

    assert await confirm(place, who, proof.proof_id) == refused("account_not_active", OTHER_COURT)
    assert (await rights_of(place, who)).reason == "account_not_active"


async def test_a_person_who_upgraded_a_moment_ago_links_and_files_at_once(place: Workplace) -> None:
    who = somebody(place, account_version=7)
    await place.send(account_changed(who.account_id, version=6, generation="legacy"))

    await linked(place, who)

    assert [right.login for right in (await rights_of(place, who)).rights] == ["jpublic"]


async def test_a_legacy_copy_that_arrives_late_takes_nothing_from_who_has_upgraded(place: Workplace) -> None:
    who = somebody(place, account_version=7)
    await place.send(account_changed(who.account_id, version=7))
    await linked(place, who)

    await place.send(account_changed(who.account_id, version=6, generation="legacy"))

    assert len((await rights_of(place, who)).rights) == 1


async def test_an_assertion_from_before_the_deactivation_links_nothing(place: Workplace) -> None:
    who = somebody(place, account_version=7)
    proof = await proved(place, who)
    await place.send(account_changed(who.account_id, version=8, status="deactivated"))

    assert await confirm(place, who, proof.proof_id) == refused("account_not_active")
    place.clock.forward(seconds=59)
    assert await prove(place, who) == refused("account_not_active")

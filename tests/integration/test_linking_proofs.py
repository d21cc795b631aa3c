"""Proving and confirming: who may, when, and for how long a proof is good."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec import structs

from shared.messages.linking import (
    FilingAccountLinked,
    LinkConflictFound,
    SetGoLive,
)
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    again,
    confirm,
    linked,
    load,
    prove,
    proved,
    refused,
    rights_of,
    somebody,
    staff,
    verifier_of,
)
from tests.messaging import Workplace

NCWBK_LIVE = datetime(2019, 10, 21, 16, 0, tzinfo=UTC)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def test_a_proof_shows_the_masked_name_and_confirming_it_makes_the_link(place: Workplace) -> None:
    who = somebody(place)

    proof = await proved(place, who)
    before = await rights_of(place, who)
    link = await confirm(place, who, proof.proof_id)

    assert (proof.masked_name, proof.role) == ("J*** Q*** P***", "attorney")
    assert proof.expires_at == place.clock() + timedelta(minutes=10)
    assert before.rights == ()
    assert isinstance(link, FilingAccountLinked)
    assert await place.emitted(FilingAccountLinked) == [link]
    [right] = (await rights_of(place, who)).rights
    assert (right.link_id, right.court_id, right.login) == (link.link_id, COURT, "jpublic")


async def test_confirming_ends_the_cmecf_login(place: Workplace) -> None:
    await linked(place, somebody(place))

    assert await place.pool.fetchval("SELECT login_ended_at FROM filing_accounts") == place.clock()


ACCOUNT_REFUSALS = [
    ({"status": "locked", "email_verified": False}, "account_not_active"),
    ({"status": "pending_verification"}, "account_not_active"),
    ({"status": "deactivated"}, "account_not_active"),
    ({"email_verified": False, "generation": "legacy"}, "upgrade_first"),
    ({"generation": "legacy", "kind": "paa"}, "upgrade_first"),
    ({"email_verified": False, "kind": "paa"}, "email_not_verified"),
    ({"kind": "paa", "proved_at": datetime(2024, 1, 1, tzinfo=UTC)}, "not_an_individual"),
    ({"proved_at": datetime(2024, 2, 1, 17, 49, 59, tzinfo=UTC)}, "proof_too_old"),
]


@pytest.mark.parametrize(("changes", "reason"), ACCOUNT_REFUSALS)
async def test_account_and_session_are_looked_at_first_when_proving(
    place: Workplace, changes: dict[str, Any], reason: str
) -> None:
    outcome = await prove(place, somebody(place, **changes), court_id="nysbk", password="wrong")

    assert outcome == refused(reason, "nysbk")


@pytest.mark.parametrize(("changes", "reason"), ACCOUNT_REFUSALS)
async def test_account_and_session_are_looked_at_again_when_confirming(
    place: Workplace, changes: dict[str, Any], reason: str
) -> None:
    who = somebody(place)
    proof = await proved(place, who)

    changed = again(place, who, **changes)

    assert await confirm(place, changed, proof.proof_id) == refused(reason)
    assert await confirm(place, changed, uuid4()) == refused(reason, None)
    assert await place.emitted(FilingAccountLinked) == []


async def test_of_two_things_in_the_way_of_a_proof_the_first_is_the_reason(place: Workplace) -> None:
    await load(place, a_row(), a_row("jother", line=3))
    await load(place, court_id="nysbk")
    who = somebody(place)
    await linked(place, who)
    await linked(place, somebody(place), login="jother")

    not_live_and_wrong = await prove(place, who, password="wrong", court_id="nysbk")
    wrong_and_linked = await prove(place, who, login="jother", password="wrong")
    linked_and_role_taken = await prove(place, who, login="jother")

    assert not_live_and_wrong == refused("court_not_live", "nysbk")
    assert wrong_and_linked == refused("login_or_password_wrong")
    assert linked_and_role_taken == refused("filing_account_already_linked")


async def test_the_level_that_the_policy_asks_for_is_needed(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of, proof_level=2)
    await load(place)

    assert await prove(place, somebody(place, level=1)) == refused("session_level_too_low")
    assert await linked(place, somebody(place, level=2))


async def test_an_unknown_court_and_one_that_is_not_live_are_told_apart(place: Workplace) -> None:
    who = somebody(place)

    assert await prove(place, who, court_id="zzbk") == refused("court_not_known", "zzbk")
    assert await prove(place, who, court_id="nysbk") == refused("court_not_live", "nysbk")


@pytest.mark.parametrize(
    ("court_id", "local_time", "live_at"),
    [
        ("gubk", "2024-02-05T12:00", datetime(2024, 2, 5, 2, 0, tzinfo=UTC)),
        ("nysbk", "2024-03-10T12:00", datetime(2024, 3, 10, 16, 0, tzinfo=UTC)),
    ],
)
async def test_linking_opens_at_the_very_instant_of_go_live(
    place: Workplace, court_id: str, local_time: str, live_at: datetime
) -> None:
    by_court = staff(place, court_id)
    await place.send(SetGoLive(court_id=court_id, local_time=local_time), by=by_court)
    await load(place, court_id=court_id)

    place.clock.now = live_at - timedelta(seconds=1)
    early = await prove(place, somebody(place), court_id=court_id)
    place.clock.now = live_at

    assert early == refused("court_not_live", court_id)
    assert await linked(place, somebody(place), court_id=court_id)


async def test_ncwbk_opens_at_noon_of_2019_10_21(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of, now=NCWBK_LIVE - timedelta(seconds=1))
    await load(place)

    early = await prove(place, somebody(place))
    place.clock.now = NCWBK_LIVE

    assert early == refused("court_not_live")
    assert await linked(place, somebody(place))


async def test_a_new_password_from_the_court_ends_the_proofs_of_the_old_one(place: Workplace) -> None:
    who = somebody(place)
    proof = await proved(place, who)

    await load(place, verifiers=[verifier_of("A-New-Secret-12")])

    assert await confirm(place, who, proof.proof_id) == refused("proof_not_valid")
    assert await prove(place, who) == refused("login_or_password_wrong")
    assert await linked(place, who, password="A-New-Secret-12")


async def test_two_roles_at_one_court_are_allowed_and_the_same_role_twice_is_not(place: Workplace) -> None:
    trustee, second = a_row("jtrustee", line=3, role="trustee"), a_row("jsecond", line=4)
    await load(place, a_row(), trustee, second)
    who = somebody(place)
    await linked(place, who)
    await linked(place, who, login="jtrustee")

    third = await prove(place, who, login="jsecond")

    assert third == refused("role_already_linked_at_court")
    assert {right.role for right in (await rights_of(place, who)).rights} == {"attorney", "trustee"}


async def test_under_the_policy_one_a_second_role_is_refused(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of, links_per_court="one")
    await load(place, a_row(), a_row("jtrustee", line=3, role="trustee"))
    who = somebody(place)
    await linked(place, who)

    assert await prove(place, who, login="jtrustee") == refused("role_already_linked_at_court")


async def test_a_second_claimant_waits_in_the_courts_queue_and_is_not_told_who_holds_it(
    place: Workplace,
) -> None:
    holder, claimant = somebody(place), somebody(place)
    link = await linked(place, holder)

    first, second = await prove(place, claimant), await prove(place, claimant)
    own = await prove(place, holder)

    assert first == second == refused("filing_account_already_linked")
    assert own == structs.replace(refused("filing_account_already_linked"), is_own=True)
    [conflict] = await place.emitted(LinkConflictFound)
    assert (conflict.claimant_account_id, conflict.filing_account_id) == (
        claimant.account_id,
        link.filing_account_id,
    )
    row = await place.pool.fetchrow("SELECT holder_account_id, court_id, settled_at FROM conflicts")
    assert tuple(row or ()) == (holder.account_id, COURT, None)


async def test_someone_without_the_password_learns_nothing_of_a_linked_filing_account(
    place: Workplace,
) -> None:
    await linked(place, somebody(place))

    assert await prove(place, somebody(place), password="wrong") == refused("login_or_password_wrong")
    assert await place.emitted(LinkConflictFound) == []

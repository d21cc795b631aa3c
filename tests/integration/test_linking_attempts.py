"""Why can't this person link? What staff see of attempts at a filing login, and what is kept of them."""

from typing import Any, get_args

import pytest

from services.linking.rules.attempts import meaning_of
from services.linking.store.attempts import MOST_KEPT_OF_AN_ACCOUNT
from shared.messages.accounts import AccountErased
from shared.messages.base import NotAllowed
from shared.messages.linking import RefusalReason
from shared.messages.linking.attempts import WhyCantLink
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
    somebody,
    staff,
    text_of_all_tables,
)
from tests.integration.linking_help_builders import a_code, a_person, prove_by_code, uses_told
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def why(place: Workplace, login: str = "jpublic", *, by: Any = None) -> Any:
    return await place.send(WhyCantLink(court_id=COURT, login=login), by=by or staff(place))


def outcomes_in(shown: Any) -> list[tuple[str, int]]:
    return [(attempt.outcome, attempt.count) for attempt in shown.attempts]


async def test_staff_see_the_last_attempts_at_a_login_with_who_tried_and_what_to_do(place: Workplace) -> None:
    who, clerk = await a_person(place, last_name="Public", account_number="7304118"), staff(place)
    await prove(place, who, password="x")
    place.clock.forward(seconds=1)
    await prove(place, who, password="y")
    place.clock.forward(seconds=1)
    await prove(place, again(place, who, status="deactivated"))

    shown = await why(place, " jpublic ", by=clerk)

    assert outcomes_in(shown) == [("account_not_active", 1), ("login_or_password_wrong", 2)]
    newest = shown.attempts[0]
    assert (newest.person.last_name, newest.person.account_number) == ("Public", "7304118")
    assert (newest.meaning, newest.last_at) == ("The PACER account is not active.", place.clock())
    assert newest.next_step == "The person calls the PACER Service Center."
    assert (shown.is_linked, shown.has_open_code, shown.filing_account_id is None) == (False, False, False)
    [use] = await uses_told(place, "why_cant_link")
    assert (use.account_id, use.actor_account_id) == (who.account_id, clerk.account_id)


async def test_each_look_at_a_login_is_told_for_the_history(place: Workplace) -> None:
    who = await a_person(place)
    await prove(place, who, password="x")

    await why(place)
    await why(place)

    assert [use.is_in_list for use in await uses_told(place, "why_cant_link")] == [False, False]


async def test_staff_see_how_far_somebody_came(place: Workplace) -> None:
    holder, late = await a_person(place), await a_person(place)
    proof = await proved(place, late)
    await a_code(place)
    before = await why(place)
    await linked(place, holder)
    place.clock.forward(seconds=1)
    await confirm(place, again(place, late), proof.proof_id)

    after = await why(place)

    assert outcomes_in(before) == [("proved", 1)]
    assert (before.has_open_code, after.has_open_code, after.is_linked) == (True, False, True)
    assert outcomes_in(after)[0] == ("filing_account_already_linked", 1)
    assert {outcome for outcome, _ in outcomes_in(after)} >= {"linked", "proved"}


async def test_attempts_with_a_code_are_found_by_its_login(place: Workplace) -> None:
    who, code = await a_person(place), await a_code(place)
    await prove_by_code(place, who, code)
    place.clock.forward(seconds=1)
    await prove_by_code(place, again(place, who), code)

    assert outcomes_in(await why(place)) == [("login_or_password_wrong", 1), ("proved", 1)]


async def test_a_login_that_isnt_on_the_roster_is_found_as_it_was_typed(place: Workplace) -> None:
    await prove(place, await a_person(place), login="jpublick")

    shown = await why(place, "jpublick")

    assert (shown.filing_account_id, outcomes_in(shown)) == (None, [("login_or_password_wrong", 1)])
    assert (await why(place)).attempts == ()


async def test_a_password_typed_as_the_login_rests_nowhere(place: Workplace) -> None:
    await prove(place, await a_person(place), login="Tarheel-Typed-77")

    assert "Tarheel-Typed-77" not in await text_of_all_tables(place.pool)


async def test_nobody_else_sees_the_attempts(place: Workplace) -> None:
    await prove(place, await a_person(place), password="x")
    missing = NotAllowed(reason="role_missing")

    assert await why(place, by=somebody(place)) == missing
    assert await why(place, by=staff(place, "nyebk")) == missing
    assert await why(place, by=staff(place, level=1)) == NotAllowed(reason="session_level_too_low")
    assert await uses_told(place, "why_cant_link") == []


async def test_attempts_are_forgotten_after_thirty_days_and_with_the_account(place: Workplace) -> None:
    who, other = await a_person(place), await a_person(place)
    await prove(place, who, password="x")
    await prove(place, other, password="x")

    await place.send(AccountErased(account_id=other.account_id))
    kept = await place.pool.fetchval("SELECT array_agg(account_id) FROM link_attempts")
    place.clock.forward(days=30)
    early = await place.work_off("forget_old_proofs")
    at_the_edge = await place.pool.fetchval("SELECT count(*) FROM link_attempts")
    place.clock.forward(seconds=1)
    late = await place.work_off("forget_old_proofs")

    assert kept == [who.account_id]
    assert (early, at_the_edge, late) == (1, 1, 1)
    assert await place.pool.fetchval("SELECT count(*) FROM link_attempts") == 0


async def test_who_tries_one_login_after_another_fills_no_table(place: Workplace) -> None:
    who = somebody(place)
    for n in range(MOST_KEPT_OF_AN_ACCOUNT + 3):
        await prove(place, who, login=f"login{n}", password="x")
    await prove(place, who, login="login0", password="x")

    count = await place.pool.fetchval("SELECT count(*) FROM link_attempts")

    assert count == MOST_KEPT_OF_AN_ACCOUNT
    assert outcomes_in(await why(place, "login1")) == [("login_or_password_wrong", 1)]


async def test_at_most_twenty_attempts_are_shown(place: Workplace) -> None:
    for _ in range(22):
        await prove(place, somebody(place), password="x")

    assert len((await why(place)).attempts) == 20


def test_every_outcome_has_words_of_its_own() -> None:
    outcomes = {*get_args(RefusalReason), "proved", "linked"} - {"account_not_known_yet", "court_not_known"}
    meanings = [meaning_of(outcome) for outcome in outcomes]

    assert meaning_of("a reason of a later release") == (
        "It was refused.",
        "Call the PACER Service Center.",
    )
    assert len(set(meanings) - {meaning_of("a reason of a later release")}) == len(outcomes)

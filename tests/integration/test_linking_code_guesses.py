"""Guessing linking codes, and who may make one: what is refused, and that it is refused alike."""

from typing import Any

import asyncpg
import pytest

from shared.messages.base import NotAllowed
from shared.messages.linking import (
    FilingAccountProved,
)
from shared.messages.linking.codes import (
    LinkingCodeRefused,
)
from tests.integration.linking_builders import (
    Make,
    a_row,
    a_workplace,
    again,
    linked,
    load,
    prove,
    refused,
    somebody,
    staff,
    text_of_all_tables,
)
from tests.integration.linking_help_builders import a_code, ask_code, prove_by_code
from tests.integration.roster_builders import loaded_whole
from tests.messaging import Workplace

WRONG = refused("login_or_password_wrong")
NO_CODE = "0000-0000-0000-0000"


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def test_guessing_codes_is_throttled_by_account_and_together_with_passwords(place: Workplace) -> None:
    who, code = somebody(place), await a_code(place)
    guesses = [await prove_by_code(place, who, NO_CODE) for _ in range(3)]
    guesses += [await prove(place, who, password="x") for _ in range(2)]

    over = await prove_by_code(place, who, code)

    assert guesses == [WRONG] * 5
    assert over == refused("too_many_attempts")
    assert isinstance(await prove_by_code(place, somebody(place), code), FilingAccountProved)


async def test_guessing_codes_is_throttled_by_court(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of, proof_failures_per_court=3)
    await load(place)

    outcomes = [await prove_by_code(place, somebody(place), NO_CODE) for _ in range(4)]

    assert outcomes == [WRONG] * 3 + [refused("too_many_attempts")]


async def test_whom_others_guesses_keep_out_at_a_court_proves_at_another_by_code(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of, proof_failures_per_court=3)
    await load(place)
    await load(place, court_id="waebk")
    holder, code, elsewhere = somebody(place), await a_code(place), await a_code(place, court_id="waebk")
    for _ in range(3):
        await prove_by_code(place, somebody(place), NO_CODE)

    kept_out = [await prove_by_code(place, holder, code) for _ in range(6)]

    assert kept_out == [refused("too_many_attempts")] * 6
    assert isinstance(await prove_by_code(place, holder, elsewhere, court_id="waebk"), FilingAccountProved)


async def test_a_right_code_costs_no_attempt(place: Workplace) -> None:
    who = somebody(place)
    for _ in range(6):
        await prove_by_code(place, who, await a_code(place))

    counts = await place.pool.fetch("SELECT failure_count FROM throttles")

    assert [row["failure_count"] for row in counts] == [0, 0]


async def test_what_is_no_code_at_all_is_a_wrong_one(place: Workplace) -> None:
    await a_code(place)

    outcomes = [await prove_by_code(place, somebody(place), typed) for typed in ("", "x", "é" * 16)]

    assert outcomes == [WRONG] * 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "deactivated"}, "account_not_active"),
        ({"generation": "legacy"}, "upgrade_first"),
        ({"email_verified": False}, "email_not_verified"),
        ({"kind": "paa"}, "not_an_individual"),
    ],
)
async def test_account_and_session_are_looked_at_before_the_code(
    place: Workplace, changes: dict[str, Any], reason: str
) -> None:
    code, who = await a_code(place), somebody(place)

    assert await prove_by_code(place, again(place, who, **changes), code) == refused(reason)
    place.clock.forward(minutes=11)
    stale = again(place, who, proved_at=who.proved_at)
    assert await prove_by_code(place, stale, code) == refused("proof_too_old")
    assert await prove_by_code(place, somebody(place), code, court_id="nysbk") == refused(
        "court_not_live", "nysbk"
    )


async def test_only_staff_of_the_court_with_both_factors_make_codes(place: Workplace) -> None:
    assert await ask_code(place, by=somebody(place)) == NotAllowed(reason="role_missing")
    assert await ask_code(place, by=staff(place, "nyebk")) == NotAllowed(reason="role_missing")
    assert await ask_code(place, by=staff(place, level=1)) == NotAllowed(reason="session_level_too_low")
    assert await place.pool.fetchval("SELECT count(*) FROM linking_codes") == 0


async def test_no_code_is_made_where_it_would_be_of_no_use(place: Workplace) -> None:
    await load(place, court_id="nysbk")
    await linked(place, somebody(place))

    assert await ask_code(place) == LinkingCodeRefused(reason="filing_account_already_linked")
    assert await ask_code(place, login="nobody") == LinkingCodeRefused(reason="filing_account_not_found")
    assert await ask_code(place, court_id="nysbk", by=staff(place, "nysbk")) == LinkingCodeRefused(
        reason="court_not_live"
    )


async def test_a_code_rests_nowhere(place: Workplace) -> None:
    code = await a_code(place)
    await prove_by_code(place, somebody(place), code)

    texts = await text_of_all_tables(place.pool)

    assert code not in texts
    assert code.replace("-", "") not in texts


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM linking_codes",
        "UPDATE linking_codes SET expires_at = expires_at + interval '1 day'",
        "UPDATE linking_codes SET filing_account_id = gen_random_uuid()",
    ],
)
async def test_the_service_cannot_lengthen_or_turn_a_code(place: Workplace, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await place.pool.execute(statement)


async def test_a_filing_account_that_is_gone_has_no_code_and_the_one_before_serves_no_more_when_it_is_back(
    place: Workplace,
) -> None:
    code = await a_code(place)
    await loaded_whole(place, "jother", is_large_removal_meant=True)

    assert await prove_by_code(place, somebody(place), code) == WRONG
    assert await ask_code(place) == LinkingCodeRefused(reason="filing_account_not_found")
    await loaded_whole(place, "jother", "jpublic")
    assert await prove_by_code(place, somebody(place), code) == WRONG
    assert isinstance(await prove_by_code(place, somebody(place), await a_code(place)), FilingAccountProved)

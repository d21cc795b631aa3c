"""Proofs and codes are good for the filing account as it was: whatever the court changes of it ends them."""

from typing import Any

import pytest

from shared.messages.linking import FilingAccountLinked, FilingAccountProved
from tests.integration.linking_builders import (
    PASSWORD,
    Make,
    a_row,
    a_workplace,
    confirm,
    load,
    proved,
    refused,
    somebody,
    verifier_of,
)
from tests.integration.linking_help_builders import a_code, prove_by_code
from tests.messaging import Workplace

WRONG, NOT_VALID = refused("login_or_password_wrong"), refused("proof_not_valid")
CHANGES: tuple[tuple[dict[str, str], str], ...] = (
    ({}, "new"),
    ({"email": "else@lawfirm.example"}, PASSWORD),
    ({"name": "John Q. Public"}, PASSWORD),
    ({"role": "trustee"}, PASSWORD),
)
IDS = ("verifier", "email", "name", "role")


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


@pytest.mark.parametrize(("changes", "password"), CHANGES, ids=IDS)
async def test_what_a_roster_changes_of_a_filing_account_ends_its_open_code(
    place: Workplace, changes: dict[str, Any], password: str
) -> None:
    code = await a_code(place)

    await load(place, a_row(**changes), verifiers=[verifier_of(password)])

    assert await prove_by_code(place, somebody(place), code) == WRONG


@pytest.mark.parametrize(("changes", "password"), CHANGES, ids=IDS)
async def test_what_a_roster_changes_of_a_filing_account_ends_its_open_proofs(
    place: Workplace, changes: dict[str, Any], password: str
) -> None:
    who = somebody(place)
    proof = await proved(place, who)

    await load(place, a_row(**changes), verifiers=[verifier_of(password)])

    assert await confirm(place, who, proof.proof_id) == NOT_VALID


async def test_a_roster_that_changes_nothing_leaves_code_and_proof_as_they_are(place: Workplace) -> None:
    who, code = somebody(place), await a_code(place)
    proof = await proved(place, who)

    await load(place, a_row(), a_row("jother", line=3))

    assert isinstance(await prove_by_code(place, somebody(place), code), FilingAccountProved)
    assert isinstance(await confirm(place, who, proof.proof_id), FilingAccountLinked)


async def test_a_new_code_ends_what_the_one_before_has_proved_already(place: Workplace) -> None:
    thief = somebody(place)
    proof = await prove_by_code(place, thief, await a_code(place))

    code = await a_code(place)

    assert await confirm(place, thief, proof.proof_id) == NOT_VALID
    assert isinstance(await prove_by_code(place, somebody(place), code), FilingAccountProved)

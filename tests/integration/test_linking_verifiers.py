"""Verifiers that no password may fit: those of an empty one."""

import pytest
from argon2 import PasswordHasher

from services.linking import passwords
from tests.integration.linking_builders import (
    Make,
    a_row,
    a_workplace,
    load,
    prove,
    refused,
    somebody,
    verifier_of,
)
from tests.messaging import Workplace

WRONG = refused("login_or_password_wrong")
FAST_SCHEMES = ("sha256", "sha1", "md5")


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def test_the_digest_of_an_empty_password_is_refused_in_a_roster_whatever_its_scheme(
    place: Workplace,
) -> None:
    rows = [a_row(f"login{line}", line=line) for line, _ in enumerate(FAST_SCHEMES, 2)]
    of_nothing = [verifier_of("", scheme) for scheme in FAST_SCHEMES]

    loaded = await load(place, *rows, verifiers=of_nothing)

    assert loaded.added == 0
    assert [(row.field, row.reason) for row in loaded.refused] == [
        ("verifier", "is that of an empty password")
    ] * len(FAST_SCHEMES)


@pytest.mark.parametrize("scheme", FAST_SCHEMES)
async def test_an_empty_password_proves_nothing_though_its_digest_was_taken_before_after_one_hash(
    place: Workplace, scheme: str
) -> None:
    await load(place, a_row())
    kept = passwords.kept_form(verifier_of("", scheme))
    await place.pool.execute(
        "UPDATE filing_accounts SET verifier_scheme = $1, verifier = $2", kept.scheme, kept.phc
    )

    assert await prove(place, somebody(place), password="") == WRONG
    assert place.resources.hashing.run_count == 1


async def test_an_empty_password_fits_no_argon2id_string_of_it_after_one_hash(place: Workplace) -> None:
    of_nothing = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash("")
    loaded = await load(place, verifiers=[of_nothing])

    outcome = await prove(place, somebody(place), password="")

    assert (loaded.added, outcome) == (1, WRONG)
    assert place.resources.hashing.run_count == 1

"""Verifiers that no password fits: those of an empty one, and those that a court has ended."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from argon2 import PasswordHasher

from services.linking import passwords
from shared.messages.linking import FilingAccountLinked, FilingAccountProved, LinkConflictFound
from shared.messages.linking.conflicts import ConflictSettled, SettleConflict
from tests.integration.linking_builders import (
    PASSWORD,
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
    unlink,
    verifier_of,
)
from tests.integration.linking_help_builders import a_code, a_person, accept, asked, prove_by_code
from tests.messaging import Workplace

WRONG = refused("login_or_password_wrong")
FAST_SCHEMES = ("sha256", "sha1", "md5")
End = Callable[[Workplace, Any], Awaitable[Any]]


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


async def end_by_staff(place: Workplace, link: Any) -> None:
    await unlink(place, staff(place), link.link_id, "a stolen password")


async def end_by_conflict(place: Workplace, link: Any) -> None:
    assert await prove(place, somebody(place)) == refused("filing_account_already_linked")
    [conflict] = await place.emitted(LinkConflictFound)
    settle = SettleConflict(conflict_id=conflict.conflict_id, decision="unlink_holder", remark="stolen")
    assert isinstance(await place.send(settle, by=staff(place)), ConflictSettled)


ENDS = pytest.mark.parametrize("end", [end_by_staff, end_by_conflict])


@ENDS
async def test_after_an_end_by_the_court_the_old_password_proves_no_more_after_one_hash(
    place: Workplace, end: End
) -> None:
    await load(place)
    thief = somebody(place)
    await end(place, await linked(place, thief))
    before = place.resources.hashing.run_count

    outcomes = [await prove(place, thief), await prove(place, somebody(place))]
    await load(place, a_row(name="Jane Public-Doe"))
    after_the_same_roster = await prove(place, thief)

    assert [*outcomes, after_the_same_roster] == [WRONG] * 3
    assert place.resources.hashing.run_count == before + 3


@ENDS
async def test_after_an_end_by_the_court_a_new_password_or_a_code_proves(place: Workplace, end: End) -> None:
    await load(place)
    await end(place, await linked(place, somebody(place)))

    by_code = await prove_by_code(place, somebody(place), await a_code(place))
    await load(place, verifiers=[verifier_of("new")])
    by_password = await prove(place, somebody(place), password="new")

    assert isinstance(by_code, FilingAccountProved)
    assert isinstance(by_password, FilingAccountProved)
    assert await prove(place, somebody(place), password=PASSWORD) == WRONG


async def test_after_an_end_by_its_holder_the_same_password_links_again(place: Workplace) -> None:
    await load(place)
    who = somebody(place)
    link = await linked(place, who)

    await unlink(place, who, link.link_id)

    proof = await prove(place, who)
    assert isinstance(await confirm(place, who, proof.proof_id), FilingAccountLinked)


async def test_a_filing_account_made_on_request_that_the_court_unlinked_proves_by_its_first_roster(
    place: Workplace,
) -> None:
    who = await a_person(place)
    await accept(place, (await asked(place, who)).request_id, login="jnew")
    [right] = (await rights_of(place, who)).rights
    await unlink(place, staff(place), right.link_id, "wrong person")

    before = await prove(place, who, login="jnew")
    await load(place, a_row("jnew"))

    assert before == WRONG
    assert isinstance(await prove(place, who, login="jnew"), FilingAccountProved)

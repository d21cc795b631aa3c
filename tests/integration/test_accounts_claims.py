"""Attacks on who somebody is, each by its name: twins of names and addresses, claims, late acts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.accounts.service import SERVICE
from services.accounts.settings import Resources
from shared.messages.accounts import (
    AccountDeactivated,
    AccountRegistered,
    AccountUpgradeFinished,
    DeactivateAccount,
    EnrolAuthenticator,
    MyAccount,
    RegistrationRefused,
    SessionRefused,
    SignedIn,
    SignInRefused,
    UpgradeAccount,
)
from shared.messages.base import AssertionNotForThis, NotAllowed
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    OTHER_PASSWORD,
    PASSWORD,
    a_legacy_member,
    a_legacy_row,
    a_member,
    a_password_change,
    a_person,
    a_registration,
    a_signed_in_member,
    an_upgrade,
    load,
    quick_resources,
    resolve,
    sealed,
    sign_in,
)
from tests.counting_hasher import CountingHasher
from tests.messaging import Workplace, an_assertion

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
async def resources(hasher: CountingHasher) -> AsyncIterator[Resources]:
    async with quick_resources() as made:
        yield replace(made, hasher=hasher)


@pytest.fixture
async def place(workplace_of: Make, resources: Resources) -> Workplace:
    return await workplace_of(SERVICE, resources)


async def test_deactivation_in_mid_session_ends_the_session_and_all_that_is_under_way(
    place: Workplace, hasher: CountingHasher
) -> None:
    member = await a_signed_in_member(place)
    asked_before = await member.resolve()
    hasher.may_work.clear()

    async with asyncio.TaskGroup() as group:
        under_way = group.create_task(sign_in(place, member.user_name, PASSWORD))
        changing = group.create_task(place.send(a_password_change(place), by=asked_before))
        async with asyncio.timeout(10):
            while hasher.at_once < 2:  # noqa: ASYNC110 (a probe of a pool of threads)
                await asyncio.sleep(0.01)
        outcome = await member.ask(DeactivateAccount())
        hasher.may_work.set()

    assert isinstance(outcome, AccountDeactivated)
    assert under_way.result() == SignInRefused()
    assert changing.result() == NotAllowed(reason="assertion_invalid")
    assert isinstance(await resolve(place, member.token), SessionRefused)
    late = await place.send(EnrolAuthenticator(name="phone"), by=asked_before)
    assert late == NotAllowed(reason="assertion_invalid")


async def test_a_user_name_alike_but_for_case_is_taken(place: Workplace) -> None:
    member = await a_member(place, user_name="margaret.oneill")

    outcome = await place.send(a_registration(place, user_name="Margaret.ONeill"))

    assert outcome == RegistrationRefused(reason="user_name_taken", field="user_name")
    assert isinstance(await sign_in(place, "MARGARET.ONEILL", PASSWORD), SignedIn)
    assert member.user_name == "margaret.oneill"


@pytest.mark.parametrize(
    "twin",
    [
        "m\u0430rgaret.oneill",  # Cyrillic a
        "margaret.one\u0131ll",  # dotless i, whose capital is I
        "margaret.onei\u217cl",  # a Roman numeral that looks like l
        "\uff4dargaret.oneill",  # full width
        "margaret.oneill\u200b",  # nothing to be seen
        "margaret.oneill ",
        "\u212aargaret.oneill",  # the Kelvin sign, whose lower case is k
    ],
)
async def test_a_homograph_of_a_user_name_is_no_user_name_and_signs_nobody_in(
    place: Workplace, twin: str
) -> None:
    await a_member(place, user_name="margaret.oneill")

    registered = await place.send(a_registration(place, user_name=twin))
    signed_in = await sign_in(place, twin, PASSWORD)

    assert isinstance(registered, RegistrationRefused)
    assert registered.field == "user_name"
    assert signed_in == SignInRefused()


async def test_plus_tag_twins_of_an_address_count_as_the_same_person(place: Workplace) -> None:
    person = a_person(email="m.oneill@chambers.example")
    await a_member(place, person=person)
    twin = msgspec.structs.replace(person, email="M.ONeill+pacer@chambers.example")

    held = await a_member(place, person=twin)

    status = await place.pool.fetchval("SELECT status FROM accounts WHERE id = $1", held.account_id)
    assert status == "held_for_review"


async def test_two_upgrades_of_one_legacy_account_at_once_make_one_with_one_password(
    place: Workplace,
) -> None:
    member = await a_legacy_member(place)
    asked_by = await member.resolve()
    names = {f"upgraded.{number}": f"{OTHER_PASSWORD}-{number}" for number in range(2)}

    async with asyncio.TaskGroup() as group:
        for name, password in names.items():
            upgrade = an_upgrade(place, user_name=name, password=password)
            group.create_task(place.send(upgrade, by=asked_by))

    assert len(await place.emitted(AccountUpgradeFinished)) == 1
    kept = await place.pool.fetchval("SELECT user_name FROM accounts")
    await place.pool.execute("UPDATE accounts SET status = 'active', is_email_verified = true")
    assert isinstance(await sign_in(place, kept, names.pop(kept)), SignedIn)
    assert await sign_in(place, kept, *names.values()) == SignInRefused()


async def test_nobody_claims_a_legacy_account_without_proving_its_password(place: Workplace) -> None:
    row = a_legacy_row()
    await load(place, row)
    victim_id = await place.pool.fetchval("SELECT id FROM accounts")
    thief = await a_signed_in_member(place)
    legacy_thief = await a_legacy_member(place)
    of_the_thief = await thief.resolve()
    guessed = an_assertion("accounts", place.clock(), account_id=victim_id, generation="legacy")
    victims_own = msgspec.structs.replace(of_the_thief, account_id=victim_id)

    by_data = await place.send(
        a_registration(
            place,
            person=a_person(first_name=row.first_name, last_name=row.last_name, email=row.email),
        )
    )
    by_upgraded = await thief.ask(an_upgrade(place))
    by_no_session = await place.send(an_upgrade(place), by=guessed)
    by_the_thiefs_session = await place.send(an_upgrade(place), by=victims_own)
    captured = await place.send(an_upgrade(place), by=guessed, is_captured=True)
    by_other_legacy = await legacy_thief.ask(an_upgrade(place))

    assert isinstance(by_data, AccountRegistered)
    assert by_data.account_id != victim_id
    assert by_upgraded == RegistrationRefused(reason="already_upgraded", field="generation")
    assert by_no_session == by_the_thiefs_session == NotAllowed(reason="assertion_invalid")
    assert captured == AssertionNotForThis()
    assert by_other_legacy.account_id == legacy_thief.account_id
    kept = await place.pool.fetchrow("SELECT generation, user_name FROM accounts WHERE id = $1", victim_id)
    assert kept is not None
    assert tuple(kept) == ("legacy", row.user_name)
    assert isinstance(await sign_in(place, row.user_name, LEGACY_PASSWORD), SignedIn)


async def test_a_claim_that_comes_without_any_assertion_is_parked(place: Workplace) -> None:
    judgement, _ = await place.judge(
        UpgradeAccount(person=a_person(), user_name="upgraded.1", password=sealed(place, PASSWORD))
    )

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "bad_envelope")


async def test_an_assertion_that_has_expired_does_nothing_at_its_last_instant(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked_by = await member.resolve()

    place.clock.forward(seconds=60, microseconds=-1)
    in_time = await place.send(MyAccount(), by=asked_by)
    place.clock.forward(microseconds=1)
    late = await place.send(MyAccount(), by=asked_by)

    assert (type(in_time).__name__, type(late).__name__) == ("AccountShown", "TooLate")

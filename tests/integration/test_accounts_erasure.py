"""Erasure in `accounts`: asked for, taken back, and what is left of an account."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.accounts.model import is_unbroken
from services.accounts.service import SERVICE
from services.accounts.store import history
from shared.database import DatabaseError
from shared.messages.accounts import (
    AccountChanged,
    AccountErased,
    AskErasure,
    ChangeEmail,
    ChangeUserName,
    ConfirmEmailChange,
    EmailChangeAsked,
    EraseAccount,
    ErasureAsked,
    ErasureBegun,
    ErasureRefused,
    ErasureStopped,
    GrantRole,
    RegistrationRefused,
    SessionRefused,
    SignedIn,
    SignInRefused,
    StopErasure,
    TokenRefused,
)
from shared.messages.base import NotAllowed
from shared.messages.linking import FilingAccountUnlinked
from shared.messages.paa_billing import StaffUsedData
from tests.builders_accounts import (
    Member,
    a_person,
    a_psc_member,
    a_registration,
    a_signed_in_member,
    quick_resources,
    resolve,
    sealed,
    tables_holding,
)
from tests.builders_records import DAYS, asked_token, do_due_work, erase
from tests.messaging import Workplace

WORDS = {
    "first_name": "Wilhelmina-Xq",
    "last_name": "Zworykin-Vj",
    "email": "wz.unique@quartz-chambers.example",
    "address": "771 Kestrel Alley",
    "city": "Port Zebulon",
    "county": "Yarrowshire",
    "phone": "+1 907 555 0173",
    "user_type": "rare-bird filer",
}
BIRTH = date(1961, 11, 23)
NETWORK = "198.51.100.77"


@pytest.fixture
async def place(workplace_of: Callable[..., Any]) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def a_planted_member(place: Workplace) -> Member:
    """Somebody whose every word is nobody else's, with a session, an authenticator and a history."""
    person = a_person(**WORDS, date_of_birth=BIRTH)
    member = await a_signed_in_member(place, person=person, user_name="wilhelmina.zw")
    await member.enrol("wilhelmina's phone")
    await member.sign_in(network=NETWORK)
    return member


async def test_who_asks_is_signed_out_at_once_and_told_until_when_it_can_be_taken_back(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)

    begun = await member.ask(AskErasure())

    final_at = place.clock() + timedelta(days=DAYS)
    assert begun == ErasureBegun(account_id=member.account_id, final_at=final_at)
    assert await resolve(place, member.token) == SessionRefused()
    assert await member.sign_in() == SignInRefused()
    assert (await place.emitted(AccountChanged))[-1].status == "deactivated"
    asked = (await place.emitted(ErasureAsked))[-1]
    assert (asked.account_id, asked.final_at) == (member.account_id, final_at)


async def test_an_erasure_taken_back_in_time_leaves_the_account_as_it_was(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    before = await place.pool.fetchrow("SELECT * FROM accounts WHERE id = $1", member.account_id)
    await member.ask(AskErasure())
    place.clock.forward(days=DAYS, seconds=-1)

    stopped = await place.send(StopErasure(token=sealed(place, await asked_token(place))))

    assert stopped == ErasureStopped(account_id=member.account_id)
    after = await place.pool.fetchrow("SELECT * FROM accounts WHERE id = $1", member.account_id)
    assert dict(after or {}) | {"version": 0} == dict(before or {}) | {"version": 0}
    assert isinstance(await member.sign_in(), SignedIn)
    place.clock.forward(days=1)
    assert await do_due_work(place) == []


async def test_the_token_works_once_and_not_late_by_nothing(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.ask(AskErasure())
    token = await asked_token(place)
    await place.send(StopErasure(token=sealed(place, token)))

    again = await place.send(StopErasure(token=sealed(place, token)))
    await member.sign_in()
    await member.ask(AskErasure())
    late_token = await asked_token(place)
    place.clock.forward(days=DAYS)
    late = await place.send(StopErasure(token=sealed(place, late_token)))
    unknown = await place.send(StopErasure(token=sealed(place, "no token")))

    assert [again, late, unknown] == [TokenRefused()] * 3


async def test_a_command_that_comes_before_its_time_or_after_it_was_taken_back_erases_nothing(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)
    await member.ask(AskErasure())
    token = await asked_token(place)

    await place.send(EraseAccount(account_id=member.account_id), sender="accounts")
    await place.send(StopErasure(token=sealed(place, token)))
    place.clock.forward(days=DAYS)
    await place.send(EraseAccount(account_id=member.account_id), sender="accounts")

    assert await place.emitted(AccountErased) == []
    assert isinstance(await member.sign_in(), SignedIn)


async def test_who_holds_a_role_or_stands_for_a_firm_is_not_erased(place: Workplace) -> None:
    staff = await a_psc_member(place)
    firm = await a_signed_in_member(place, kind="paa")

    outcomes = [await each.ask(AskErasure()) for each in (staff, firm)]

    assert outcomes == [ErasureRefused(reason="role_held"), ErasureRefused(reason="account_of_a_firm")]
    assert await place.emitted(ErasureAsked) == []


async def test_while_a_change_of_address_can_be_taken_back_nothing_is_erased(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.ask(ChangeEmail(email="thief@elsewhere.example"))
    (token,) = await place.open_emitted(EmailChangeAsked, "token")
    await place.send(ConfirmEmailChange(token=sealed(place, token)))

    early = await member.ask(AskErasure())
    place.clock.forward(days=DAYS)
    await member.sign_in()
    late = await member.ask(AskErasure())

    assert early == ErasureRefused(reason="email_changed_lately")
    assert isinstance(late, ErasureBegun)


async def test_an_old_proof_does_not_serve_for_an_erasure(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    place.clock.forward(minutes=11)

    outcome = await member.ask(AskErasure())

    assert outcome == NotAllowed(reason="proof_too_old")


async def test_nothing_of_an_erased_person_stands_in_any_table(place: Workplace) -> None:
    member = await a_planted_member(place)
    words = [*WORDS.values(), "wilhelmina", "zworykin-vj", BIRTH.isoformat(), NETWORK, f"{BIRTH:%m/%d/%Y}"]
    found_before = [word for word in words if await tables_holding(place.pool, word)]

    await erase(place, member)

    assert set(words) - set(found_before) == {f"{BIRTH:%m/%d/%Y}"}
    assert {word: await tables_holding(place.pool, word) for word in words} == {word: [] for word in words}
    assert await place.emitted(AccountErased) == [AccountErased(account_id=member.account_id)]


async def test_the_history_of_an_erased_account_is_blank_and_its_chain_still_verifies(
    place: Workplace,
) -> None:
    member = await a_planted_member(place)

    await erase(place, member)

    async with place.pool.acquire() as connection:
        entries = await history.list_entries(connection, member.account_id)
    assert [entry.kind for entry in entries][-2:] == ["erasure_asked", "erased"]
    assert {(entry.salt, entry.content) for entry in entries} == {(None, None)}
    assert is_unbroken(entries)
    assert not is_unbroken([*entries[:-1], replace(entries[-1], kind="signed_in")])


async def test_the_service_can_blank_the_history_of_an_erased_account_only(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    await place.pool.execute("SELECT blank_history($1)", member.account_id)
    with pytest.raises(DatabaseError, match="permission denied"):
        await place.pool.execute("UPDATE history SET content = '{}'")

    blank = await place.pool.fetchval("SELECT count(*) FROM history WHERE content IS NULL")
    assert blank == 0


async def test_erasing_twice_changes_nothing(place: Workplace) -> None:
    member = await a_planted_member(place)
    await erase(place, member)
    before = await place.pool.fetch("SELECT * FROM accounts")

    await place.send(EraseAccount(account_id=member.account_id), sender="accounts")

    assert await place.pool.fetch("SELECT * FROM accounts") == before
    assert len(await place.emitted(AccountErased)) == 1


async def test_number_and_user_name_of_an_erased_account_stay_taken(place: Workplace) -> None:
    member = await a_planted_member(place)
    number = await place.pool.fetchval("SELECT account_number FROM accounts")
    await member.ask(ChangeUserName(user_name="wilhelmina.second"))
    await erase(place, member)
    names = ("Wilhelmina.ZW", "wilhelmina.second")

    outcomes = [await place.send(a_registration(place, user_name=name)) for name in names]

    assert outcomes == [RegistrationRefused(reason="user_name_taken", field="user_name")] * 2
    assert await tables_holding(place.pool, "wilhelmina") == []
    assert await place.pool.fetchval("SELECT account_number FROM accounts") == number


async def test_what_is_heard_of_an_erased_account_later_is_not_kept(place: Workplace) -> None:
    member = await a_planted_member(place)
    await erase(place, member)
    counted = await place.pool.fetchval("SELECT count(*) FROM history")
    facts: dict[str, Any] = {"account_id": member.account_id, "court_id": "ncwbk", "role": "attorney"}

    await place.send(
        FilingAccountUnlinked(
            **facts,
            link_id=UUID(int=7),
            filing_account_id=UUID(int=8),
            unlinked_at=place.clock(),
            unlinked_by="court",
            remark="Wilhelmina-Xq retired",
        )
    )
    await place.send(
        StaffUsedData(account_id=member.account_id, used_for="payment", used_at=datetime.now(UTC))
    )

    assert await place.pool.fetchval("SELECT count(*) FROM history") == counted
    assert await tables_holding(place.pool, "Wilhelmina-Xq") == []


async def test_an_erased_account_gets_no_role(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_planted_member(place)
    await erase(place, member)
    await psc.sign_in()

    outcome = await psc.ask(GrantRole(account_id=member.account_id, role="psc"))

    assert outcome.reason == "account_not_active"

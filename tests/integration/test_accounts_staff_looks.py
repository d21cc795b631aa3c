"""What PSC staff see of accounts, and that each holder sees who looked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import GrantRole, RoleShown
from shared.messages.accounts.staff import CheckCaller, ReviewAccount, StaffActRefused
from shared.messages.accounts.staff_looks import (
    AccountsFound,
    AccountShownToStaff,
    AccountSummary,
    FindAccounts,
    HeldAccounts,
    LikeAccount,
    LookRefused,
    ShowAccountToStaff,
)
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    Member,
    a_member,
    a_person,
    a_psc_member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    sealed,
    sign_in,
)
from tests.builders_records import erase
from tests.builders_staff import REMARK, a_held_member, kinds_of, newest_acts
from tests.messaging import Workplace, plain

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def number_of(member: Member) -> str:
    number = await member.place.pool.fetchval(
        "SELECT account_number FROM accounts WHERE id = $1", member.account_id
    )
    return str(number)


async def found_by(psc: Member, **what: Any) -> list[Any]:
    outcome = await psc.ask(FindAccounts(**what))
    assert isinstance(outcome, AccountsFound)
    return [account.account_id for account in outcome.accounts]


async def test_an_account_is_found_by_its_number_user_name_address_or_name(place: Workplace) -> None:
    psc = await a_psc_member(place)
    person = a_person(first_name="Zoë", last_name="Quist", email="Zoe.Quist@bar.example")
    member = await a_member(place, person=person)
    await a_member(place)

    for what in (
        {"account_number": await number_of(member)},
        {"user_name": member.user_name.upper()},
        {"email": "zoe.quist+pacer@BAR.example"},
        {"last_name": "quist"},
        {"last_name": "Quist", "first_name": "zoë"},
    ):
        assert await found_by(psc, **what) == [member.account_id], what
    for what in (
        {"account_number": "0000000"},
        {"user_name": "nobody.at.all"},
        {"email": "zoe@bar.example"},
        {"last_name": "Quist", "first_name": "Ann"},
    ):
        assert await found_by(psc, **what) == [], what


async def test_what_is_found_shows_what_helps_a_caller_and_no_more(place: Workplace) -> None:
    psc, person = await a_psc_member(place), a_person(email="zoe.quist@bar.example")
    member = await a_signed_in_member(place, person=person)
    number = await number_of(member)
    for _ in range(5):
        await sign_in(place, member.user_name, OTHER_PASSWORD)

    (shown,) = (await psc.ask(FindAccounts(account_number=number))).accounts

    assert shown == AccountSummary(
        account_id=member.account_id,
        account_number=number,
        user_name=member.user_name,
        first_name=person.first_name,
        last_name=person.last_name,
        masked_email="z***@bar.example",
        kind="individual",
        generation="upgraded",
        status="active",
        is_shared=False,
        email_verified=True,
        is_search_active=True,
        has_second_factor=False,
        locked_until=place.clock() + timedelta(minutes=15),
    )


async def test_date_of_birth_address_and_telephone_are_shown_to_nobody(place: Workplace) -> None:
    psc, person = await a_psc_member(place), a_person()
    member = await a_member(place, person=person)

    answers = [
        await psc.ask(FindAccounts(last_name=person.last_name)),
        await psc.ask(ShowAccountToStaff(account_id=member.account_id)),
    ]

    for answer in answers:
        assert person.last_name in str(plain(answer))
        for hidden in (person.date_of_birth.isoformat(), person.address, person.phone, person.email):
            assert hidden not in str(plain(answer))


async def test_one_thing_is_looked_for_at_a_time(place: Workplace) -> None:
    psc = await a_psc_member(place)

    for what in ({}, {"user_name": "someone", "last_name": "Quist"}, {"first_name": "Zoë"}):
        assert await psc.ask(FindAccounts(**what)) == LookRefused(reason="not_one_thing")
    both = FindAccounts(first_name="Zoë", user_name="someone")
    assert await psc.ask(both) == LookRefused(reason="not_one_thing")


@pytest.mark.parametrize("by", ["last_name", "email"])
async def test_many_are_found_in_pages_without_a_gap(place: Workplace, by: str) -> None:
    psc, person = await a_psc_member(place), a_person()
    likes = [a_person(**{by: getattr(person, by)}) for _ in range(4)]
    members = [await a_member(place, person=each) for each in (person, *likes)]
    what = {by: getattr(person, by)}

    first = await psc.ask(FindAccounts(**what, limit=3))
    second = await psc.ask(FindAccounts(**what, limit=3, after=first.accounts[-1].account_id))

    assert (len(first.accounts), first.has_more, second.has_more) == (3, True, False)
    found = [account.account_id for account in (*first.accounts, *second.accounts)]
    assert found == sorted(member.account_id for member in members)


async def test_being_found_stands_in_the_history_once_a_day_for_each_viewer_and_view(
    place: Workplace,
) -> None:
    psc, second = await a_psc_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=second.account_id, role="psc"))
    member, other = await a_signed_in_member(place), await a_member(place)
    number = await number_of(member)

    for asker in (psc, psc, second):
        await found_by(asker, account_number=number)
    on_the_day = await newest_acts(member, 3)
    place.clock.forward(hours=24)
    for each in (psc, member):
        await each.sign_in()
    await found_by(psc, account_number=number)

    looks = [
        ("seen_by_staff", {"actor_account_id": str(asker.account_id), "view": "find_accounts"})
        for asker in (second, psc)
    ]
    assert on_the_day[:2] == looks
    assert on_the_day[2][0] == "signed_in"
    assert await newest_acts(member) == looks[1:]
    assert "seen_by_staff" not in await kinds_of(other)


async def test_a_look_at_one_account_is_written_down_each_time_before_it_is_read(place: Workplace) -> None:
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    await psc.ask(GrantRole(account_id=clerk.account_id, role="court_staff", court_id="ncwbk"))
    await psc.ask(ShowAccountToStaff(account_id=clerk.account_id))

    shown = await psc.ask(ShowAccountToStaff(account_id=clerk.account_id, limit=3))

    assert isinstance(shown, AccountShownToStaff)
    look = {"actor_account_id": str(psc.account_id), "view": "show_account"}
    assert [(act.kind, act.details) for act in shown.acts[:2]] == [("seen_by_staff", look)] * 2
    assert (shown.acts[2].kind, shown.has_more) == ("role_granted", True)
    granted_at = shown.acts[2].at
    assert shown.roles == (RoleShown(role="court_staff", court_id="ncwbk", granted_at=granted_at),)
    assert shown.account.has_second_factor
    older = await psc.ask(ShowAccountToStaff(account_id=clerk.account_id, before=shown.acts[2].sequence))
    assert older.acts[-1].kind == "registered"


async def test_nothing_is_read_when_the_look_can_not_be_written_down(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_member(place)
    number = await number_of(member)
    no_next = 2**63 - 1
    await place.pool.execute(
        """
        INSERT INTO history (account_id, sequence, at, kind, content_hash, previous_hash, entry_hash)
        SELECT account_id, $2, at, kind, content_hash, previous_hash, 'x'
          FROM history WHERE account_id = $1 AND sequence = 1
        """,
        member.account_id,
        no_next,
    )

    for command in (ShowAccountToStaff(account_id=member.account_id), FindAccounts(account_number=number)):
        judgement, _ = await place.judge(command, by=await psc.resolve())
        assert (judgement.verdict, judgement.reply) == (Verdict.RETRY, None)


async def test_nobody_is_shown_who_is_not_there(place: Workplace) -> None:
    psc = await a_psc_member(place)

    outcome = await psc.ask(ShowAccountToStaff(account_id=uuid4()))

    assert outcome == LookRefused(reason="account_not_found")


async def test_of_an_erased_account_nothing_is_left_to_see_or_to_act_on(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_signed_in_member(place)
    number = await number_of(member)
    await erase(place, member)
    await psc.sign_in()
    kinds_before = await kinds_of(member)

    shown = await psc.ask(ShowAccountToStaff(account_id=member.account_id))
    acted = await psc.ask(
        CheckCaller(account_id=member.account_id, date_of_birth=sealed(place, "1980-01-01"))
    )

    assert await found_by(psc, account_number=number) == []
    assert shown == LookRefused(reason="account_not_found")
    assert acted == StaffActRefused(reason="account_not_found")
    assert await kinds_of(member) == kinds_before


async def test_the_queue_of_held_accounts_says_what_each_is_like_in_what(place: Workplace) -> None:
    psc = await a_psc_member(place)
    held, known = await a_held_member(place)
    second, known_second = await a_held_member(place)

    first_page = await psc.ask(HeldAccounts(limit=1))
    second_page = await psc.ask(HeldAccounts(limit=1, after=first_page.accounts[0].account.account_id))

    shown = {each.account.account_id: each for each in (*first_page.accounts, *second_page.accounts)}
    assert (first_page.has_more, second_page.has_more) == (True, False)
    for waiting, like in ((held, known), (second, known_second)):
        assert shown[waiting.account_id].account.status == "held_for_review"
        assert shown[waiting.account_id].like == (
            LikeAccount(
                account_id=like.account_id,
                account_number=await number_of(like),
                equal_fields=("name", "date_of_birth", "email"),
            ),
        )
        for seen in (waiting, like):
            assert (await kinds_of(seen))[0] == "seen_by_staff"
    await psc.ask(ReviewAccount(account_id=held.account_id, decision="release", remark=REMARK))
    left = (await psc.ask(HeldAccounts())).accounts
    assert [each.account.account_id for each in left] == [second.account_id]


async def test_staff_see_that_name_and_date_of_birth_are_another_accounts(place: Workplace) -> None:
    psc, person = await a_psc_member(place), a_person()
    known = await a_member(place, person=person)
    like = a_person(
        first_name=person.first_name, last_name=person.last_name, date_of_birth=person.date_of_birth
    )
    member = await a_member(place, person=like)

    shown = await psc.ask(ShowAccountToStaff(account_id=member.account_id))

    assert [(each.account_id, each.equal_fields) for each in shown.like] == [
        (known.account_id, ("name", "date_of_birth"))
    ]
    await known.sign_in()
    look = {"actor_account_id": str(psc.account_id), "view": "show_like_account"}
    assert (await newest_acts(known, 2))[1] == ("seen_by_staff", look)

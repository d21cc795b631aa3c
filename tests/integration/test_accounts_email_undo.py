"""Taking a change of the e-mail address back, from the address that held before it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from services.accounts.model import Purpose
from services.accounts.service import SERVICE
from services.accounts.store import saving
from shared.messages.accounts import (
    ChangeEmail,
    ContactChanged,
    DeactivateAccount,
    EmailChangeAsked,
    EmailChanged,
    EmailChangeUndone,
    EmailPutBack,
    EmailWithdrawn,
    MyHistory,
    SessionRefused,
    TokenRefused,
)
from shared.messages.accounts.factor_reset import FactorResetStopped, FactorWasReset
from shared.messaging.registry import Service
from tests.builders_accounts import (
    a_person,
    a_psc_member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    resolve,
)
from tests.builders_addresses import NEW, address_of, confirm, mailed, moved, told, undo
from tests.builders_staff import RESET_HOURS, ask_reset, do_what_is_due
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_the_old_address_takes_the_change_back_and_all_sessions_end(place: Workplace) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)
    token = await moved(member, NEW)

    undone = await undo(place, token)

    assert undone == EmailChangeUndone(account_id=member.account_id)
    assert await address_of(place, member) == person.email
    contact = (await place.emitted(ContactChanged))[-1]
    assert (contact.email, contact.version) == (person.email, 4)
    assert await told(place, EmailPutBack) == [person.email]
    assert await told(place, EmailWithdrawn) == [NEW]
    assert await resolve(place, member.token) == SessionRefused()
    await member.sign_in()
    assert (await member.ask(MyHistory())).acts[1].kind == "email_put_back"


async def test_a_change_can_be_undone_for_seven_days_and_not_a_moment_longer(place: Workplace) -> None:
    early, late = [await a_signed_in_member(place) for _ in range(2)]
    tokens_of = [await moved(each, f"{each.user_name}@new.example") for each in (early, late)]

    place.clock.forward(days=7, seconds=-3)
    in_time = await undo(place, tokens_of[0])
    place.clock.forward(seconds=2)
    too_late = await undo(place, tokens_of[1])

    assert isinstance(in_time, EmailChangeUndone)
    assert too_late == TokenRefused()


async def test_of_two_changes_the_first_address_takes_back_both_and_the_second_cant_undo_that(
    place: Workplace,
) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)
    by_first = await moved(member, "thief@elsewhere.example")
    by_thief = await moved(member, "thief2@elsewhere.example")
    place.clock.forward(days=6)

    undone = await undo(place, by_first)
    back_again = await undo(place, by_thief)

    assert isinstance(undone, EmailChangeUndone)
    assert back_again == TokenRefused()
    assert await address_of(place, member) == person.email


async def test_undoing_the_second_change_leaves_the_first_one_to_be_undone(place: Workplace) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)
    by_first = await moved(member, "second@chambers.example")
    by_second = await moved(member, NEW)

    await undo(place, by_second)
    between = await address_of(place, member)
    undone = await undo(place, by_first)

    assert between == "second@chambers.example"
    assert isinstance(undone, EmailChangeUndone)
    assert await address_of(place, member) == person.email


async def test_an_undone_change_leaves_nothing_in_a_thiefs_hand(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await moved(member, "thief@elsewhere.example")
    await member.ask(ChangeEmail(email="thief2@elsewhere.example"))
    waiting = (await mailed(place, EmailChangeAsked))[-1]
    async with place.bench.transaction() as work:
        account = await saving.lock_identified(work, member.account_id)
        purposes: tuple[Purpose, ...] = ("recovery", "unlock")
        for purpose in purposes:
            await saving.issue_token(
                work, account, purpose, email=account.email, lifetime=timedelta(minutes=15)
            )

    await undo(place, token)

    assert await confirm(place, waiting) == TokenRefused()
    open_left = await place.pool.fetchval("SELECT count(*) FROM one_time_tokens WHERE closed_at IS NULL")
    assert open_left == 0


async def test_a_token_is_used_once_however_many_use_it_at_once(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.ask(ChangeEmail(email=NEW))
    (token,) = await mailed(place, EmailChangeAsked)

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(confirm(place, token)) for _ in range(4)]
    (way_back,) = await mailed(place, EmailChanged)
    async with asyncio.TaskGroup() as group:
        undone = [group.create_task(undo(place, way_back)) for _ in range(4)]

    assert [task.result() for task in asked].count(TokenRefused()) == 3
    assert [task.result() for task in undone].count(TokenRefused()) == 3


async def test_a_token_does_only_what_it_was_mailed_for(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    way_back = await moved(member, NEW)
    await member.ask(ChangeEmail(email="third@chambers.example"))
    change = (await mailed(place, EmailChangeAsked))[-1]

    answers = [
        await undo(place, change),
        await confirm(place, way_back),
        await confirm(place, "nothing"),
        await undo(place, "nothing"),
    ]

    assert answers == [TokenRefused()] * 4
    assert await address_of(place, member) == NEW


async def test_a_deactivated_account_moves_nowhere(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    way_back = await moved(member, NEW)
    await member.ask(ChangeEmail(email="third@chambers.example"))
    change = (await mailed(place, EmailChangeAsked))[-1]

    await member.ask(DeactivateAccount())

    assert [await confirm(place, change), await undo(place, way_back)] == [TokenRefused()] * 2
    assert await address_of(place, member) == NEW


async def test_an_undone_change_of_address_stops_a_reset_whose_notice_went_to_a_thief(
    place: Workplace,
) -> None:
    psc, member = await a_psc_member(place), await an_enrolled_member(place)
    token = await moved(member, NEW)
    await ask_reset(psc, member)

    await undo(place, token)
    place.clock.forward(hours=RESET_HOURS)
    await do_what_is_due(place)

    stopped = await place.emitted(FactorResetStopped)
    assert stopped == [FactorResetStopped(account_id=member.account_id, stopped_by="link")]
    assert await place.emitted(FactorWasReset) == []

"""Search that PSC has switched off stays off, whatever becomes of the account, until PSC switches it on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import AccountHeldForReview, MyAccount
from shared.messages.accounts.staff import ReviewAccount, SearchPrivilegeSet, SetSearchPrivilege
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_member,
    a_person,
    a_psc_member,
    a_signed_in_member,
    quick_resources,
)
from tests.builders_addresses import NEW, moved, undo
from tests.builders_staff import REMARK
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def set_search(psc: Member, member: Member, *, is_active: bool) -> None:
    command = SetSearchPrivilege(account_id=member.account_id, is_active=is_active, remark=REMARK)
    assert isinstance(await psc.ask(command), SearchPrivilegeSet)


async def held_later(place: Workplace, member: Member, person: Any) -> None:
    """A change of address is undone, and meanwhile somebody with the same data has come."""
    way_back = await moved(member, NEW)
    await a_member(place, person=person)
    await undo(place, way_back)
    assert await place.emitted(AccountHeldForReview) == [AccountHeldForReview(account_id=member.account_id)]


async def released(psc: Member, member: Member) -> bool:
    """May the account search once it is released?"""
    await psc.ask(ReviewAccount(account_id=member.account_id, decision="release", remark=REMARK))
    await member.sign_in()
    shown = await member.ask(MyAccount())
    assert shown.status == "active"
    return bool(shown.is_search_active)


async def test_a_release_does_not_give_back_the_search_that_psc_had_switched_off(place: Workplace) -> None:
    person = a_person()
    psc, member = await a_psc_member(place), await a_signed_in_member(place, person=person)
    await set_search(psc, member, is_active=False)

    await held_later(place, member, person)

    assert not await released(psc, member)


async def test_a_release_gives_back_the_search_that_psc_had_switched_on_again(place: Workplace) -> None:
    person = a_person()
    psc, member = await a_psc_member(place), await a_signed_in_member(place, person=person)
    await set_search(psc, member, is_active=False)
    await set_search(psc, member, is_active=True)

    await held_later(place, member, person)

    assert await released(psc, member)

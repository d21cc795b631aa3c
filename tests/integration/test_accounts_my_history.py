"""The history as its holder sees it: own acts, and each use by staff of what is theirs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.accounts.model import is_unbroken
from services.accounts.service import SERVICE
from services.accounts.store.history import list_entries
from services.linking.service import SERVICE as LINKING
from services.paa_billing.service import SERVICE as BILLING
from shared.messages.accounts import GrantRole, HistoryShown, MyHistory, RoleRefused
from shared.messages.linking import (
    FilingAccountGone,
    FilingAccountLinked,
    FilingAccountReturned,
    FilingAccountUnlinked,
)
from shared.messages.linking.staff import StaffUsedData as CourtStaffUsedData
from shared.messages.paa_billing import StaffUsedData
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_legacy_member,
    a_psc_member,
    a_signed_in_member,
    quick_resources,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def kinds_shown(member: Member, **page: Any) -> list[str]:
    return [act.kind for act in (await member.ask(MyHistory(**page))).acts]


def a_link(member: Member) -> FilingAccountLinked:
    return FilingAccountLinked(
        link_id=uuid4(),
        account_id=member.account_id,
        court_id="ncwbk",
        filing_account_id=uuid4(),
        role="attorney",
        linked_at=NOON,
    )


def a_court_use(member: Member, clerk_id: UUID, **how: Any) -> CourtStaffUsedData:
    return CourtStaffUsedData(
        account_id=member.account_id, court_id="ncwbk", used_at=NOON, actor_account_id=clerk_id, **how
    )


def the_end_of(link: FilingAccountLinked, **how: Any) -> FilingAccountUnlinked:
    return FilingAccountUnlinked(
        link_id=link.link_id,
        account_id=link.account_id,
        court_id=link.court_id,
        filing_account_id=link.filing_account_id,
        role=link.role,
        unlinked_at=NOON,
        **how,
    )


async def test_the_holder_sees_each_act_newest_first(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    shown = await member.ask(MyHistory())

    assert isinstance(shown, HistoryShown)
    assert [(act.sequence, act.kind) for act in shown.acts] == [
        (3, "signed_in"),
        (2, "email_verified"),
        (1, "registered"),
    ]
    assert not shown.has_more
    assert shown.acts[0].at == place.clock()
    assert shown.acts[0].details["level"] == "1"


async def test_pages_follow_each_other_without_a_gap_whatever_is_added_meanwhile(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    first = await member.ask(MyHistory(limit=2))
    await member.sign_in()
    second = await member.ask(MyHistory(limit=2, before=first.acts[-1].sequence))

    assert [act.sequence for act in (*first.acts, *second.acts)] == [3, 2, 1]
    assert (first.has_more, second.has_more) == (True, False)


async def test_nobody_sees_the_history_of_another(place: Workplace) -> None:
    member, other = await a_signed_in_member(place), await a_signed_in_member(place)
    await place.send(StaffUsedData(account_id=other.account_id, used_for="record_payment", used_at=NOON))

    assert "staff_used_data" not in await kinds_shown(member)
    assert await kinds_shown(other, limit=1) == ["staff_used_data"]


async def test_the_holder_of_a_legacy_account_sees_its_history_too(place: Workplace) -> None:
    member = await a_legacy_member(place)

    assert await kinds_shown(member) == ["signed_in", "taken_over"]


async def test_a_link_ended_by_the_court_stands_in_the_holders_history_with_who_did_it(
    place: Workplace,
) -> None:
    member, clerk_id = await a_signed_in_member(place), uuid4()
    link = a_link(member)
    await place.send(link)

    await place.send(the_end_of(link, unlinked_by="court", remark="wrong", actor_account_id=clerk_id))

    newest, before = (await member.ask(MyHistory(limit=2))).acts
    assert (newest.kind, before.kind) == ("unlinked_by_court", "filing_account_linked")
    assert newest.details == {"court_id": "ncwbk", "role": "attorney", "actor_account_id": str(clerk_id)}


@pytest.mark.parametrize(("by_staff", "kind"), [(True, "gone"), (False, "returned")])
async def test_a_roster_that_drops_a_filing_account_or_names_it_again_stands_in_the_holders_history(
    place: Workplace, by_staff: bool, kind: str
) -> None:
    member, clerk_id = await a_signed_in_member(place), uuid4() if by_staff else None
    link = a_link(member)
    await place.send(link)
    facts: dict[str, Any] = {
        "link_id": link.link_id,
        "account_id": member.account_id,
        "court_id": "ncwbk",
        "filing_account_id": link.filing_account_id,
        "role": "attorney",
        "actor_account_id": clerk_id,
    }
    gone, returned = (
        FilingAccountGone(**facts, gone_at=NOON),
        FilingAccountReturned(**facts, returned_at=NOON),
    )

    await place.send(gone if kind == "gone" else returned)

    [newest] = (await member.ask(MyHistory(limit=1))).acts
    assert newest.kind == f"filing_account_{kind}"
    assert newest.details == {
        "court_id": "ncwbk",
        "role": "attorney",
        "actor_account_id": str(clerk_id or ""),
    }


async def test_a_link_ended_by_its_holder_is_told_apart_from_one_ended_by_the_court(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    link = a_link(member)
    await place.send(link)

    await place.send(the_end_of(link, unlinked_by="holder", actor_account_id=member.account_id))

    assert await kinds_shown(member, limit=1) == ["unlinked_by_holder"]


async def test_a_role_that_was_refused_stands_in_the_history_too_since_staff_learn_why(
    place: Workplace,
) -> None:
    psc, member = await a_psc_member(place), await a_signed_in_member(place)

    refused = await psc.ask(GrantRole(account_id=member.account_id, role="operator"))

    assert refused == RoleRefused(reason="second_factor_missing")
    (act,) = (await member.ask(MyHistory(limit=1))).acts
    assert act.kind == "role_refused"
    assert act.details == {"role": "operator", "court_id": "", "actor_account_id": str(psc.account_id)}


async def test_each_use_by_staff_stands_in_the_history_and_the_chain_holds(place: Workplace) -> None:
    member, psc_id = await a_signed_in_member(place), uuid4()
    use = StaffUsedData(account_id=member.account_id, used_for="record_payment", used_at=NOON)
    await place.send(use)
    await place.send(use.with_changes(actor_account_id=psc_id))

    by_psc, by_operator = (await member.ask(MyHistory(limit=2))).acts

    async with place.pool.acquire() as connection:
        assert is_unbroken(await list_entries(connection, member.account_id))
    assert by_operator.details == {
        "service": "paa_billing",
        "used_for": "record_payment",
        "used_at": NOON.isoformat(),
        "actor_account_id": "",
    }
    assert by_psc.details["actor_account_id"] == str(psc_id)


async def test_a_look_by_court_staff_at_one_person_stands_in_the_history_each_time(place: Workplace) -> None:
    member, clerk_id = await a_signed_in_member(place), uuid4()
    use = a_court_use(member, clerk_id, used_for="why_cant_link")
    await place.send(use)
    await place.send(use)

    newest, before = (await member.ask(MyHistory(limit=2))).acts

    assert newest.details == before.details
    assert newest.details == {
        "service": "linking",
        "court_id": "ncwbk",
        "used_for": "why_cant_link",
        "used_at": NOON.isoformat(),
        "actor_account_id": str(clerk_id),
    }


async def test_a_look_by_court_staff_at_many_stands_there_once_a_day_for_each_viewer_and_view(
    place: Workplace,
) -> None:
    member, clerk_id = await a_signed_in_member(place), uuid4()
    use = a_court_use(member, clerk_id, used_for="conflicts", is_in_list=True)
    for _ in range(3):
        await place.send(use)
    await place.send(use.with_changes(actor_account_id=uuid4()))
    await place.send(use.with_changes(used_for="filing_requests"))
    place.clock.forward(days=1)
    await place.send(use)

    await member.sign_in()
    shown = await kinds_shown(member, limit=10)

    assert shown.count("staff_used_data") == 4


def test_what_services_tell_of_uses_by_staff_reaches_accounts() -> None:
    assert StaffUsedData in BILLING.announces
    assert {CourtStaffUsedData, FilingAccountUnlinked} <= set(LINKING.announces)
    assert {StaffUsedData, CourtStaffUsedData, FilingAccountUnlinked} <= SERVICE.handles.keys()

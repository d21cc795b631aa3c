"""Who must have a second factor, how they are told, and how long they are let by."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    SecondFactorRequired,
    SessionRefused,
    SessionResolved,
)
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_member,
    quick_resources,
    resolve,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def link(place: Workplace, member: Member, **changes: Any) -> FilingAccountLinked:
    usual: dict[str, Any] = {
        "link_id": uuid4(),
        "account_id": member.account_id,
        "court_id": "ncwbk",
        "filing_account_id": uuid4(),
        "role": "attorney",
        "linked_at": place.clock(),
    }
    event = FilingAccountLinked(**{**usual, **changes})
    await place.send(event)
    return event


def unlinked(event: FilingAccountLinked) -> FilingAccountUnlinked:
    return FilingAccountUnlinked(
        link_id=event.link_id,
        account_id=event.account_id,
        court_id=event.court_id,
        filing_account_id=event.filing_account_id,
        role=event.role,
        unlinked_at=event.linked_at,
        unlinked_by="holder",
    )


async def test_a_linked_filer_is_told_once_and_has_three_skips(place: Workplace) -> None:
    member = await a_member(place)
    await link(place, member)
    await link(place, member)

    skips = [(await member.sign_in()).skips_left for _ in range(3)]
    used_up = await member.sign_in()

    assert await place.emitted(SecondFactorRequired) == [
        SecondFactorRequired(account_id=member.account_id, skips_left=3)
    ]
    assert skips == [2, 1, 0]
    assert used_up.must_enrol_factor


async def test_with_the_skips_used_up_a_session_serves_only_to_enrol(place: Workplace) -> None:
    member = await a_member(place)
    await link(place, member)
    for _ in range(4):
        await member.sign_in()

    assert isinstance(await resolve(place, member.token, "paa_billing"), SessionRefused)
    await member.enrol()

    assert isinstance(await resolve(place, member.token, "paa_billing"), SessionResolved)
    after = await member.sign_in()
    assert (after.must_enrol_factor, after.skips_left) == (False, None)


async def test_an_administrator_must_have_a_factor_and_is_told_when_the_account_works(
    place: Workplace,
) -> None:
    member = await a_member(place, kind="paa")

    assert len(await place.emitted(SecondFactorRequired)) == 1
    assert (await member.sign_in()).skips_left == 2


async def test_who_files_nowhere_any_more_needs_no_factor_in_whatever_order_that_is_heard(
    place: Workplace,
) -> None:
    member, late = await a_member(place), await a_member(place)
    linked = await link(place, member)
    await place.send(unlinked(linked))
    before = FilingAccountLinked(
        link_id=uuid4(),
        account_id=late.account_id,
        court_id="ncwbk",
        filing_account_id=uuid4(),
        role="attorney",
        linked_at=place.clock(),
    )
    await place.send(unlinked(before))
    await place.send(before)

    assert (await member.sign_in()).skips_left is None
    assert (await late.sign_in()).skips_left is None
    told = [event.account_id for event in await place.emitted(SecondFactorRequired)]
    assert told == [member.account_id]


async def test_a_link_of_an_account_that_is_not_known_yet_is_tried_again(place: Workplace) -> None:
    event = FilingAccountLinked(
        link_id=uuid4(),
        account_id=uuid4(),
        court_id="ncwbk",
        filing_account_id=uuid4(),
        role="attorney",
        linked_at=place.clock(),
    )

    judgement, _ = await place.judge(event)

    assert judgement.verdict is Verdict.RETRY
    assert await place.pool.fetchval("SELECT count(*) FROM filing_links") == 0

"""Client codes as `accounts` knows them: from billing's events, in whatever order they come."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.accounts.service import SERVICE
from services.accounts.store import clients
from shared.messages.base import Message
from shared.messages.paa_billing import ClientCodeRuleChanged, MemberJoined, MemberLeft
from shared.messaging.registry import Service
from tests.builders_accounts import quick_resources
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
PERSON, FIRM, OTHER_FIRM = uuid4(), uuid4(), uuid4()
FIRST, SECOND = uuid4(), uuid4()


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


def joined(membership_id: UUID = FIRST, paa_id: UUID = FIRM, *, minute: int = 0) -> MemberJoined:
    return MemberJoined(
        membership_id=membership_id,
        paa_id=paa_id,
        account_id=PERSON,
        firm_name="Hale",
        joined_at=NOON + timedelta(minutes=minute),
        moved_balance_cents=0,
        administrator_ids=(),
    )


def left(membership_id: UUID = FIRST, paa_id: UUID = FIRM, *, minute: int = 1) -> MemberLeft:
    return MemberLeft(
        membership_id=membership_id,
        paa_id=paa_id,
        account_id=PERSON,
        firm_name="Hale",
        left_at=NOON + timedelta(minutes=minute),
        ended_by="person",
        remark="",
        administrator_ids=(),
    )


def rule(payer_id: UUID, *, is_required: bool, version: int = 1) -> ClientCodeRuleChanged:
    return ClientCodeRuleChanged(
        payer_id=payer_id, version=version, is_required=is_required, actor_account_id=uuid4()
    )


async def is_required(place: Workplace, *events: Message) -> bool:
    """Is a code asked of the person, once the events have come in this order?"""
    for event in events:
        await place.send(event)
    async with place.pool.acquire() as connection:
        return await clients.is_client_code_required(connection, PERSON)


async def test_nobody_asks_until_somebody_does(place: Workplace) -> None:
    assert not await is_required(place)
    assert not await is_required(place, rule(FIRM, is_required=True))
    assert await is_required(place, rule(PERSON, is_required=True))


async def test_a_firms_rule_applies_while_it_pays_and_the_persons_own_comes_back(place: Workplace) -> None:
    own, firms = rule(PERSON, is_required=True), rule(FIRM, is_required=False)

    assert not await is_required(place, own, firms, joined())
    assert await is_required(place, left())


async def test_a_firm_without_a_rule_asks_for_nothing_whatever_the_person_did(place: Workplace) -> None:
    assert not await is_required(place, rule(PERSON, is_required=True), joined())


@pytest.mark.parametrize(
    "events",
    list(permutations((joined(), left(), rule(FIRM, is_required=True), rule(PERSON, is_required=False)))),
)
async def test_in_whatever_order_joining_leaving_and_rules_come_the_end_is_the_same(
    place: Workplace, events: tuple[Message, ...]
) -> None:
    assert not await is_required(place, *events)


async def test_an_older_rule_changes_nothing(place: Workplace) -> None:
    new, old = rule(PERSON, is_required=True, version=2), rule(PERSON, is_required=False, version=1)

    assert await is_required(place, new, old)
    assert not await is_required(place, rule(PERSON, is_required=False, version=3))


async def test_of_two_firms_the_one_joined_last_counts_though_the_first_ones_end_is_not_heard_of_yet(
    place: Workplace,
) -> None:
    rules = rule(FIRM, is_required=True), rule(OTHER_FIRM, is_required=False)

    assert not await is_required(place, *rules, joined(SECOND, OTHER_FIRM, minute=2), joined())
    assert not await is_required(place, left())

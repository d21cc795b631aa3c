"""Client codes: who may ask for them, and whose rule applies."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import (
    BillingRefused,
    ClientCodeRuleChanged,
    ClientCodeRuleShown,
    FirmRefused,
    LeaveFirm,
    MyClientCodeRule,
    SetClientCodeRule,
    SetMyClientCodeRule,
)
from shared.messaging.registry import Service
from tests.billing import Holder, a_firm, a_person, join, opened, resources
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def shown(place: Workplace, who: Holder) -> Any:
    return await place.send(MyClientCodeRule(), by=who.asks(place.clock()))


async def test_each_change_of_a_rule_is_announced_under_a_higher_version(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)

    first = await place.send(SetClientCodeRule(is_required=True), by=firm.asks())
    second = await place.send(SetClientCodeRule(is_required=False), by=firm.asks())
    own = await place.send(SetMyClientCodeRule(is_required=True), by=person.asks())

    by = {"payer_id": firm.paa_id, "actor_account_id": firm.account_id}
    assert first == ClientCodeRuleChanged(version=1, is_required=True, **by)
    assert second == ClientCodeRuleChanged(version=2, is_required=False, **by)
    assert own == ClientCodeRuleChanged(
        payer_id=person.account_id, version=1, is_required=True, actor_account_id=person.account_id
    )
    assert await place.emitted(ClientCodeRuleChanged) == [first, second, own]


@pytest.mark.parametrize(("own", "firms"), [(True, False), (False, True)])
async def test_the_firms_rule_applies_while_it_pays_and_the_persons_own_comes_back_on_leaving(
    place: Workplace, own: bool, firms: bool
) -> None:
    firm, person = await a_firm(place, "Hale & Partner"), await a_person(place)
    await place.send(SetMyClientCodeRule(is_required=own), by=person.asks())
    await place.send(SetClientCodeRule(is_required=firms), by=firm.asks())

    before = await shown(place, person)
    await join(place, firm, person)
    member = await shown(place, person)
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="Moving"), by=person.asks(place.clock()))
    after = await shown(place, person)

    assert before == after == ClientCodeRuleShown(is_required=own, is_own_required=own)
    assert member == ClientCodeRuleShown(is_required=firms, is_own_required=own, firm_name="Hale & Partner")


async def test_an_administrator_sees_the_firms_rule_and_nobody_elses(place: Workplace) -> None:
    firm, other = await a_firm(place, "Hale"), await a_firm(place, "Moss")
    await place.send(SetClientCodeRule(is_required=True), by=firm.asks())

    assert await shown(place, firm) == ClientCodeRuleShown(
        is_required=True, is_own_required=False, firm_name="Hale"
    )
    assert await shown(place, other) == ClientCodeRuleShown(
        is_required=False, is_own_required=False, firm_name="Moss"
    )


async def test_a_person_sets_no_firms_rule_and_an_administrator_no_persons(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)

    by_person = await place.send(SetClientCodeRule(is_required=True), by=person.asks())
    by_firm = await place.send(SetMyClientCodeRule(is_required=True), by=firm.asks())

    assert by_person == FirmRefused(reason="not_a_paa")
    assert by_firm == FirmRefused(reason="not_an_individual")
    assert await place.emitted(ClientCodeRuleChanged) == []


async def test_an_administrator_without_a_firm_has_no_rule_to_set_or_see(place: Workplace) -> None:
    lone = await a_person(place, kind="paa")

    assert await place.send(SetClientCodeRule(is_required=True), by=lone.asks()) == FirmRefused(
        reason="firm_not_found"
    )
    assert await shown(place, lone) == BillingRefused(reason="firm_not_found")


async def test_a_firms_rule_needs_a_recent_proof(place: Workplace) -> None:
    firm = await a_firm(place)
    long_ago = firm.asks(proved_at=place.clock())
    place.clock.forward(minutes=10, seconds=1)

    outcome = await place.send(
        SetClientCodeRule(is_required=True), by=firm.asks(place.clock(), proved_at=long_ago.proved_at)
    )

    assert outcome == FirmRefused(reason="proof_too_old")

"""Joining a firm: declined, with two factors where that is asked, and only with the balance that was seen."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import (
    AcceptInvitation,
    DeclineInvitation,
    FirmRefused,
    InvitationDeclined,
)
from shared.messaging.registry import Service
from tests.billing import (
    a_firm,
    a_person,
    invite,
    opened,
    resources,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_declining_tells_both_sides_and_is_final(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    declined = await place.send(DeclineInvitation(invitation_id=invitation_id), by=person.asks())
    after = await place.send(AcceptInvitation(invitation_id=invitation_id), by=person.asks())

    assert isinstance(declined, InvitationDeclined)
    assert declined.administrator_ids == (firm.account_id,)
    assert await place.emitted(InvitationDeclined) == [declined]
    assert after == FirmRefused(reason="invitation_not_open")


async def test_joining_may_ask_for_two_factors(workplace_of: Make) -> None:
    place = await opened(await workplace_of(SERVICE, resources(joining_level=2)))
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    outcome = await place.send(AcceptInvitation(invitation_id=invitation_id), by=person.asks(level=1))

    assert outcome == FirmRefused(reason="session_level_too_low")


async def test_a_balance_other_than_the_one_seen_does_not_move(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    accept = AcceptInvitation(invitation_id=invitation_id, seen_balance_cents=1)

    assert await place.send(accept, by=person.asks()) == FirmRefused(reason="balance_changed")

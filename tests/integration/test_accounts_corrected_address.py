"""An address mistyped at the upgrade or registration: PSC has the link mailed to the one that was meant."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import EmailVerificationAsked, SignedIn, TokenRefused, VerifyEmail
from shared.messages.accounts.staff import (
    AddressCorrectionRefused,
    CorrectUnprovedAddress,
    StaffActRefused,
    UnprovedAddressCorrected,
)
from shared.messages.base import NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    PASSWORD,
    Member,
    a_legacy_member,
    a_person,
    a_psc_member,
    a_signed_in_member,
    an_upgrade,
    mailed_token,
    quick_resources,
    sealed,
    sign_in,
    verify,
)
from tests.builders_addresses import told
from tests.builders_staff import REMARK, kinds_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
MEANT = "ann@chambers.example"


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def a_mistyped_upgrade(place: Workplace) -> Member:
    member = await a_legacy_member(place)
    command = an_upgrade(place, person=a_person(email="ann@chmabers.example"))
    await member.ask(command)
    return Member(place, member.account_id, command.user_name, PASSWORD)


def a_correction(member: Member, email: str = MEANT) -> CorrectUnprovedAddress:
    return CorrectUnprovedAddress(account_id=member.account_id, email=email, remark=REMARK)


async def test_a_legacy_account_whose_address_was_mistyped_at_its_upgrade_is_saved_by_psc(
    place: Workplace,
) -> None:
    psc, member = await a_psc_member(place), await a_mistyped_upgrade(place)
    to_the_wrong_one = await mailed_token(place, member.account_id)

    corrected = await psc.ask(a_correction(member))
    by_the_wrong_one = await place.send(VerifyEmail(token=sealed(place, to_the_wrong_one)))
    recipient = (await told(place, EmailVerificationAsked))[-1]
    await verify(place, member.account_id)

    assert corrected == UnprovedAddressCorrected(account_id=member.account_id)
    assert by_the_wrong_one == TokenRefused()
    assert recipient == MEANT
    assert isinstance(await sign_in(place, member.user_name, PASSWORD), SignedIn)
    entry = await place.pool.fetchval(
        "SELECT content FROM history WHERE kind = 'unproved_address_corrected' AND account_id = $1",
        member.account_id,
    )
    assert str(psc.account_id) in entry
    assert MEANT not in entry


async def test_only_an_address_that_nobody_has_proved_is_corrected(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_mistyped_upgrade(place)

    refusals = [
        await psc.ask(a_correction(member, "no address")),
        await psc.ask(a_correction(member, "ann@chmabers.example")),
    ]
    await verify(place, member.account_id)
    refusals.append(await psc.ask(a_correction(member)))

    reasons = ["email_not_allowed", "email_not_new", "not_pending"]
    assert refusals == [AddressCorrectionRefused(reason=reason) for reason in reasons]
    assert (await kinds_of(member)).count("staff_act_refused") == 3


async def test_only_psc_corrects_an_address_and_none_of_its_own(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_mistyped_upgrade(place)
    somebody = await a_signed_in_member(place)

    by_somebody = await somebody.ask(a_correction(member))
    own = await psc.ask(a_correction(psc))

    assert by_somebody == NotAllowed(reason="session_level_too_low")
    assert own == StaffActRefused(reason="own_account")
    assert (await told(place, EmailVerificationAsked))[-1] != MEANT

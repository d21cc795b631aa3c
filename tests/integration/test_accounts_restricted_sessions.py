"""A session that must put something right first serves for that, and for nothing else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountDeactivated,
    AccountShown,
    AccountUpgraded,
    AuthenticatorOffered,
    ConfirmAuthenticator,
    DeactivateAccount,
    EnrolAuthenticator,
    GrantRole,
    MyAccount,
    MyHistory,
    PasswordChanged,
    SignedOut,
    SignOut,
)
from shared.messages.base import Message, NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    Member,
    a_legacy_member,
    a_password_change,
    a_psc_member,
    a_signed_in_member,
    an_enrolled_member,
    an_upgrade,
    quick_resources,
    sealed,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
RESTRICTED = NotAllowed(reason="session_restricted")


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    """Where PACER's rule of 180 days is on."""
    async with quick_resources() as resources:
        strict = msgspec.structs.replace(resources.policies, password_max_age_days=180, second_factor_skips=0)
        yield await workplace_of(SERVICE, replace(resources, policies=strict))


async def grown_old(place: Workplace, member: Member) -> Member:
    """The member signed in anew, with a password that has grown too old."""
    place.clock.forward(days=180)
    assert (await member.sign_in()).must_change_password
    return member


async def test_with_an_old_password_nobody_grants_roles(place: Workplace) -> None:
    clerk = await an_enrolled_member(place)
    psc = await grown_old(place, await a_psc_member(place))
    grant = GrantRole(account_id=clerk.account_id, role="psc")

    assert await psc.ask(grant) == RESTRICTED
    assert await place.pool.fetchval("SELECT count(*) FROM role_grants") == 1


async def test_with_an_old_password_nobody_gives_the_account_up_or_looks_at_it(place: Workplace) -> None:
    member = await grown_old(place, await an_enrolled_member(place))

    for message in (DeactivateAccount(), MyAccount(), MyHistory()):
        assert await member.ask(message) == RESTRICTED

    assert await place.emitted(AccountDeactivated) == []


async def test_with_an_old_password_no_authenticator_is_taken_into_use(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    offered = await member.ask(EnrolAuthenticator(name="phone"))
    await grown_old(place, member)
    acts: tuple[Message, ...] = (
        EnrolAuthenticator(name="stolen phone"),
        ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, "000000")),
    )

    assert [await member.ask(act) for act in acts] == [RESTRICTED, RESTRICTED]
    assert await place.pool.fetchval("SELECT array_agg(name) FROM authenticators") == ["phone"]


async def test_with_an_old_password_it_is_changed_and_then_everything_serves(place: Workplace) -> None:
    member = await grown_old(place, await an_enrolled_member(place))

    changed = await member.ask(a_password_change(place))
    place.clock.forward(seconds=30)
    await member.sign_in(password=OTHER_PASSWORD)

    assert changed == PasswordChanged(account_id=member.account_id)
    assert isinstance(await member.ask(MyAccount()), AccountShown)
    assert isinstance(await member.ask(DeactivateAccount()), AccountDeactivated)


async def test_a_restricted_session_can_be_signed_out(place: Workplace) -> None:
    member = await grown_old(place, await an_enrolled_member(place))

    assert await place.send(SignOut(token=sealed(place, member.token))) == SignedOut()
    assert await place.pool.fetchval("SELECT count(*) FROM sessions WHERE ended_by = 'sign_out'") == 1


async def test_with_the_skips_used_up_a_factor_is_enrolled_and_nothing_else_done(place: Workplace) -> None:
    member = await a_signed_in_member(place, kind="paa")

    refused = [await member.ask(message) for message in (DeactivateAccount(), MyAccount())]
    offered = await member.ask(EnrolAuthenticator(name="phone"))
    await member.enrol()

    assert refused == [RESTRICTED, RESTRICTED]
    assert isinstance(offered, AuthenticatorOffered)
    assert isinstance(await member.ask(MyAccount()), AccountShown)


async def test_with_both_to_be_put_right_the_password_comes_first(place: Workplace) -> None:
    member = await grown_old(place, await a_signed_in_member(place, kind="paa"))

    early = await member.ask(EnrolAuthenticator(name="phone"))
    await member.ask(a_password_change(place))
    await member.sign_in(password=OTHER_PASSWORD)
    offered = await member.ask(EnrolAuthenticator(name="phone"))

    assert early == RESTRICTED
    assert isinstance(offered, AuthenticatorOffered)


async def test_a_legacy_account_with_an_old_password_upgrades_since_it_can_change_it_no_other_way(
    place: Workplace,
) -> None:
    member = await grown_old(place, await a_legacy_member(place))

    assert await member.ask(MyAccount()) == RESTRICTED
    assert isinstance(await member.ask(an_upgrade(place)), AccountUpgraded)

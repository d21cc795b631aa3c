"""Recovery does not bypass the second factor: what a mailed link is worth without a passcode."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountLocked,
    AccountRecovered,
    BackupCodeUsed,
    RecoveryRefused,
    SignedIn,
)
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    Member,
    an_enrolled_member,
    quick_resources,
)
from tests.builders_factors import a_recovery, backup_codes_of, mailed_link
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
WRONG = RecoveryRefused(reason="passcode_wrong", field="passcode")


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def is_password(member: Member, password: str) -> bool:
    return isinstance(await member.sign_in(password=password), SignedIn)


async def test_a_recovery_token_for_another_account_leaves_this_one_alone(place: Workplace) -> None:
    member, other = await an_enrolled_member(place), await an_enrolled_member(place)
    token = await mailed_link(other)

    with_the_wrong_persons_passcode = await place.send(a_recovery(place, token, passcode=member.passcode()))
    await place.send(a_recovery(place, token, passcode=other.passcode()))

    assert with_the_wrong_persons_passcode == WRONG
    assert await is_password(member, PASSWORD)
    place.clock.forward(seconds=30)
    assert await is_password(other, OTHER_PASSWORD)


async def test_with_a_second_factor_no_link_recovers_without_a_passcode(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    token = await mailed_link(member)

    missing = await place.send(a_recovery(place, token))
    wrong = await place.send(a_recovery(place, token, passcode="000000"))
    untouched = await is_password(member, PASSWORD)
    place.clock.forward(seconds=30)
    right = await place.send(a_recovery(place, token, passcode=member.passcode()))

    assert missing == RecoveryRefused(reason="passcode_missing", field="passcode")
    assert wrong == WRONG
    assert untouched
    assert right == AccountRecovered(account_id=member.account_id)
    place.clock.forward(seconds=30)
    assert (await member.sign_in(password=OTHER_PASSWORD)).level == 2


async def test_a_backup_code_recovers_once(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    code = (await backup_codes_of(member))[0]
    first = await place.send(a_recovery(place, await mailed_link(member), passcode=code))
    place.clock.forward(minutes=5)
    token = await mailed_link(member)

    second = await place.send(a_recovery(place, token, "third-lantern-oats-55", passcode=code))

    assert first == AccountRecovered(account_id=member.account_id)
    assert second == WRONG
    assert len(await place.emitted(BackupCodeUsed)) == 1


async def test_a_passcode_that_signed_in_does_not_recover_too(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    token = await mailed_link(member)
    code = member.passcode()
    await member.sign_in(passcode=code)

    assert await place.send(a_recovery(place, token, passcode=code)) == WRONG


async def test_recovery_is_no_way_round_the_guard_of_passcodes(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    for _ in range(3):
        await member.sign_in(passcode="000000")
    token = await mailed_link(member)

    for _ in range(2):
        assert await place.send(a_recovery(place, token, passcode="000000")) == WRONG
    locked = await place.send(a_recovery(place, token, passcode=member.passcode()))

    assert len(await place.emitted(AccountLocked)) == 1
    assert locked == WRONG
    assert await place.emitted(AccountRecovered) == []

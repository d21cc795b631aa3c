"""Backup codes: ten, shown once, each of which stands in for a passcode once."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountLocked,
    AuthenticatorRefused,
    BackupCodesMade,
    BackupCodesRefused,
    BackupCodesReplaced,
    BackupCodeUsed,
    ConfirmAuthenticator,
    EnrolAuthenticator,
    MakeBackupCodes,
    SignedIn,
    SignInRefused,
)
from shared.messages.base import AssertionNotForThis, NotAllowed
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from shared.typed_codes import plain_code
from tests.builders_accounts import (
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    sealed,
    tables_holding,
)
from tests.builders_factors import acts_of, backup_codes_of, second_factor_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
NO_CODE = "0000-0000-0000-0000"


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_each_of_ten_codes_signs_in_once_with_both_factors(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    codes = await backup_codes_of(member)

    first = [await member.sign_in(passcode=code) for code in codes]
    again = [await member.sign_in(passcode=code) for code in codes[:4]]

    assert len(set(codes)) == 10
    assert {type(outcome).__name__ for outcome in first} == {"SignedIn"}
    assert {outcome.level for outcome in first} == {2}
    assert again == [SignInRefused()] * 4
    assert [event.codes_left for event in await place.emitted(BackupCodeUsed)] == [*range(9, -1, -1)]


async def test_a_backup_code_used_twice_at_once_opens_one_session(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    code = (await backup_codes_of(member))[0]

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(member.sign_in(passcode=code)) for _ in range(2)]

    kinds = sorted(type(task.result()).__name__ for task in asked)
    assert kinds == ["SignInRefused", "SignedIn"]
    assert len(await place.emitted(BackupCodeUsed)) == 1


async def test_a_code_may_be_typed_in_any_case_with_spaces_and_dashes_or_none(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    codes = await backup_codes_of(member)
    typed = (
        codes[0].lower(),
        codes[1].replace("-", ""),
        f" {codes[2].replace('-', ' ')} ",
        codes[3].replace("-", "\u2013"),
        codes[4].replace("0", "o").replace("1", "l"),
    )

    for code in typed:
        assert isinstance(await member.sign_in(passcode=code), SignedIn)


async def test_making_and_using_codes_is_recorded_and_mailed(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    code = (await backup_codes_of(member))[0]
    made_at = len(await acts_of(member))

    await member.sign_in(passcode=code)

    assert (await acts_of(member))[made_at - 1 :] == ["backup_codes_made", "backup_code_used", "signed_in"]
    assert await place.emitted(BackupCodesReplaced) == [BackupCodesReplaced(account_id=member.account_id)]
    assert await place.emitted(BackupCodeUsed) == [
        BackupCodeUsed(account_id=member.account_id, used_at=place.clock(), codes_left=9)
    ]


async def test_new_codes_replace_the_old_ones(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    old = await backup_codes_of(member)
    new = await backup_codes_of(member)

    assert (await second_factor_of(member)).backup_codes_left == 10
    assert await member.sign_in(passcode=old[0]) == SignInRefused()
    assert isinstance(await member.sign_in(passcode=new[0]), SignedIn)


async def test_codes_are_shown_once_and_whoever_missed_them_asks_for_new_ones(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    asked_by, message_id = await member.resolve(), new_id(place.clock())

    first = await place.send(MakeBackupCodes(), by=asked_by, message_id=message_id)
    again = await place.send(MakeBackupCodes(), by=asked_by, message_id=message_id)

    assert first.codes is not None
    assert again == BackupCodesMade(codes=None, secret_shown_once=True)
    assert len(await place.emitted(BackupCodesReplaced)) == 1


async def test_a_stolen_table_does_not_give_the_codes_away(place: Workplace) -> None:
    member, other = await an_enrolled_member(place), await an_enrolled_member(place)
    code = (await backup_codes_of(member))[0]
    plain = plain_code(code) or ""

    kept = {row["code_hash"] for row in await place.pool.fetch("SELECT code_hash FROM backup_codes")}
    await place.pool.execute(
        "INSERT INTO backup_codes SELECT $1, code_hash, made_at FROM backup_codes", other.account_id
    )

    assert await tables_holding(place.pool, code) == []
    assert await tables_holding(place.pool, plain) == []
    account = member.account_id.bytes
    guesses = {hashlib.sha256(text).digest() for text in (plain.encode(), account + plain.encode())}
    assert kept.isdisjoint(guesses)
    assert await other.sign_in(passcode=code) == SignInRefused()


async def test_wrong_backup_codes_count_as_wrong_passcodes_and_a_right_one_is_not_looked_at_while_locked(
    place: Workplace,
) -> None:
    member = await an_enrolled_member(place)
    code = (await backup_codes_of(member))[0]

    for wrong in (NO_CODE, "000000", NO_CODE, "000000", NO_CODE):
        assert await member.sign_in(passcode=wrong) == SignInRefused()
    locked = await member.sign_in(passcode=code)
    place.clock.forward(minutes=15)

    assert len(await place.emitted(AccountLocked)) == 1
    assert locked == SignInRefused()
    assert isinstance(await member.sign_in(passcode=code), SignedIn)


async def test_a_code_signs_nobody_else_in(place: Workplace) -> None:
    member, other = await an_enrolled_member(place), await an_enrolled_member(place)
    code = (await backup_codes_of(member))[0]

    assert await other.sign_in(passcode=code) == SignInRefused()
    assert isinstance(await member.sign_in(passcode=code), SignedIn)


async def test_a_backup_code_does_not_show_that_an_offered_authenticator_works(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    code = (await backup_codes_of(member))[0]
    offered = await member.ask(EnrolAuthenticator(name="another"))

    outcome = await member.ask(
        ConfirmAuthenticator(authenticator_id=offered.authenticator_id, code=sealed(place, code))
    )

    assert outcome == AuthenticatorRefused(reason="code_wrong")
    assert (await second_factor_of(member)).backup_codes_left == 10


async def test_codes_need_an_authenticator_that_they_stand_in_for(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    assert await member.ask(MakeBackupCodes()) == BackupCodesRefused(reason="no_authenticator")


async def test_codes_need_both_factors_proved_of_late_and_for_this_one_act(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    captured = await place.send(MakeBackupCodes(), by=await member.resolve(), is_captured=True)
    await place.pool.execute("UPDATE sessions SET level = 1")
    by_password_alone = await member.ask(MakeBackupCodes())
    await place.pool.execute("UPDATE sessions SET level = 2")
    place.clock.forward(minutes=10, seconds=1)
    stale = await member.ask(MakeBackupCodes())

    assert captured == AssertionNotForThis()
    assert by_password_alone == NotAllowed(reason="session_level_too_low")
    assert stale == NotAllowed(reason="proof_too_old")
    assert await place.pool.fetchval("SELECT count(*) FROM backup_codes") == 0

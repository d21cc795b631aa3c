"""However an account ends, nothing that is open of it stays open, and nothing that was mailed works."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountDeactivated,
    AccountLocked,
    AccountRecovered,
    AskErasure,
    ChangeEmail,
    DeactivateAccount,
    ErasureStopped,
    SignedIn,
    StopErasure,
    TokenRefused,
    UnlockAccount,
)
from shared.messages.accounts.exports import AskExport, ExportAsked
from shared.messages.accounts.staff import (
    AccountDeactivatedByStaff,
    DeactivateByStaff,
    StaffActRefused,
)
from shared.messages.base import Message
from shared.messaging.registry import Service
from tests.builders_accounts import (
    OTHER_PASSWORD,
    Member,
    a_psc_member,
    a_signed_in_member,
    quick_resources,
    sealed,
    sign_in,
)
from tests.builders_factors import a_recovery, mailed_link
from tests.builders_records import DAYS, asked_token, do_due_work
from tests.builders_staff import REMARK, kinds_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def lock(member: Member) -> str:
    """Guess until the account is locked; the token in the mail."""
    for _ in range(5):
        await sign_in(member.place, member.user_name, "not-the-password-7")
    return (await member.place.open_emitted(AccountLocked, "unlock_token"))[-1]


async def unlock(place: Workplace, token: str) -> Any:
    return await place.send(UnlockAccount(token=sealed(place, token)))


async def open_tokens_of(member: Member) -> list[str]:
    rows = await member.place.pool.fetch(
        "SELECT purpose FROM one_time_tokens WHERE account_id = $1 AND closed_at IS NULL ORDER BY purpose",
        member.account_id,
    )
    return [row["purpose"] for row in rows]


async def a_busy_member(place: Workplace) -> Member:
    """Somebody with a link to unlock, one to recover, one to change the address, and an export under way."""
    member = await a_signed_in_member(place)
    await lock(member)
    await mailed_link(member)
    await member.ask(ChangeEmail(email="new@chambers.example"))
    assert isinstance(await member.ask(AskExport()), ExportAsked)
    assert await open_tokens_of(member) == ["email_change", "recovery", "unlock"]
    return member


async def end_by_staff(psc: Member, member: Member) -> Any:
    return await psc.ask(DeactivateByStaff(account_id=member.account_id, remark=REMARK))


@pytest.mark.parametrize(
    ("act", "left"), [(DeactivateAccount(), []), (AskErasure(), ["erasure_stop"]), (None, [])]
)
async def test_however_an_account_ends_its_links_and_exports_end(
    place: Workplace, act: Message | None, left: list[str]
) -> None:
    psc, member = await a_psc_member(place), await a_busy_member(place)

    await (end_by_staff(psc, member) if act is None else member.ask(act))

    assert await open_tokens_of(member) == left
    states = await place.pool.fetch("SELECT state FROM exports WHERE account_id = $1", member.account_id)
    assert [row["state"] for row in states] == ["over"]


async def test_an_erasure_taken_back_leaves_no_link_open(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await member.ask(AskErasure())

    stopped = await place.send(StopErasure(token=sealed(place, await asked_token(place))))

    assert stopped == ErasureStopped(account_id=member.account_id)
    assert await open_tokens_of(member) == []


async def test_guesses_at_a_closed_account_mail_nobody_and_its_link_unlocks_nothing(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await lock(member)
    assert isinstance(await member.ask(DeactivateAccount()), AccountDeactivated)
    unlocked = await unlock(place, token)
    place.clock.forward(minutes=15)

    for _ in range(6):
        await member.sign_in()

    assert unlocked == TokenRefused()
    assert len(await place.emitted(AccountLocked)) == 1


async def test_a_link_that_is_still_open_unlocks_no_closed_account(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await lock(member)
    await member.ask(DeactivateAccount())
    await place.pool.execute("UPDATE one_time_tokens SET closed_at = NULL WHERE purpose = 'unlock'")

    assert await unlock(place, token) == TokenRefused()


async def test_a_recovery_ends_the_link_that_unlocks(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    token = await lock(member)

    recovered = await place.send(a_recovery(place, await mailed_link(member)))

    assert recovered == AccountRecovered(account_id=member.account_id)
    assert await unlock(place, token) == TokenRefused()
    assert isinstance(await member.sign_in(password=OTHER_PASSWORD), SignedIn)


async def test_an_account_ended_by_psc_is_not_brought_back_by_stopping_its_erasure(place: Workplace) -> None:
    psc, member = await a_psc_member(place), await a_signed_in_member(place)
    await member.ask(AskErasure())
    token = await asked_token(place)

    ended = await end_by_staff(psc, member)
    again = await end_by_staff(psc, member)
    brought_back = await place.send(StopErasure(token=sealed(place, token)))
    status = await place.pool.fetchval("SELECT status FROM accounts WHERE id = $1", member.account_id)
    kinds = await kinds_of(member)
    place.clock.forward(days=DAYS)
    await do_due_work(place)

    assert isinstance(ended, AccountDeactivatedByStaff)
    assert again == StaffActRefused(reason="already_deactivated")
    assert (brought_back, status) == (TokenRefused(), "deactivated")
    assert kinds[:3] == ["staff_act_refused", "deactivated_by_staff", "erasure_asked"]
    erased = await place.pool.fetchval("SELECT erased_at FROM accounts WHERE id = $1", member.account_id)
    assert erased == place.clock()

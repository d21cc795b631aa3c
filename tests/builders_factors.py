"""Backup codes, authenticators and recovery for tests, through the service itself."""

import json
from typing import Any

from shared.messages.accounts import (
    AskRecovery,
    AskUserName,
    BackupCodesMade,
    MakeBackupCodes,
    MySecondFactor,
    RecoverAccount,
    RecoveryAsked,
    RecoveryStarted,
    SecondFactorShown,
    UserNameAsked,
)
from shared.messaging.due_work import take_due
from shared.messaging.registry import decode
from tests.builders_accounts import OTHER_PASSWORD, Member, sealed
from tests.messaging import Workplace


async def backup_codes_of(member: Member) -> list[str]:
    """Ten new codes, as they are shown."""
    made = await member.ask(MakeBackupCodes())
    assert isinstance(made, BackupCodesMade), made
    codes: list[str] = json.loads(member.place.open_reply(made, "codes"))
    return codes


async def second_factor_of(member: Member) -> SecondFactorShown:
    """What somebody reads of the own second factor."""
    shown = await member.ask(MySecondFactor())
    assert isinstance(shown, SecondFactorShown), shown
    return shown


async def acts_of(member: Member) -> list[str]:
    """The kinds of act in somebody's history, in their order."""
    rows = await member.place.pool.fetch(
        "SELECT kind FROM history WHERE account_id = $1 ORDER BY sequence", member.account_id
    )
    return [row["kind"] for row in rows]


async def do_due_work(place: Workplace) -> int:
    """Turn what is due into commands and handle them, as relay and consumer do; answers how many."""
    async with place.pool.acquire() as connection, connection.transaction():
        rows = await take_due(connection, place.clock(), 100)
    for row in rows:
        await place.send(decode(row.kind, row.body), sender="accounts")
    return len(rows)


async def ask_recovery(place: Workplace, user_name: str, **changes: Any) -> None:
    """Ask for a link, and let what follows from it happen."""
    assert await place.send(AskRecovery(user_name=user_name, **changes)) == RecoveryAsked()
    assert await do_due_work(place) == 1


async def ask_user_name(place: Workplace, email: str) -> None:
    """Ask for one's user name, and let what follows from it happen."""
    assert await place.send(AskUserName(email=email)) == UserNameAsked()
    assert await do_due_work(place) == 1


async def mailed_link(member: Member) -> str:
    """Ask for a link to one's account; the token in the mail."""
    await ask_recovery(member.place, member.user_name)
    started = await member.place.emitted(RecoveryStarted)
    tokens = await member.place.open_emitted(RecoveryStarted, "token")
    return [t for event, t in zip(started, tokens, strict=True) if event.account_id == member.account_id][-1]


def a_recovery(
    place: Workplace, token: str, password: str = OTHER_PASSWORD, **changes: Any
) -> RecoverAccount:
    """A recovery that is accepted; name what matters."""
    passcode = changes.pop("passcode", None)
    return RecoverAccount(
        token=sealed(place, token),
        new_password=sealed(place, password),
        passcode=None if passcode is None else sealed(place, passcode),
        **changes,
    )

"""Recovering an account: a new password by means of a mailed token, and a passcode where one is asked for."""

from dataclasses import dataclass
from functools import partial

from services.accounts import passwords
from services.accounts.checks.guarding import is_passcode
from services.accounts.checks.settling import Workbench, busy, find_settled, settle_once
from services.accounts.model import Account, Credential
from services.accounts.rules import guards, recovery, secrecy
from services.accounts.store import credentials, resets, saving, sessions, tokens
from services.accounts.store.saving import Work
from shared.bounded_threads import BusyError
from shared.messages.accounts import AccountRecovered, RecoverAccount, RecoveryRefused, TokenRefused
from shared.messages.base import Message

_WRONG = RecoveryRefused(reason="passcode_wrong", field="passcode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was sent to recover an account; it prints no secret."""

    token: str
    new_password: str
    passcode: str | None
    network: str

    def __repr__(self) -> str:
        return "Attempt"


async def recover_account(command: RecoverAccount, bench: Workbench) -> Message:
    """Judge the new password, hash it outside of any transaction, then use the token up."""
    attempt = Attempt(
        token=bench.open(command, "token"),
        new_password=secrecy.normalise(bench.open(command, "new_password")),
        passcode=None if command.passcode is None else bench.open(command, "passcode"),
        network=command.network,
    )
    async with bench.transaction() as work:
        answer = await find_settled(command, bench, work)
        if answer is None:
            found = await _find(attempt, work)
            answer = None if isinstance(found, Account) else found
    if answer is not None:
        return answer
    try:
        new_hash = await passwords.hash_password(bench.resources, attempt.new_password)
    except BusyError:
        return busy()
    return await settle_once(command, bench, partial(_recover, attempt, new_hash))


async def _find(attempt: Attempt, work: Work) -> Account | TokenRefused | RecoveryRefused:
    """The account that the token recovers, held, unless there is something to mend first."""
    locked = await saving.lock_token(work, attempt.token, "recovery")
    if locked is None or not recovery.is_for(locked[1], locked[0]):
        return TokenRefused()
    account = locked[0]
    refused = recovery.refuse_recovery(
        account,
        attempt.new_password,
        has_passcode=attempt.passcode is not None,
        common=work.resources.common_passwords,
        policies=work.resources.policies,
    )
    return refused or account


async def _recover(attempt: Attempt, new_hash: str, work: Work) -> Message:
    """All that was looked at before is looked at again: the token may have been used up meanwhile."""
    account = await _find(attempt, work)
    if not isinstance(account, Account):
        return account
    guard = await credentials.lock_guard(work.connection, account.id, "password")
    if account.has_second_factor and not await is_passcode(work, account, attempt.passcode or ""):
        return _WRONG
    if account.has_second_factor:
        await resets.stop_since_proved(work, account)
    await credentials.update_guard(work.connection, guards.after_success(guard))
    changed = Credential(
        account_id=account.id, scheme="argon2id", password_hash=new_hash, changed_at=work.now
    )
    await credentials.update_credential(work.connection, changed)
    await sessions.end_all_sessions(work.connection, account.id, at=work.now, ended_by="recovery")
    await tokens.close_tokens(work.connection, account.id, {"email_change", "recovery", "unlock"}, work.now)
    await saving.record(work, account, "recovered", network=attempt.network)
    return AccountRecovered(account_id=account.id)

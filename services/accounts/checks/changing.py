"""Changing the password."""

from functools import partial

from services.accounts import passwords
from services.accounts.checks.guarding import admit, fail, forgive
from services.accounts.checks.settling import Workbench, busy, find_settled, settle_once
from services.accounts.model import Account, Credential
from services.accounts.rules import access, guards, secrecy
from services.accounts.store import accounts, credentials, saving, sessions, tokens
from services.accounts.store.asking import lock_asker
from services.accounts.store.saving import Work
from shared.bounded_threads import BusyError
from shared.messages.accounts import ChangePassword, PasswordChanged, PasswordChangeRefused
from shared.messages.base import Message

WRONG = PasswordChangeRefused(reason="present_password_wrong", field="present_password")


async def change_password(command: ChangePassword, bench: Workbench) -> Message:
    """Judge the new password, prove the present one, then replace it and end all sessions."""
    present = secrecy.normalise(bench.open(command, "present_password"))
    new = secrecy.normalise(bench.open(command, "new_password"))
    answer = await _answer_at_once(command, present, new, bench)
    if answer is not None:
        return answer
    credential = await admit(bench.assertion.account_id, bench)
    try:
        is_right = await passwords.is_password(bench.resources, credential, present)
        new_hash = await passwords.hash_password(bench.resources, new) if is_right else ""
    except BusyError:
        await forgive(credential, bench)
        return busy()
    if credential is None:
        return WRONG
    act = partial(_replace, new_hash) if is_right else _count_failure
    return await settle_once(command, bench, act)


async def _answer_at_once(
    command: ChangePassword, present: str, new: str, bench: Workbench
) -> Message | None:
    async with bench.transaction() as work:
        asker = await lock_asker(work)
        settled = await find_settled(command, bench, work)
    refused = settled or access.refuse_password_change(asker.account, asker.session)
    if refused is not None:
        return refused
    reason = _judge(asker.account, present, new, bench)
    return None if reason is None else PasswordChangeRefused(reason=reason, field="new_password")


def _judge(account: Account, present: str, new: str, bench: Workbench) -> str | None:
    if present == new:
        return "password_not_new"
    return secrecy.judge_password(
        new,
        own_texts=account.own_texts,
        common=bench.resources.common_passwords,
        needs_classes=bench.resources.policies.password_classes,
    )


async def _replace(new_hash: str, work: Work) -> Message:
    """Nobody else can have changed the password since it was compared: that would have ended the session."""
    asker = await lock_asker(work)
    refused = access.refuse_password_change(asker.account, asker.session)
    if refused is not None:
        return refused
    account = asker.account
    guard = await credentials.lock_guard(work.connection, account.id, "password")
    await credentials.update_guard(work.connection, guards.after_success(guard))
    changed = Credential(
        account_id=account.id, scheme="argon2id", password_hash=new_hash, changed_at=work.now
    )
    await credentials.update_credential(work.connection, changed)
    await sessions.end_all_sessions(work.connection, account.id, at=work.now, ended_by="password_change")
    await tokens.close_tokens(work.connection, account.id, {"email_change", "recovery"}, work.now)
    await saving.record(work, account, "password_changed")
    return PasswordChanged(account_id=account.id)


async def _count_failure(work: Work) -> PasswordChangeRefused:
    account = await accounts.lock_account(work.connection, work.assertion.account_id)
    await fail(work, account, await credentials.lock_guard(work.connection, account.id, "password"))
    return WRONG

"""Upgrading a legacy account."""

from functools import partial

from services.accounts.checks.applying import TAKEN, Hashed, hash_if_fit, is_user_name_free
from services.accounts.checks.settling import Workbench, find_settled, settle_once
from services.accounts.model import Account
from services.accounts.rules import access, registration
from services.accounts.store import credentials, saving, sessions
from services.accounts.store.asking import Asker, lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    AccountUpgraded,
    AccountUpgradeFinished,
    RegistrationRefused,
    UpgradeAccount,
)
from shared.messages.base import Message, NotAllowed


async def upgrade_account(command: UpgradeAccount, bench: Workbench) -> Message:
    """Give the account a person's own name, password and address; its kind and its number stay."""
    async with bench.transaction() as work:
        asker = await lock_asker(work)
        answer = await find_settled(command, bench, work) or _refuse(asker, work)
    if answer is not None:
        return answer
    hashed = await hash_if_fit(command, bench)
    if not isinstance(hashed, Hashed):
        return hashed
    return await settle_once(command, bench, partial(_upgrade, command, hashed))


def _refuse(asker: Asker, work: Work) -> RegistrationRefused | NotAllowed | None:
    return registration.refuse_upgrade(asker.account) or access.refuse_upgrade_act(
        asker.account, asker.session, work.now, work.resources.policies
    )


async def _upgrade(command: UpgradeAccount, hashed: Hashed, work: Work) -> Message:
    is_free = await is_user_name_free(command, work)
    asker = await lock_asker(work)
    refused = _refuse(asker, work)
    if refused is not None:
        return refused
    if not is_free:
        return TAKEN
    after = registration.upgraded(asker.account, command.person, command.user_name, now=work.now)
    after = await _save(work, asker.account, after, hashed)
    return AccountUpgraded(account_id=after.id, status=after.status)


async def _save(work: Work, before: Account, after: Account, hashed: Hashed) -> Account:
    saved = await saving.save_account(work, before, after)
    await credentials.update_credential(work.connection, hashed.credential(saved, work))
    await sessions.end_all_sessions(work.connection, saved.id, at=work.now, ended_by="upgrade")
    await saving.ask_verification(work, saved)
    await saving.record(work, saved, "upgraded")
    work.emit(AccountUpgradeFinished(account_id=saved.id))
    return saved

"""Registering an account."""

from functools import partial

from services.accounts.checks.applying import TAKEN, Hashed, hash_if_fit, is_user_name_free
from services.accounts.checks.settling import Workbench, settle_once
from services.accounts.rules import registration
from services.accounts.store import saving
from services.accounts.store.saving import Work
from shared.messages.accounts import AccountRegistered, RegisterAccount, RegistrationRefused
from shared.messages.base import Message


async def register_account(command: RegisterAccount, bench: Workbench) -> Message:
    """Make the account, which does nothing yet, and mail the token that proves its address."""
    hashed = await hash_if_fit(command, bench)
    if not isinstance(hashed, Hashed):
        return hashed
    return await settle_once(command, bench, partial(_register, command, hashed))


async def _register(
    command: RegisterAccount, hashed: Hashed, work: Work
) -> AccountRegistered | RegistrationRefused:
    if not await is_user_name_free(command, work):
        return TAKEN
    account = registration.new_account(
        command.person, command.user_name, account_id=work.new_id(), kind=command.kind, now=work.now
    )
    account = await saving.add_account(work, account, hashed.credential(account, work), act="registered")
    await saving.ask_verification(work, account)
    return AccountRegistered(
        account_id=account.id, account_number=account.account_number, status=account.status
    )

"""Registering an account."""

from functools import partial

from services.accounts.checks.applying import Hashed, find_standing, hash_if_fit
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
    account_id = work.new_id()
    standing = await find_standing(command, account_id, work)
    if isinstance(standing, RegistrationRefused):
        return standing
    status, warnings = standing
    account = registration.new_account(
        command.person,
        command.user_name,
        account_id=account_id,
        kind=command.kind,
        status=status,
        now=work.now,
    )
    account = await saving.add_account(work, account, hashed.credential(account, work), act="registered")
    await saving.ask_verification(work, account)
    return AccountRegistered(
        account_id=account.id, account_number=account.account_number, status=status, warnings=warnings
    )

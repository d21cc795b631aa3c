"""Ending a lock before its time."""

from services.accounts.rules import access, guards
from services.accounts.store import credentials, saving, tokens
from services.accounts.store.saving import Work
from shared.messages.accounts import AccountUnlocked, TokenRefused, UnlockAccount


async def unlock_account(command: UnlockAccount, work: Work) -> AccountUnlocked | TokenRefused:
    """Whoever reads the account's mail may try passwords again, unless the account is given up.

    An earlier address is no help.
    """
    found = await saving.lock_token(work, work.open(command, "token"), "unlock")
    if found is None:
        return TokenRefused()
    account, token = found
    if token.email != account.email or not access.may_sign_in(account):
        return TokenRefused()
    await tokens.close_tokens(work.connection, account.id, (token.purpose,), work.now)
    guard = await credentials.lock_guard(work.connection, account.id, "password")
    await credentials.update_guard(work.connection, guards.after_success(guard))
    await saving.record(work, account, "unlocked")
    return AccountUnlocked(account_id=account.id)

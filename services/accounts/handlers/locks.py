"""Ending a lock before its time."""

from services.accounts.model import Account
from services.accounts.rules import guards
from services.accounts.store import credentials, saving, tokens
from services.accounts.store.saving import Work
from shared.messages.accounts import AccountUnlocked, TokenRefused, UnlockAccount


async def unlock_account(command: UnlockAccount, work: Work) -> AccountUnlocked | TokenRefused:
    """Whoever reads the account's mail may try again; a token mailed to an earlier address does nothing."""
    found = await saving.lock_token(work, work.open(command, "token"), "unlock")
    if found is None:
        return TokenRefused()
    account, token = found
    if token.email != account.email:
        return TokenRefused()
    await tokens.close_tokens(work.connection, account.id, (token.purpose,), work.now)
    await _clear_guards(account, work)
    await saving.record(work, account, "unlocked")
    return AccountUnlocked(account_id=account.id)


async def _clear_guards(account: Account, work: Work) -> None:
    """Both at once, as either may have locked; in the order in which signing in holds them."""
    for kind in guards.KINDS:
        guard = await credentials.lock_guard(work.connection, account.id, kind)
        await credentials.update_guard(work.connection, guards.after_success(guard))

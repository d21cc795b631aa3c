"""Ending an account, whoever does it: its holder, PSC staff, or an erasure that was asked for."""

from services.accounts.model import Account
from services.accounts.rules import registration
from services.accounts.store import exports, saving, sessions, tokens, verifications
from services.accounts.store.saving import Work


async def end_account(work: Work, before: Account, *, ended_by: str) -> Account:
    """Deactivate the account, and end all of it that is open; what was mailed does nothing any more."""
    after = await saving.save_account(work, before, registration.deactivated(before, work.now))
    await sessions.end_all_sessions(work.connection, after.id, at=work.now, ended_by=ended_by)
    await verifications.close_verifications(work.connection, after.id, work.now)
    await tokens.close_all_tokens(work.connection, after.id, work.now)
    await exports.end_exports(work.connection, after.id)
    return after

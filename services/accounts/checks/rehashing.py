"""Rehashing: a better verifier of a password that has just let its holder in."""

from dataclasses import replace

from services.accounts import passwords
from services.accounts.checks.settling import Workbench
from services.accounts.model import Credential
from services.accounts.store import accounts, credentials
from shared.bounded_threads import BusyError


async def rehash(credential: Credential, password: str, bench: Workbench) -> None:
    """Replace a verifier that is outdated, unless it was changed meanwhile; busy, the next sign-in does it.

    Only after the whole success: a right password that lets nobody in takes no longer than a wrong one.
    """
    if not passwords.is_outdated(bench.resources, credential):
        return
    try:
        password_hash = await passwords.hash_password(bench.resources, password)
    except BusyError:
        return
    async with bench.transaction() as work:
        await accounts.lock_account(work.connection, credential.account_id)
        if await credentials.get_credential(work.connection, credential.account_id) == credential:
            better = replace(credential, scheme="argon2id", password_hash=password_hash, recipe="")
            await credentials.update_credential(work.connection, better)

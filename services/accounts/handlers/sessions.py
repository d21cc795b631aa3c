"""Ending sessions, giving an account up, and showing it to its holder."""

from services.accounts.handlers.ending import end_account
from services.accounts.rules import access
from services.accounts.store import accounts, credentials, saving, sessions
from services.accounts.store.asking import is_reader_restricted, lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    AccountDeactivated,
    AccountShown,
    DeactivateAccount,
    MyAccount,
    SignedOut,
    SignOut,
)
from shared.messages.accounts.clients import ClientLoggedOut, LogOutClient
from shared.messages.base import NotAllowed


async def sign_out(command: SignOut, work: Work) -> SignedOut:
    """Leave the portal."""
    await _end_session(work.open(command, "token"), work)
    return SignedOut()


async def log_out_client(command: LogOutClient, work: Work) -> ClientLoggedOut:
    """A program ends its session; nobody learns here whether a token was one."""
    await _end_session(work.open(command, "token"), work)
    return ClientLoggedOut()


async def _end_session(token: str, work: Work) -> None:
    """End the session of this token, if it is open; the account's row is held first, as everywhere."""
    token_hash = saving.hash_token(token)
    account_id = await sessions.find_holder(work.connection, token_hash)
    if account_id is not None:
        account = await accounts.lock_account(work.connection, account_id)
        if await sessions.end_session(work.connection, token_hash, at=work.now, ended_by="sign_out"):
            await saving.record(work, account, "signed_out")


async def deactivate_account(command: DeactivateAccount, work: Work) -> AccountDeactivated | NotAllowed:
    """End everything that is open; the number and the user name stay taken."""
    asker = await lock_asker(work)
    refused = access.refuse_asker(asker.account, asker.session, work.now, work.resources.policies)
    if refused is not None:
        return refused
    after = await end_account(work, asker.account, ended_by="deactivation")
    await saving.record(work, after, "deactivated")
    return AccountDeactivated(account_id=after.id)


async def my_account(query: MyAccount, work: Work) -> AccountShown | NotAllowed:
    """The asker's own account as it is now, which may be newer than the assertion."""
    refused = access.refuse_reader(await is_reader_restricted(work))
    if refused is not None:
        return refused
    account = await accounts.get_account(work.connection, work.assertion.account_id)
    present = await credentials.list_authenticators(work.connection, account.id)
    return AccountShown(
        account_id=account.id,
        account_number=account.account_number,
        user_name=account.user_name,
        kind=account.kind,
        generation=account.generation,
        status=account.status,
        email_verified=account.is_email_verified,
        has_second_factor=account.has_second_factor,
        first_name=account.first_name,
        last_name=account.last_name,
        email=account.email,
        is_shared=account.is_shared,
        is_search_active=account.is_search_active,
        authenticators=tuple(a.name for a in present if a.confirmed_at is not None),
    )

"""What is kept about a person: having it erased, taking that back, and the erasure itself."""

from services.accounts.handlers.ending import end_account
from services.accounts.model import Account, AskedErasure
from services.accounts.rules import access, records
from services.accounts.store import accounts, exports, saving, tokens
from services.accounts.store import records as store
from services.accounts.store.asking import lock_staff
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    AccountErased,
    AskErasure,
    EraseAccount,
    ErasureAsked,
    ErasureBegun,
    ErasureRefused,
    ErasureStopped,
    StopErasure,
    TokenRefused,
)
from shared.messages.base import NotAllowed
from shared.messaging import due_work, erasure

_USER_NAME_FIELDS = ("user_name", "login_id")


async def ask_erasure(command: AskErasure, work: Work) -> ErasureBegun | ErasureRefused | NotAllowed:
    """Deactivate the account at once, mail how to take it back, and plan the end."""
    asker = await lock_staff(work)
    undoing = await tokens.find_open_token(work.connection, asker.account.id, "email_undo")
    refused = access.refuse_asker(
        asker.account, asker.session, work.now, work.resources.policies
    ) or records.refuse_erasure(asker.account, asker.grants, undoing, work.now)
    if refused is not None:
        return refused
    asked = records.asked_erasure(asker.account, work.now, work.resources.policies)
    await end_account(work, asker.account, ended_by="erasure")
    await saving.record(work, asker.account, "erasure_asked")
    await _plan(asked, asker.account, work)
    return ErasureBegun(account_id=asked.account_id, final_at=asked.final_at)


async def stop_erasure(command: StopErasure, work: Work) -> ErasureStopped | TokenRefused:
    """Bring the account back; memberships that ended with it stay ended."""
    found = await saving.lock_token(work, work.open(command, "token"), "erasure_stop")
    asked = None if found is None else await store.find_asked_erasure(work.connection, found[0].id)
    if found is None or asked is None:
        return TokenRefused()
    account, _ = found
    await saving.save_account(work, account, records.taken_back(account, asked))
    await tokens.close_all_tokens(work.connection, account.id, work.now)
    await store.delete_asked_erasure(work.connection, account.id)
    await due_work.cancel(work, EraseAccount, subject=str(account.id))
    await saving.record(work, account, "erasure_stopped")
    return ErasureStopped(account_id=account.id)


async def erase_account(command: EraseAccount, work: Work) -> AccountErased | None:
    """Blank all that is kept here, and have every service do so."""
    account = await accounts.lock_account(work.connection, command.account_id)
    if not records.is_final(await store.find_asked_erasure(work.connection, account.id), work.now):
        return None
    terms = await _search_terms(account, work)
    await saving.record(work, account, "erased")
    await saving.save_account(work, account, records.erased(account, work.now))
    await store.keep_names_taken(work.connection, account.id, records.taken_names(account))
    await store.delete_what_proves(work.connection, account.id)
    await store.delete_asked_erasure(work.connection, account.id)
    await exports.end_exports(work.connection, account.id)
    await store.blank_history(work.connection, account.id)
    await erasure.begin(work, account.id, terms=terms)
    return AccountErased(account_id=account.id)


async def _plan(asked: AskedErasure, account: Account, work: Work) -> None:
    await store.insert_asked_erasure(work.connection, asked)
    await due_work.plan(
        work,
        EraseAccount(account_id=account.id),
        subject=str(account.id),
        occasion="final",
        due_at=asked.final_at,
    )
    lifetime = asked.final_at - work.now
    token = await saving.issue_token(work, account, "erasure_stop", email=account.email, lifetime=lifetime)
    work.emit(ErasureAsked(account_id=account.id, final_at=asked.final_at, token=token))


async def _search_terms(account: Account, work: Work) -> set[str]:
    """What shows that a message says something of the account: an address, or a user name where one stands.

    A user name may be somebody else's last name, so that it isn't looked for in every field.
    """
    addresses = await store.list_addresses(work.connection, account.id)
    names = await store.list_user_names(work.connection, account.id)
    named = {erasure.quoted_field(field, name) for field in _USER_NAME_FIELDS for name in names}
    return {erasure.quoted(each) for each in addresses} | named

"""Authenticators in use: showing, renaming and removing them."""

from dataclasses import replace

from services.accounts.model import Account, Authenticator, Session
from services.accounts.rules import access, second_factor
from services.accounts.store import accounts, backup_codes, credentials, saving, sessions, tokens
from services.accounts.store.asking import is_reader_restricted, lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    AuthenticatorRefused,
    AuthenticatorRemovalRefused,
    AuthenticatorRenamed,
    AuthenticatorShown,
    MySecondFactor,
    RemoveAuthenticator,
    RenameAuthenticator,
    SecondFactorChanged,
    SecondFactorShown,
)
from shared.messages.base import NotAllowed


async def my_second_factor(query: MySecondFactor, work: Work) -> SecondFactorShown | NotAllowed:
    """The asker's authenticators and backup codes, and whether a second factor must be had."""
    refused = access.refuse_reader(await is_reader_restricted(work))
    if refused is not None:
        return refused
    account = await accounts.get_account(work.connection, work.assertion.account_id)
    present = await credentials.list_authenticators(work.connection, account.id)
    duties = await credentials.get_duties(work.connection, account.id, work.now)
    is_due = second_factor.is_due(account, duties)
    return SecondFactorShown(
        authenticators=tuple(
            AuthenticatorShown(authenticator_id=a.id, name=a.name, confirmed_at=a.confirmed_at)
            for a in present
            if a.confirmed_at is not None
        ),
        backup_codes_left=await backup_codes.count_backup_codes(work.connection, account.id),
        required_for=second_factor.required_for(account, duties),
        skips_left=second_factor.skips_left(account, work.resources.policies) if is_due else None,
    )


async def rename_authenticator(
    command: RenameAuthenticator, work: Work
) -> AuthenticatorRenamed | AuthenticatorRefused | NotAllowed:
    """Call an authenticator in use something else; the mail names both, so that no name hides another."""
    asker = await lock_asker(work)
    confirmed = await _list_confirmed(work, asker.account)
    refused = access.refuse_asker(
        asker.account, asker.session, work.now, work.resources.policies
    ) or second_factor.refuse_renaming(command.authenticator_id, command.name, confirmed)
    if refused is not None:
        return refused
    before = next(a for a in confirmed if a.id == command.authenticator_id)
    after = replace(before, name=command.name.strip(), name_key=second_factor.name_key(command.name))
    await credentials.update_authenticator(work.connection, after)
    await saving.record(work, asker.account, "authenticator_renamed", authenticator_id=str(after.id))
    return AuthenticatorRenamed(
        account_id=asker.account.id,
        authenticator_id=after.id,
        previous_name=before.name,
        name=after.name,
    )


async def remove_authenticator(
    command: RemoveAuthenticator, work: Work
) -> SecondFactorChanged | AuthenticatorRemovalRefused | NotAllowed:
    """Forget an authenticator, unless it is the last one of somebody who must have one."""
    asker = await lock_asker(work)
    confirmed = await _list_confirmed(work, asker.account)
    duties = await credentials.get_duties(work.connection, asker.account.id, work.now)
    refused = access.refuse_asker(
        asker.account, asker.session, work.now, work.resources.policies
    ) or second_factor.refuse_removal(asker.account, command.authenticator_id, confirmed, duties)
    if refused is not None or asker.session is None:
        return refused or NotAllowed(reason="assertion_invalid")
    removed = next(a for a in confirmed if a.id == command.authenticator_id)
    account = asker.account if len(confirmed) > 1 else await _drop_factor(work, asker.account)
    return await _remove(work, account, asker.session, removed)


async def _list_confirmed(work: Work, account: Account) -> list[Authenticator]:
    present = await credentials.list_authenticators(work.connection, account.id)
    return list(second_factor.usable(present, None))


async def _drop_factor(work: Work, before: Account) -> Account:
    await backup_codes.delete_backup_codes(work.connection, before.id)
    return await saving.save_account(work, before, second_factor.without_factor(before))


async def _remove(
    work: Work, account: Account, session: Session, removed: Authenticator
) -> SecondFactorChanged:
    """The device may be in others' hands, and with it what it has opened: all but this session ends."""
    await credentials.delete_authenticator(work.connection, removed.id)
    await sessions.end_other_sessions(
        work.connection, account.id, session.token_hash, at=work.now, ended_by="second_factor"
    )
    await tokens.close_tokens(work.connection, account.id, {"email_change"}, work.now)
    await saving.record(work, account, "authenticator_removed", authenticator_id=str(removed.id))
    return SecondFactorChanged(
        account_id=account.id,
        change="removed",
        authenticator_name=removed.name,
        was_last=not account.has_second_factor,
    )

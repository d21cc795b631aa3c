"""Confirming an authenticator."""

from dataclasses import replace
from functools import partial

from services.accounts.checks.guarding import is_passcode
from services.accounts.checks.settling import Workbench, settle_once
from services.accounts.model import Account, Authenticator, Session
from services.accounts.rules import access, second_factor
from services.accounts.store import credentials, resets, saving, sessions, tokens
from services.accounts.store.asking import lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    AuthenticatorConfirmed,
    AuthenticatorRefused,
    ConfirmAuthenticator,
    SecondFactorChanged,
)
from shared.messages.base import Message, NotAllowed


async def confirm_authenticator(command: ConfirmAuthenticator, bench: Workbench) -> Message:
    """Take an authenticator into use once it has shown a code; the attempt counts as any passcode's."""
    code = bench.open(command, "code")
    return await settle_once(command, bench, partial(_confirm, command, code))


async def _confirm(command: ConfirmAuthenticator, code: str, work: Work) -> Message:
    asker = await lock_asker(work)
    credential = await credentials.get_credential(work.connection, asker.account.id)
    refused = access.refuse_enrolment(
        asker.account, asker.session, credential, now=work.now, policies=work.resources.policies
    )
    if refused is not None or asker.session is None:
        return refused or NotAllowed(reason="assertion_invalid")
    present = await credentials.list_authenticators(work.connection, asker.account.id)
    offered = next((a for a in present if a.id == command.authenticator_id and a.confirmed_at is None), None)
    if offered is None:
        return AuthenticatorRefused(reason="not_found")
    name_refused = second_factor.refuse_name(offered.name, present)  # another may have been renamed meanwhile
    if name_refused is not None:
        return name_refused
    if not await is_passcode(work, asker.account, code, offered_id=offered.id):
        return AuthenticatorRefused(reason="code_wrong")
    return await _take_into_use(asker.account, asker.session, offered, work)


async def _take_into_use(
    before: Account, session: Session, confirmed: Authenticator, work: Work
) -> AuthenticatorConfirmed:
    """This session has proved the authenticator; any other may be a thief's who knows the password alone."""
    if before.has_second_factor:
        await resets.stop_since_proved(work, before)
    account = await saving.save_account(work, before, replace(before, has_second_factor=True))
    credential = await credentials.get_credential(work.connection, account.id)
    is_too_old = access.is_password_too_old(credential, work.now, work.resources.policies)
    proved = replace(session, level=2, proved_at=work.now, is_restricted=is_too_old)
    await sessions.update_session(work.connection, proved)
    await sessions.end_other_sessions(
        work.connection, account.id, session.token_hash, at=work.now, ended_by="second_factor"
    )
    await tokens.close_tokens(work.connection, account.id, {"email_change"}, work.now)
    await saving.record(work, account, "authenticator_added", authenticator_id=str(confirmed.id))
    work.emit(SecondFactorChanged(account_id=account.id, change="added", authenticator_name=confirmed.name))
    return AuthenticatorConfirmed(authenticator_id=confirmed.id)

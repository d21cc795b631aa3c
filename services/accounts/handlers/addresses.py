"""Changing the e-mail address, in two steps, and taking it back."""

from datetime import timedelta

from services.accounts.handlers.likenesses import look_again
from services.accounts.model import Account, OneTimeToken, Purpose
from services.accounts.rules import access, addresses
from services.accounts.store import accounts, resets, saving, sessions, tokens
from services.accounts.store.asking import lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    ChangeEmail,
    ConfirmEmailChange,
    EmailChangeAsked,
    EmailChangeBegun,
    EmailChangeConfirmed,
    EmailChanged,
    EmailChangeRefused,
    EmailChangeUndone,
    EmailPutBack,
    EmailTakenIntoUse,
    EmailWithdrawn,
    TokenRefused,
    UndoEmailChange,
)
from shared.messages.base import NotAllowed
from shared.sealed import Sealed


async def change_email(
    command: ChangeEmail, work: Work
) -> EmailChangeBegun | EmailChangeRefused | NotAllowed:
    """Mail a token to the new address; one asked for before stops working."""
    asker, policies = await lock_asker(work), work.resources.policies
    account = asker.account
    refused = access.refuse_asker(account, asker.session, work.now, policies) or addresses.refuse_address(
        account, command.email
    )
    if refused is not None:
        return refused
    last = await tokens.find_open_token(work.connection, account.id, "email_change")
    if addresses.may_mail(last, command.email, work.now, policies):
        lifetime = timedelta(hours=policies.email_change_hours)
        token = await saving.issue_token(
            work, account, "email_change", email=command.email, lifetime=lifetime
        )
        recipient = saving.recipient_at(account, command.email, token.expires_at)
        work.emit(EmailChangeAsked(account_id=account.id, recipient=recipient, token=token))
        await saving.record(work, account, "email_change_asked")
    return EmailChangeBegun()


async def confirm_email_change(
    command: ConfirmEmailChange, work: Work
) -> EmailChangeConfirmed | TokenRefused:
    """Take the proved address into use, and give the old one a way back."""
    held = await _hold(work, work.open(command, "token"), "email_change")
    if held is None:
        return TokenRefused()
    before, proved = held
    await tokens.close_tokens(work.connection, before.id, ("email_change", "recovery"), work.now)
    lifetime = timedelta(days=work.resources.policies.email_undo_days)
    undoing = await saving.issue_token(work, before, "email_undo", email=before.email, lifetime=lifetime)
    after, standing = await look_again(work, before, addresses.moved(before, proved.email))
    after = await _save(work, before, after, "email_changed")
    told = saving.recipient_at(before, before.email, undoing.expires_at)
    work.emit(EmailChanged(account_id=after.id, recipient=told, token=undoing))
    reached = saving.recipient_at(after, after.email, undoing.expires_at)
    work.emit(EmailTakenIntoUse(account_id=after.id, recipient=reached, warnings=standing.warnings))
    return EmailChangeConfirmed(account_id=after.id, status=after.status, warnings=standing.warnings)


async def undo_email_change(command: UndoEmailChange, work: Work) -> EmailChangeUndone | TokenRefused:
    """Put the address back, and let nobody in, or change it anew, with what they have in hand.

    Undoings of later changes end with this one; those of earlier ones, whose holder came first, don't.
    """
    held = await _hold(work, work.open(command, "token"), "email_undo")
    if held is None:
        return TokenRefused()
    before, undoing = held
    await tokens.close_tokens(work.connection, before.id, ("email_change", "recovery", "unlock"), work.now)
    await tokens.close_undo_tokens(work.connection, before.id, since=undoing.created_at, at=work.now)
    await sessions.end_all_sessions(work.connection, before.id, at=work.now, ended_by="email_put_back")
    stopped = await resets.stop_lost_reset(work, before, stopped_by="link")
    after, _ = await look_again(work, before, addresses.moved(before, undoing.email))
    after = await _save(work, before, after, "email_put_back")
    work.emit(EmailPutBack(account_id=after.id, recipient=_told_at(work, after, after.email)))
    work.emit(EmailWithdrawn(account_id=after.id, recipient=_told_at(work, after, before.email)))
    if stopped is not None:
        work.emit(stopped)
    return EmailChangeUndone(account_id=after.id)


async def _hold(work: Work, token: str, purpose: Purpose) -> tuple[Account, OneTimeToken] | None:
    """The account and the token, if it works: what it would be like others by is held, and its row."""
    found = await tokens.find_token(work.connection, saving.hash_token(token))
    if found is None:
        return None
    account = await accounts.get_account(work.connection, found.account_id)
    await saving.lock_identities(work.connection, addresses.moved(account, found.email).identity_keys)
    held = await saving.lock_token(work, token, purpose)
    return held if held is not None and addresses.may_move(held[0]) else None


async def _save(work: Work, before: Account, after: Account, act: str) -> Account:
    saved = await saving.save_account(work, before, after)
    work.emit(saved.contact())
    await saving.record(work, saved, act)
    return saved


def _told_at(work: Work, account: Account, email: str) -> Sealed:
    days = work.resources.policies.email_undo_days
    return saving.recipient_at(account, email, work.now + timedelta(days=days))

"""Getting back in: what strangers may ask for, and the mail that it leads to."""

from datetime import timedelta
from uuid import UUID

from services.accounts.model import Account
from services.accounts.rules import recovery, texts
from services.accounts.store import accounts, saving
from services.accounts.store.recovery import MailKind, claim_mail, list_ids_by_email
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    AskRecovery,
    AskUserName,
    MailRecovery,
    MailUserNames,
    RecoveryAsked,
    RecoveryReferred,
    RecoveryStarted,
    UserNameAsked,
    UserNameReminded,
)
from shared.messages.base import Command
from shared.messaging.due_work import plan
from shared.sealed import to_be_sealed

_MOST_ACCOUNTS_OF_AN_ADDRESS = 20
_REMINDER_LIFETIME = timedelta(days=1)


async def ask_recovery(command: AskRecovery, work: Work) -> RecoveryAsked:
    """Plan the mail for at once, to nobody's account if there is none: so the work is the same, too."""
    key = texts.user_name_key(command.user_name) or ""
    found = await accounts.find_id_by_user_name(work.connection, key)
    await _plan(work, MailRecovery(account_id=found or work.new_id(), network=command.network))
    return RecoveryAsked()


async def ask_user_name(command: AskUserName, work: Work) -> UserNameAsked:
    """Plan the mails for at once, in the same manner."""
    key = texts.email_key(command.email) if texts.is_email(command.email) else ""
    found = await list_ids_by_email(work.connection, key, _MOST_ACCOUNTS_OF_AN_ADDRESS)
    await _plan(work, MailUserNames(account_ids=tuple(found) or (work.new_id(),)))
    return UserNameAsked()


async def mail_recovery(command: MailRecovery, work: Work) -> None:
    """Mail a link to the address that the account's holder proved, or word that PSC helps."""
    account = await _find_held(work, command.account_id)
    way = None if account is None else recovery.way_back(account)
    if account is None or way is None or not await _may_mail(work, account, "recovery"):
        return
    await saving.record(work, account, "recovery_asked", network=command.network)
    if way == "service_center":
        work.emit(RecoveryReferred(account_id=account.id))
        return
    lifetime = timedelta(minutes=work.resources.policies.recovery_minutes)
    token = await saving.issue_token(work, account, "recovery", email=account.email, lifetime=lifetime)
    recipient = saving.recipient_at(account, account.email, work.now + lifetime)
    work.emit(RecoveryStarted(account_id=account.id, recipient=recipient, token=token))


async def mail_user_names(command: MailUserNames, work: Work) -> None:
    """Mail each account's user name to the address that was proved for it."""
    for account_id in sorted(command.account_ids):
        account = await _find_held(work, account_id)
        if account is None or recovery.way_back(account) != "link":
            continue
        if await _may_mail(work, account, "user_name"):
            await _remind(work, account)


async def _remind(work: Work, account: Account) -> None:
    expires_at = work.now + _REMINDER_LIFETIME
    await saving.record(work, account, "user_name_asked")
    work.emit(
        UserNameReminded(
            account_id=account.id,
            recipient=saving.recipient_at(account, account.email, expires_at),
            user_name=to_be_sealed(account.user_name, reader="notify", expires_at=expires_at),
        )
    )


async def _plan(work: Work, command: Command) -> None:
    occasion = str(work.cause.message_id)
    await plan(work, command, subject=occasion, occasion=occasion, due_at=work.now)


async def _find_held(work: Work, account_id: UUID) -> Account | None:
    found = await accounts.find_account(work.connection, account_id)
    return None if found is None else await accounts.lock_account(work.connection, found.id)


async def _may_mail(work: Work, account: Account, kind: MailKind) -> bool:
    not_since = recovery.earliest_last_mail(work.now, work.resources.policies)
    return await claim_mail(work.connection, account.id, kind, now=work.now, not_since=not_since)

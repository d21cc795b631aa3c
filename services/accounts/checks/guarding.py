"""Guarding: what each attempt at a password or passcode counts, and what follows from a failure."""

from datetime import datetime, timedelta
from uuid import UUID

from services.accounts.checks.settling import Workbench
from services.accounts.model import Account, Credential, Guard, GuardKind
from services.accounts.rules import guards, second_factor
from services.accounts.rules.backup_codes import hash_code
from services.accounts.store import backup_codes, credentials, saving, sessions
from services.accounts.store.saving import Work
from shared.messages.accounts import AccountLocked, BackupCodeUsed
from shared.typed_codes import plain_code

_MAIL_MAY_TAKE = timedelta(days=7)
"""The mail that tells of a lock goes out late rather than never, though its link is worthless by then."""


async def admit(account_id: UUID | None, bench: Workbench) -> Credential | None:
    """Count an attempt at a password and commit that; None where there is nothing to compare with.

    It is counted before the password is looked at, so that many guesses at once count as many.
    """
    if account_id is None:
        return None
    async with bench.transaction() as work:
        guard, credential = await credentials.lock_guarded(work.connection, account_id)
        return await count_guess(guard, credential, work)


async def count_guess(guard: Guard, credential: Credential, work: Work) -> Credential | None:
    """The same within a transaction, which must be committed before the password is looked at.

    If the password was replaced while the guard was waited for, it is the one before; what settles the
    attempt then sees that it isn't current.
    """
    counted = guards.count_attempt(guard, work.now, work.resources.policies)
    if counted is None:
        return None
    await credentials.update_guard(work.connection, counted)
    return credential


async def forgive(credential: Credential | None, bench: Workbench) -> None:
    """Take a counted attempt back whose password could not be compared."""
    if credential is None:
        return
    async with bench.transaction() as work:
        guard = await credentials.lock_guard(work.connection, credential.account_id, "password")
        await credentials.update_guard(work.connection, guards.without_latest(guard))


async def fail(work: Work, account: Account, guard: Guard) -> None:
    """Let a counted attempt stand as failed; one too many locks the account, and its holder is told.

    Nobody is told of a closed account, which guesses open as little as the right password does.
    """
    after = guards.after_failure(guard, work.now, work.resources.policies)
    await credentials.update_guard(work.connection, after)
    is_locked_now = after.locked_until is not None and after.locked_until != guard.locked_until
    if after.locked_until is not None and is_locked_now and account.status != "deactivated":
        await _lock(work, account, guard.kind, after.locked_until)
        await saving.record(work, account, f"{guard.kind}_locked")


async def _lock(work: Work, account: Account, kind: GuardKind, until: datetime) -> None:
    """A lock ends what is half-way: a session whose password was proved and whose factor is still to be.

    A lock of passcodes can't be ended by mail: whoever reads that recovers the password, and would guess on.
    """
    await sessions.end_restricted_sessions(work.connection, account.id, at=work.now, ended_by="lock")
    token = None
    if account.is_email_verified and kind == "password":
        lifetime = until - work.now
        token = await saving.issue_token(
            work, account, "unlock", email=account.email, lifetime=lifetime, readable_for=_MAIL_MAY_TAKE
        )
    work.emit(AccountLocked(account_id=account.id, locked_until=until, unlock_token=token, guard=kind))


async def is_passcode(work: Work, account: Account, code: str, *, offered_id: UUID | None = None) -> bool:
    """Count an attempt at a passcode, and accept it once: from a confirmed authenticator or the one offered.

    A backup code will do, but not in place of the code that shows that an offered authenticator works.
    The account's row is held, so that attempts come one by one.
    """
    guard = await credentials.lock_guard(work.connection, account.id, "passcode")
    counted = guards.count_attempt(guard, work.now, work.resources.policies)
    if counted is None:
        return False
    present = await credentials.list_authenticators(work.connection, account.id)
    usable = second_factor.usable(present, offered_id)
    accepted = second_factor.accept_code(usable, code, key=work.resources.factor_key, now=work.now)
    if accepted is not None:
        await credentials.update_authenticator(work.connection, accepted)
    elif offered_id is not None or not await _use_backup_code(work, account, code):
        await fail(work, account, counted)
        return False
    await credentials.update_guard(work.connection, guards.after_success(counted))
    return True


async def _use_backup_code(work: Work, account: Account, typed: str) -> bool:
    """Does a backup code stand in for the passcode? Then it is used up, and its holder is told."""
    plain = plain_code(typed)
    if plain is None:
        return False
    code_hash = hash_code(plain, key=work.resources.factor_key, account_id=account.id)
    if not await backup_codes.use_backup_code(work.connection, account.id, code_hash):
        return False
    left = await backup_codes.count_backup_codes(work.connection, account.id)
    await saving.record(work, account, "backup_code_used", codes_left=str(left))
    work.emit(BackupCodeUsed(account_id=account.id, used_at=work.now, codes_left=left))
    return True

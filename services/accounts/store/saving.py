"""Saving: statements that belong together, with the events that must go out in the same transaction."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.accounts.model import (
    Account,
    Credential,
    HistoryEnd,
    OneTimeToken,
    Purpose,
    Verification,
    chain_entry,
)
from services.accounts.settings import Resources
from services.accounts.store import accounts, credentials, history, tokens, verifications
from shared.database import Connection
from shared.errors import NextgenError
from shared.messages.accounts import EmailVerificationAsked
from shared.messaging.unit_of_work import UnitOfWork
from shared.sealed import Sealed, to_be_sealed

Work = UnitOfWork[Resources]
_SALT_BYTES = 16
_TOKEN_BYTES = 32
_MOST_DRAWS = 100


class NumbersExhaustedError(NextgenError):
    """No free account number was drawn: there are too many accounts for seven digits."""


def hash_token(token: str) -> bytes:
    """A token as it is kept: it has at least 256 random bits, so that one fast hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def lock_identities(connection: Connection, keys: Sequence[str]) -> None:
    """Hold several identities, always in the same order."""
    for key in sorted(keys):
        await accounts.lock_identity(connection, key)


async def lock_identified(work: Work, account_id: UUID) -> Account:
    """Hold what makes an account like others, then its row: of two like ones, one sees the other."""
    account = await accounts.get_account(work.connection, account_id)
    await lock_identities(work.connection, account.identity_keys)
    return await accounts.lock_account(work.connection, account_id)


async def add_account(work: Work, account: Account, credential: Credential, *, act: str) -> Account:
    """Add an account under a number that nobody has or had, and announce it."""
    added = await _insert_with_number(work, account)
    await credentials.insert_credential(work.connection, credential)
    await credentials.insert_guards(work.connection, added.id)
    work.emit(added.changed())
    await record(work, added, act)
    return added


async def save_account(work: Work, before: Account, after: Account) -> Account:
    """Write an account that differs; where what is announced does, under a new version and announced."""
    if before == after:
        return before
    if (before.changed(), before.contact()) != (after.changed(), after.contact()):
        after = replace(after, version=before.version + 1)
        work.emit(after.changed())
    await accounts.update_account(work.connection, after)
    return after


async def record(work: Work, account: Account, kind: str, **content: str) -> None:
    """Add an act to the account's history; the account's row is held, or new.

    Nothing is added once the account is erased: nobody is left to be shown it.
    """
    if account.erased_at is None:
        await record_for(work, account.id, kind, **content)


async def record_for(work: Work, account_id: UUID, kind: str, **content: str) -> None:
    """The same for an account that isn't erased and of which no more than its id is needed."""
    end = await history.find_end(work.connection, account_id)
    await record_after(end, work, account_id, kind, **content)


async def record_after(
    end: HistoryEnd | None, work: Work, account_id: UUID, kind: str, **content: str
) -> None:
    """The same where the end of the history was read before, since when nothing was added to it."""
    entry = chain_entry(
        end,
        account_id=account_id,
        at=work.now,
        kind=kind,
        salt=secrets.token_bytes(_SALT_BYTES),
        content=as_content(content),
    )
    await history.insert_entry(work.connection, entry)


def as_content(content: Mapping[str, str]) -> str:
    """The details of an act as its history keeps them."""
    return json.dumps(content, sort_keys=True)


async def ask_verification(work: Work, account: Account) -> None:
    """Mail a new token to the address of an account; one asked for before stops working."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    expires_at = work.now + timedelta(days=work.resources.policies.verification_days)
    await verifications.close_verifications(work.connection, account.id, work.now)
    await verifications.insert_verification(
        work.connection,
        Verification(
            token_hash=hash_token(token),
            account_id=account.id,
            email=account.email,
            created_at=work.now,
            expires_at=expires_at,
            closed_at=None,
        ),
    )
    work.emit(
        EmailVerificationAsked(
            account_id=account.id,
            recipient=recipient_at(account, account.email, expires_at),
            token=to_be_sealed(token, reader="notify", expires_at=expires_at),
        )
    )


async def issue_token(
    work: Work,
    account: Account,
    purpose: Purpose,
    *,
    email: str,
    lifetime: timedelta,
    readable_for: timedelta | None = None,
) -> Sealed:
    """Keep a new token, to be mailed by `notify`; one of the same purpose stops working, but an undoing.

    `readable_for`: how late the mail may be written, where that is longer than the token works.
    """
    if purpose != "email_undo":
        await tokens.close_tokens(work.connection, account.id, (purpose,), work.now)
    token, expires_at = secrets.token_urlsafe(_TOKEN_BYTES), work.now + lifetime
    await tokens.insert_token(
        work.connection,
        OneTimeToken(
            token_hash=hash_token(token),
            account_id=account.id,
            purpose=purpose,
            email=email,
            created_at=work.now,
            expires_at=expires_at,
            closed_at=None,
        ),
    )
    return to_be_sealed(token, reader="notify", expires_at=work.now + (readable_for or lifetime))


async def lock_token(work: Work, token: str, purpose: Purpose) -> tuple[Account, OneTimeToken] | None:
    """The account whose row is held from now on, and its usable token; None for any other.

    The token is read under the account's lock, so that of two who use it at once one finds it closed.
    """
    token_hash = hash_token(token)
    owner_id = await tokens.find_token_owner(work.connection, token_hash, purpose)
    if owner_id is None:
        return None
    account = await accounts.lock_account(work.connection, owner_id)
    found = await tokens.find_token(work.connection, token_hash)
    return (account, found) if found is not None and found.is_usable(work.now) else None


def recipient_at(account: Account, email: str, expires_at: datetime) -> Sealed:
    """Name and address, for `notify` alone: for mail to an address that is not the account's verified one."""
    recipient = json.dumps({"name": account.full_name, "email": email})
    return to_be_sealed(recipient, reader="notify", expires_at=expires_at)


async def _insert_with_number(work: Work, account: Account) -> Account:
    for _ in range(_MOST_DRAWS):
        numbered = replace(account, account_number=work.resources.draw_number())
        if await accounts.insert_account(work.connection, numbered):
            return numbered
    raise NumbersExhaustedError

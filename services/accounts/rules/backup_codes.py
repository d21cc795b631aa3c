"""Backup codes: one-time codes on paper, for whoever has lost the authenticator."""

import hmac
from uuid import UUID

from services.accounts.model import Account
from shared.messages.accounts import BackupCodesRefused
from shared.typed_codes import CODE_BYTES, code_from

CODE_COUNT = 10


def refuse_making(account: Account) -> BackupCodesRefused | None:
    """Why the account gets no backup codes, or None: they stand in for an authenticator."""
    return None if account.has_second_factor else BackupCodesRefused(reason="no_authenticator")


def codes_from(randomness: bytes) -> tuple[str, ...]:
    """As many codes as the random bytes make."""
    starts = range(0, len(randomness), CODE_BYTES)
    return tuple(code_from(randomness[start : start + CODE_BYTES]) for start in starts)


def hash_code(plain: str, *, key: bytes, account_id: UUID) -> bytes:
    """A code as it is kept: nobody who has the table but not the key can try codes against it."""
    own_key = hmac.digest(key, b"backup codes", "sha256")
    return hmac.digest(own_key, account_id.bytes + plain.encode(), "sha256")

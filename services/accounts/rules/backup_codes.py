"""Backup codes: one-time codes on paper, for whoever has lost the authenticator."""

import base64
import hmac
import unicodedata
from uuid import UUID

from services.accounts.model import Account
from shared.messages.accounts import BackupCodesRefused

CODE_COUNT = 10
CODE_BYTES = 10
_LENGTH = CODE_BYTES * 8 // 5
_GROUP = 4
_RFC_4648 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Crockford's alphabet has no I, L, O and U, so that what is misread can be told.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WRITTEN = str.maketrans(_RFC_4648, _ALPHABET)
_MISREAD = str.maketrans("ILO", "110")


def refuse_making(account: Account) -> BackupCodesRefused | None:
    """Why the account gets no backup codes, or None: they stand in for an authenticator."""
    return None if account.has_second_factor else BackupCodesRefused(reason="no_authenticator")


def codes_from(randomness: bytes) -> tuple[str, ...]:
    """As many codes as the random bytes make, as they are shown: `7QK2-9XYM-40TD-R3GV`."""
    parts = (randomness[start : start + CODE_BYTES] for start in range(0, len(randomness), CODE_BYTES))
    return tuple(_in_groups(base64.b32encode(part).decode().translate(_WRITTEN)) for part in parts)


def plain_code(typed: str) -> str | None:
    """The code that somebody typed, whatever its case, spaces and dashes; None for what can't be one."""
    bare = "".join(c for c in typed.upper() if not c.isspace() and unicodedata.category(c) != "Pd")
    plain = bare.translate(_MISREAD)
    return plain if len(plain) == _LENGTH and all(character in _ALPHABET for character in plain) else None


def hash_code(plain: str, *, key: bytes, account_id: UUID) -> bytes:
    """A code as it is kept: nobody who has the table but not the key can try codes against it."""
    own_key = hmac.digest(key, b"backup codes", "sha256")
    return hmac.digest(own_key, account_id.bytes + plain.encode(), "sha256")


def _in_groups(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))

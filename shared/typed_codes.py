"""One-time codes that people type from paper or a mail: how they are written, and how they are read."""

import base64
import unicodedata

CODE_BYTES = 10
"""80 random bits: nobody guesses one, however many are tried."""
_LENGTH = CODE_BYTES * 8 // 5
_GROUP = 4
_RFC_4648 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Crockford's alphabet has no I, L, O and U, so that what is misread can be told.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WRITTEN = str.maketrans(_RFC_4648, _ALPHABET)
_MISREAD = str.maketrans("ILO", "110")


def code_from(randomness: bytes) -> str:
    """The code that so many random bytes make, as it is shown: `7QK2-9XYM-40TD-R3GV`."""
    code = base64.b32encode(randomness).decode().translate(_WRITTEN)
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def plain_code(typed: str) -> str | None:
    """The code that somebody typed, whatever its case, spaces and dashes; None for what can't be one."""
    bare = "".join(c for c in typed.upper() if not c.isspace() and unicodedata.category(c) != "Pd")
    plain = bare.translate(_MISREAD)
    return plain if len(plain) == _LENGTH and all(character in _ALPHABET for character in plain) else None

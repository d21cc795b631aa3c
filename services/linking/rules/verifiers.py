"""Decides which password verifiers of a court may be taken over."""

import base64
import binascii
import re

HEX_DIGITS = {"sha256": 64, "sha1": 40, "md5": 32}
LEAST_MEMORY_KIB, MOST_MEMORY_KIB = 19 * 1024, 128 * 1024
LEAST_TIME, MOST_TIME = 2, 10
MOST_LANES = 8
LEAST_SALT_BYTES, LEAST_HASH_BYTES, MOST_BYTES = 8, 16, 64
_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)


def problem_of_verifier(text: str) -> str | None:
    """Why a verifier can't be taken, or None. The answer holds nothing of it."""
    if text.startswith("$argon2"):
        return _problem_of_phc(text)
    scheme, dollar, digits = text.partition("$")
    if not dollar or scheme not in HEX_DIGITS:
        return f"begins with none of {', '.join(f'{known}$' for known in HEX_DIGITS)}, $argon2id$"
    if len(digits) != HEX_DIGITS[scheme] or not _HEX.fullmatch(digits):
        return f"has not {HEX_DIGITS[scheme]} hexadecimal digits after {scheme}$"
    return None


def _problem_of_phc(text: str) -> str | None:
    if (parts := _PHC.fullmatch(text)) is None:
        return "is not a complete argon2id string of version 19"
    memory_kib, time, lanes = (int(parts[index]) for index in (1, 2, 3))
    has_usual_lengths = (
        LEAST_SALT_BYTES <= _byte_count(parts[4]) <= MOST_BYTES
        and LEAST_HASH_BYTES <= _byte_count(parts[5]) <= MOST_BYTES
    )
    if not has_usual_lengths or lanes < 1:
        return "is not a complete argon2id string of version 19"
    if memory_kib < LEAST_MEMORY_KIB or time < LEAST_TIME:
        return f"is weaker than argon2id with m={LEAST_MEMORY_KIB},t={LEAST_TIME}"
    if memory_kib > MOST_MEMORY_KIB or time > MOST_TIME or lanes > MOST_LANES:
        return f"costs more than argon2id with m={MOST_MEMORY_KIB},t={MOST_TIME},p={MOST_LANES}"
    return None


def _byte_count(unpadded_base64: str) -> int:
    """How many bytes it stands for; 0 if it isn't what an encoder makes of any."""
    try:
        found = base64.b64decode(unpadded_base64 + "=" * (-len(unpadded_base64) % 4), validate=True)
    except binascii.Error:
        return 0
    return len(found) if base64.b64encode(found).decode().rstrip("=") == unpadded_base64 else 0

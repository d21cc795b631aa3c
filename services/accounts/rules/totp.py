"""One-time passcodes (RFC 6238: SHA-1, 30 seconds, 6 digits) and the encryption of their secrets."""

import base64
import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
NONCE_BYTES = 12
_TOLERATED_STEPS = 1


def passcode(secret: bytes, step: int) -> str:
    """The code of one step (RFC 4226, section 5.3)."""
    # RFC 6238 names SHA-1, and authenticators know nothing else; HMAC does not need it to resist collisions.
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_at(now: datetime) -> int:
    """The number of the step that an instant is in."""
    return int(now.timestamp()) // STEP_SECONDS


def accepted_step(secret: bytes, code: str, now: datetime, last_step: int) -> int | None:
    """The step whose code this is: the present one or a neighbour, and later than the last one accepted."""
    typed = "".join(code.split())
    present = step_at(now)
    for step in range(present - _TOLERATED_STEPS, present + _TOLERATED_STEPS + 1):
        is_it = hmac.compare_digest(passcode(secret, step).encode(), typed.encode("utf-8", "replace"))
        if is_it and step > last_step:
            return step
    return None


def as_base32(secret: bytes) -> str:
    """As authenticators take it."""
    return base64.b32encode(secret).decode().rstrip("=")


def encrypt_secret(secret: bytes, *, key: bytes, nonce: bytes, row_id: UUID, account_id: UUID) -> bytes:
    """The secret as it rests: AES-256-GCM, bound to its row and account; `nonce` never repeats."""
    return nonce + AESGCM(key).encrypt(nonce, secret, row_id.bytes + account_id.bytes)


def decrypt_secret(kept: bytes, *, key: bytes, row_id: UUID, account_id: UUID) -> bytes:
    """The secret of this row. Raises InvalidTag if it was altered or moved."""
    nonce, ciphertext = kept[:NONCE_BYTES], kept[NONCE_BYTES:]
    return AESGCM(key).decrypt(nonce, ciphertext, row_id.bytes + account_id.bytes)

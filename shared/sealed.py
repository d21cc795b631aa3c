"""Secrets in messages: encrypted by the sender to the one service that reads them.

X25519 with a fresh key each time, HKDF-SHA-256, AES-256-GCM; the message id and the field's name are
authenticated with it, so that a sealed value can't be moved into another message or field.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import cast
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import SealError
from shared.messages.base import FROM_THE_EDGE, Message

_NONCE = bytes(12)  # each key encrypts one value, so a constant nonce repeats under no key


class Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A secret as it travels and rests: readable by one service, until it expires."""

    reader: str
    public_key: bytes
    ciphertext: bytes
    expires_at: datetime


class Unsealed:
    """A secret in memory, on its way to being sealed; it can't be encoded and doesn't print its text."""

    __slots__ = ("expires_at", "reader", "text")

    def __init__(self, text: str, reader: str, expires_at: datetime) -> None:
        self.text, self.reader, self.expires_at = text, reader, expires_at

    def __repr__(self) -> str:
        return f"Unsealed(for {self.reader})"


def to_be_sealed(text: str, *, reader: str, expires_at: datetime) -> Sealed:
    """Put a secret into a message that is not sent yet; it is sealed when the message gets its id.

    `reader` is the service that may open it. The value stands in for a `Sealed` until then; encoding a
    message that still holds one is an error.
    """
    return cast(Sealed, Unsealed(text, reader, expires_at))


class Seals:
    """Seals for any service whose public key is known, and opens what is sealed for this one."""

    def __init__(
        self, private_key: X25519PrivateKey | None, public_keys: Mapping[str, X25519PublicKey]
    ) -> None:
        self._private_key = private_key
        self._public_keys = public_keys
        raw = private_key.private_bytes_raw() if private_key else os.urandom(32)
        self._digest_key = HKDF(SHA256(), 32, salt=None, info=b"digest of sealed fields").derive(raw)

    def seal_fields(self, message: Message, message_id: UUID) -> Message:
        """The message as it may travel under this id, with each secret in it sealed to its reader."""
        sealed = {
            field: self._seal(value, message_id, field)
            for field in message.__struct_fields__
            if isinstance(value := getattr(message, field), Unsealed)
        }
        return message.with_changes(**sealed) if sealed else message

    def open(self, message: Message, message_id: UUID, field: str, now: datetime) -> str:
        """The secret in a field of a message that came under this id.

        Raises SealError if it is expired, was made for another reader, message or field, or was altered.
        """
        return self.open_value(getattr(message, field), message_id, field, now)

    def open_value(self, sealed: Sealed, message_id: UUID, field: str, now: datetime) -> str:
        """The secret in a sealed value that was kept apart from its message; raises as `open` does."""
        if now >= sealed.expires_at:
            raise SealError(f"{field} is expired")
        try:
            return self._open(sealed, message_id, field).decode()
        except UnicodeDecodeError:  # lone surrogates are no UTF-8; the error would hold the secret
            raise SealError(f"{field} is not text") from None

    def digest(self, message: Message, message_id: UUID, asker: str) -> bytes:
        """SHA-256 over who asks and the body, each sealed field replaced by a keyed digest of its text.

        The same request sealed twice has two ciphertexts but one digest, and the digest of a short secret
        can't be guessed without this service's key. Where it came from isn't part of it: whoever asks again
        over another network asks for the same.
        """
        plain = {
            field: hmac.digest(self._digest_key, self._open(value, message_id, field), "sha256").hex()
            for field, value in sealed_fields(message)
        }
        said = said_by(_as_asked(message))
        return hashlib.sha256(msgspec.json.encode([asker, message.message_name(), said, plain])).digest()

    def _seal(self, secret: Unsealed, message_id: UUID, field: str) -> Sealed:
        one_time_key = X25519PrivateKey.generate()
        key = _derive(one_time_key.exchange(self._public_keys[secret.reader]), secret.reader)
        return Sealed(
            reader=secret.reader,
            public_key=one_time_key.public_key().public_bytes_raw(),
            ciphertext=AESGCM(key).encrypt(
                _NONCE, secret.text.encode(), _bound_to(message_id, field, secret)
            ),
            expires_at=secret.expires_at,
        )

    def _open(self, sealed: Sealed, message_id: UUID, field: str) -> bytes:
        if self._private_key is None:
            raise SealError("this process opens nothing")
        try:
            sender_key = X25519PublicKey.from_public_bytes(sealed.public_key)
            key = _derive(self._private_key.exchange(sender_key), sealed.reader)
            return AESGCM(key).decrypt(_NONCE, sealed.ciphertext, _bound_to(message_id, field, sealed))
        except (InvalidTag, ValueError) as error:
            raise SealError(f"{field} was not sealed for this reader, message and field") from error


def sealed_fields(message: Message) -> Iterator[tuple[str, Sealed]]:
    """The sealed fields of a message, by name."""
    for field in message.__struct_fields__:
        if isinstance(value := getattr(message, field), Sealed):
            yield field, value


def without_secrets(outcome: Message) -> Message:
    """The outcome as it may be kept: a secret that was shown once is gone, and the outcome says so."""
    secret = [field for field, _ in sealed_fields(outcome)]
    secret += [f for f in outcome.__struct_fields__ if isinstance(getattr(outcome, f), Unsealed)]
    if not secret:
        return outcome
    return outcome.with_changes(**dict.fromkeys(secret), secret_shown_once=True)


def said_by(value: object) -> object:
    """What a value says, without the fields that say their default: one added later changes no digest."""
    if isinstance(value, msgspec.Struct):
        defaults = _defaults_of(type(value))
        found = ((field, getattr(value, field)) for field in value.__struct_fields__)
        return {
            field: said_by(each) for field, each in found if field not in defaults or each != defaults[field]
        }
    if isinstance(value, list | tuple):
        return [said_by(each) for each in value]
    if isinstance(value, dict):
        return {key: said_by(each) for key, each in value.items()}
    return value


@cache
def _defaults_of(kind: type[msgspec.Struct]) -> dict[str, object]:
    found = {}
    for field in msgspec.structs.fields(kind):
        if field.default is not msgspec.NODEFAULT:
            found[field.name] = field.default
        elif field.default_factory is not msgspec.NODEFAULT:
            found[field.name] = field.default_factory()
    return found


def _as_asked(message: Message) -> Message:
    unsaid = [field for field, _ in sealed_fields(message)]
    unsaid += {FROM_THE_EDGE}.intersection(message.__struct_fields__)
    return message.with_changes(**dict.fromkeys(unsaid))


def _bound_to(message_id: UUID, field: str, secret: Sealed | Unsealed) -> bytes:
    return b"|".join((message_id.bytes, field.encode(), secret.expires_at.isoformat().encode()))


def _derive(shared_secret: bytes, reader: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"sealed field for " + reader.encode()).derive(shared_secret)

"""Password verifiers as files bring them: which forms are known, and what of one is wrapped in argon2id.

A fast hash is as good as the password to who finds it, so that of one only the digest goes on, into argon2id,
and the recipe by which the digest is made of a password. A salt comes before the password, as UTF-8.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field

from shared.errors import NextgenError

HEX_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
PBKDF2 = "pbkdf2_sha256"
LONGEST_SALT = 64
MOST_ITERATIONS = 1_000_000
LEAST_SALT_BYTES, LEAST_HASH_BYTES, MOST_BYTES = 8, 16, 64
_PBKDF2_BYTES = 32
_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_SALT = re.compile(r"[!-#%-~]{1,64}", re.ASCII)
_ITERATIONS = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)


class VerifierError(NextgenError):
    """A verifier that can't be taken; `problem` says why and holds nothing of it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2id:
    """A complete argon2id string (PHC), which is kept as it is, and what checking it costs."""

    phc: str = field(repr=False)
    memory_kib: int
    passes: int
    lanes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest that must not rest as it is, in lower-case hex, and the recipe that makes it of a password.

    A recipe is the beginning of the verifier: `sha1`, `sha1$salt`, `pbkdf2_sha256$20000$salt`.
    """

    recipe: str
    hexadecimal: str = field(repr=False)

    @property
    def is_salted(self) -> bool:
        """Does the recipe hold a salt?"""
        return "$" in self.recipe

    @property
    def is_of_nothing(self) -> bool:
        """Is it the digest of an empty password? Not looked at where looking takes long."""
        return not self.recipe.startswith(PBKDF2) and digest_of(self.recipe, b"") == self.hexadecimal


def read_verifier(text: str) -> Argon2id | Digest:
    """What a tagged verifier is. Raises VerifierError."""
    if text.startswith("$argon2"):
        return _read_phc(text)
    tag, dollar, rest = text.partition("$")
    if not dollar or tag not in (*HEX_DIGITS, PBKDF2):
        tags = ", ".join(f"{known}$" for known in (*HEX_DIGITS, PBKDF2, "$argon2id"))
        raise VerifierError(f"begins with none of {tags}")
    return _read_pbkdf2(rest) if tag == PBKDF2 else _read_fast(tag, rest)


def digest_of(recipe: str, password: bytes) -> str:
    """The digest that a recipe makes of a password, in lower-case hex; one with many rounds takes long."""
    tag, *rest = recipe.split("$")
    if tag == PBKDF2:
        iterations, salt = rest
        return hashlib.pbkdf2_hmac("sha256", password, salt.encode(), int(iterations)).hex()
    return hashlib.new(tag, "".join(rest).encode() + password, usedforsecurity=False).hexdigest()


def _read_fast(tag: str, rest: str) -> Digest:
    salt, dollar, digits = rest.rpartition("$")
    if len(digits) != HEX_DIGITS[tag] or not _HEX.fullmatch(digits):
        raise VerifierError(f"has not {HEX_DIGITS[tag]} hexadecimal digits after {tag}$")
    if dollar and not _SALT.fullmatch(salt):
        raise VerifierError("has a salt that isn't 1 to 64 plain characters")
    return Digest(recipe=f"{tag}${salt}" if dollar else tag, hexadecimal=digits.lower())


def _read_pbkdf2(rest: str) -> Digest:
    parts = rest.split("$")
    if len(parts) != len(("iterations", "salt", "hash")):
        raise VerifierError(f"is not {PBKDF2}$iterations$salt$hash")
    iterations, salt, encoded = parts
    if not _ITERATIONS.fullmatch(iterations) or int(iterations) > MOST_ITERATIONS:
        raise VerifierError(f"has not 1 to {MOST_ITERATIONS} iterations")
    if not _SALT.fullmatch(salt):
        raise VerifierError("has a salt that isn't 1 to 64 plain characters")
    found = _decoded(encoded.rstrip("="))
    if len(found) != _PBKDF2_BYTES:
        raise VerifierError(f"has not the base64 of {_PBKDF2_BYTES} bytes at its end")
    return Digest(recipe=f"{PBKDF2}${iterations}${salt}", hexadecimal=found.hex())


def _read_phc(text: str) -> Argon2id:
    parts = _PHC.fullmatch(text)
    if parts is None:
        raise VerifierError("is not a complete argon2id string of version 19")
    memory_kib, passes, lanes = (int(parts[index]) for index in (1, 2, 3))
    has_usual_lengths = (
        LEAST_SALT_BYTES <= len(_decoded(parts[4])) <= MOST_BYTES
        and LEAST_HASH_BYTES <= len(_decoded(parts[5])) <= MOST_BYTES
    )
    if not has_usual_lengths or lanes < 1 or passes < 1 or memory_kib < 8 * lanes:
        raise VerifierError("is not a complete argon2id string of version 19")
    return Argon2id(phc=text, memory_kib=memory_kib, passes=passes, lanes=lanes)


def _decoded(unpadded_base64: str) -> bytes:
    """What it stands for; nothing if it isn't what an encoder makes of anything."""
    try:
        found = base64.b64decode(unpadded_base64 + "=" * (-len(unpadded_base64) % 4), validate=True)
    except ValueError:
        return b""
    return found if base64.b64encode(found).decode().rstrip("=") == unpadded_base64 else b""

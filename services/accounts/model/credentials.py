"""Credentials: the password's verifier, the guards that count failures, the authenticators, who needs one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

GuardKind = Literal["password", "passcode"]
Scheme = Literal["argon2id", "argon2id_of_sha256", "argon2id_of_digest"]
"""What a verifier is made of: the password, or, for one taken over, the hex of a digest of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The verifier of an account's password: a PHC string, and what was hashed into it.

    `recipe` says how a digest was made of the password before, as `shared.verifiers` writes it.
    """

    account_id: UUID
    scheme: Scheme
    password_hash: str
    changed_at: datetime
    recipe: str = ""

    def __repr__(self) -> str:
        return f"Credential({self.account_id}, {self.scheme})"

    @property
    def digest_recipe(self) -> str:
        """How a digest is made of the password first; empty where the password itself was hashed."""
        return "sha256" if self.scheme == "argon2id_of_sha256" else self.recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What stands between an account and guessing: the recent attempts that did not succeed, and the lock.

    An attempt is among `attempts` from before it is checked until it succeeds, so that those under way at
    the same time count too.
    """

    account_id: UUID
    kind: GuardKind
    attempts: tuple[datetime, ...] = ()
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """A device or program that makes passcodes. `secret` is encrypted, bound to this row.

    `last_step` is the last 30-second step whose code was accepted; only a later one is accepted again.
    """

    id: UUID
    account_id: UUID
    name: str
    name_key: str
    secret: bytes
    last_step: int
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What an account is used for that asks for a second factor."""

    is_filer: bool = False
    has_role: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What is looked at before somebody is let in whose password was right; the guard is held."""

    guard: Guard
    credential: Credential
    duties: Duties
    is_strangers_reset_open: bool

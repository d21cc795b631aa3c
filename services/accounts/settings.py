"""Settings of `accounts`, and what its handlers and checks work with beside the database."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.bounded_threads import BoundedThreads
from shared.errors import SettingsError
from shared.objects import Objects, open_objects
from shared.policies import AccountPolicies, Policies
from shared.settings import ServiceSettings

LEAST_MEMORY_KIB, LEAST_PASSES = 19 * 1024, 2
COMMON_PASSWORDS = Path(__file__).with_name("data") / "common_passwords.txt"
Positive = Annotated[int, msgspec.Meta(ge=1)]
DrawNumber = Callable[[], str]
"""Answers an account number at random; it may be one that is taken."""


class Settings(ServiceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read from `NEXTGEN_ACCOUNTS_...`; each hashing thread takes `password_memory_kib` while it works.

    There are more workers than can wait for a hashing thread: so a flood of sign-ins is told that it is too
    much, and sessions are resolved meanwhile.

    `signing_key` is the hex of the Ed25519 private key that signs assertions, `signing_key_id` the name under
    which its public key is in every service's file; `factor_key` is the hex of the 32 bytes that encrypt the
    authenticators' secrets.
    """

    signing_key: str
    signing_key_id: str
    factor_key: str
    password_memory_kib: Annotated[int, msgspec.Meta(ge=8)] = LEAST_MEMORY_KIB
    password_passes: Positive = LEAST_PASSES
    hashing_threads: Positive = 2
    hashing_waiting_limit: Positive = 10
    query_worker_count: int = 40

    def __post_init__(self) -> None:
        if self.query_worker_count <= self.hashing_threads + self.hashing_waiting_limit:
            raise ValueError(
                "query_worker_count must be above hashing_threads and hashing_waiting_limit together"
            )

    def refuse_in_production(self) -> None:
        """Raises SettingsError for hashing below what is advised (OWASP, password storage: argon2id)."""
        if self.password_memory_kib < LEAST_MEMORY_KIB or self.password_passes < LEAST_PASSES:
            raise SettingsError(
                f"passwords are hashed with password_memory_kib={LEAST_MEMORY_KIB} and "
                f"password_passes={LEAST_PASSES} at least, where NEXTGEN_ENVIRONMENT is production"
            )


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What the service made at its start; it prints no key.

    `decoy_hash` is what an unknown user's password is compared with, so that it takes the same work.
    """

    policies: AccountPolicies
    hashing: BoundedThreads
    hasher: PasswordHasher
    decoy_hash: str
    common_passwords: frozenset[str]
    signing_key: Ed25519PrivateKey
    signing_key_id: str
    factor_key: bytes
    draw_number: DrawNumber
    objects: Objects

    def __repr__(self) -> str:
        return f"Resources(signing_key_id={self.signing_key_id!r})"


@asynccontextmanager
async def open_resources(settings: Settings, policies: Policies) -> AsyncIterator[Resources]:
    """The resources, for as long as the service runs. Raises SettingsError for a key that isn't one."""
    hasher = PasswordHasher(
        time_cost=settings.password_passes, memory_cost=settings.password_memory_kib, parallelism=1
    )
    with BoundedThreads(
        "hashing", thread_count=settings.hashing_threads, waiting_limit=settings.hashing_waiting_limit
    ) as hashing:
        yield Resources(
            policies=policies.accounts,
            hashing=hashing,
            hasher=hasher,
            decoy_hash=await hashing.run(lambda: hasher.hash(secrets.token_bytes(32))),
            common_passwords=read_common_passwords(),
            signing_key=Ed25519PrivateKey.from_private_bytes(_key_from(settings.signing_key, "signing_key")),
            signing_key_id=settings.signing_key_id,
            factor_key=_key_from(settings.factor_key, "factor_key"),
            draw_number=draw_number,
            objects=open_objects(settings.objects_url),
        )


def draw_number() -> str:
    """Seven digits at random; the first is no zero, so that no spreadsheet shortens it."""
    return str(1_000_000 + secrets.randbelow(9_000_000))


def read_common_passwords(path: Path = COMMON_PASSWORDS) -> frozenset[str]:
    """The shipped list, one entry a line, in lower case."""
    return frozenset(path.read_text().split())


def _key_from(text: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingsError(f"{name} is not the hex of 32 bytes")
    return key

"""Passwords: hashing and comparing them in bounded threads, never in the event loop."""

import hashlib
from functools import partial

from argon2.exceptions import InvalidHashError, VerificationError

from services.accounts.model import Credential
from services.accounts.settings import Resources


async def hash_password(resources: Resources, password: str) -> str:
    """The PHC string of a normalised password. Raises BusyError when too many wait already."""
    return await resources.hashing.run(partial(resources.hasher.hash, password.encode()))


async def wrap_verifier(resources: Resources, digest: str) -> str:
    """The PHC string of a fast hash that was taken over, given as hex, so that it doesn't rest as it is."""
    return await resources.hashing.run_patiently(partial(resources.hasher.hash, digest.lower().encode()))


async def is_password(resources: Resources, credential: Credential | None, password: str) -> bool:
    """Is this the password? Without a credential the answer is no, after the same work.

    Raises BusyError when too many wait already.
    """
    return await resources.hashing.run(partial(_compare, resources, credential, password))


async def rehash(resources: Resources, credential: Credential | None, password: str) -> str | None:
    """A better verifier of a right password: taken over, or of lower parameters than today's; else None."""
    if credential is None:
        return None
    is_taken_over = credential.scheme != "argon2id"
    if is_taken_over or resources.hasher.check_needs_rehash(credential.password_hash):
        return await hash_password(resources, password)
    return None


def _compare(resources: Resources, credential: Credential | None, password: str) -> bool:
    if credential is None:
        _is_match(resources, resources.decoy_hash, password.encode())
        return False
    given = password.encode()
    if credential.scheme == "argon2id_of_sha256":
        given = hashlib.sha256(given).hexdigest().encode()
    return _is_match(resources, credential.password_hash, given)


def _is_match(resources: Resources, password_hash: str, given: bytes) -> bool:
    try:
        return resources.hasher.verify(password_hash, given)
    except (VerificationError, InvalidHashError):
        return False

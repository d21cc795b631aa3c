"""Passwords: hashing and comparing them in bounded threads, never in the event loop."""

from functools import partial

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from services.accounts.model import Credential
from services.accounts.settings import Resources
from shared.bounded_threads import Place
from shared.verifiers import Digest, digest_of


async def hash_password(resources: Resources, password: str) -> str:
    """The PHC string of a normalised password. Raises BusyError when too many wait already."""
    return await resources.hashing.run(partial(resources.hasher.hash, password.encode()))


async def wrap_digest(resources: Resources, digest: Digest) -> str:
    """The PHC string of a digest that was taken over, so that it doesn't rest as it is."""
    hexadecimal = digest.hexadecimal.encode()
    return await resources.hashing.run_patiently(partial(resources.hasher.hash, hexadecimal))


async def is_password(
    resources: Resources, credential: Credential | None, password: str, *, place: Place | None = None
) -> bool:
    """Is this the password? Without a credential, or a password, the answer is no, after the same work.

    Raises BusyError when too many wait already, for who has no place in line.
    """
    return await (place or resources.hashing).run(partial(_compare, resources, credential, password))


def is_outdated(resources: Resources, credential: Credential) -> bool:
    """Was the verifier made of a digest that was taken over, or with a parameter lower than today's?"""
    if credential.scheme != "argon2id":
        return True
    kept = extract_parameters(credential.password_hash)
    return kept.memory_cost < resources.hasher.memory_cost or kept.time_cost < resources.hasher.time_cost


def _compare(resources: Resources, credential: Credential | None, password: str) -> bool:
    given = password.encode()
    if credential is None or not given:
        _is_match(resources, resources.decoy_hash, given)
        return False
    if credential.digest_recipe:
        given = digest_of(credential.digest_recipe, given).encode()
    return _is_match(resources, credential.password_hash, given)


def _is_match(resources: Resources, password_hash: str, given: bytes) -> bool:
    try:
        return resources.hasher.verify(password_hash, given)
    except (VerificationError, InvalidHashError):
        return False

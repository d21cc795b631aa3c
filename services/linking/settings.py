"""Settings of `linking`, and what its handlers and checks work with beside the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.bounded_threads import BoundedThreads
from shared.objects import Objects, objects_in_memory, open_objects
from shared.policies import Policies
from shared.settings import ServiceSettings

Positive = Annotated[int, msgspec.Meta(ge=1)]
ROSTER_LOADS = 4
"""So many pieces of rosters at once, of the eight queries and checks that a service works on."""


class Settings(ServiceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read from `NEXTGEN_LINKING_...`; each hashing thread takes 19 MiB while it checks a password."""

    hashing_threads: Positive = 2
    hashing_waiting_limit: Positive = 64


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What the service made at its start.

    `digest_key` makes the keyed digests of verifiers and throttled logins: with the tables alone nobody can
    guess what they were made of.
    """

    policies: Policies
    hashing: BoundedThreads
    digest_key: bytes
    objects: Objects = field(default_factory=objects_in_memory)
    roster_loads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ROSTER_LOADS))


@asynccontextmanager
async def open_resources(settings: Settings, policies: Policies) -> AsyncIterator[Resources]:
    """The resources, for as long as the service runs.

    After a change of the sealing key each verifier counts as changed once, when its roster is loaded again.
    """
    with BoundedThreads(
        "hashing", thread_count=settings.hashing_threads, waiting_limit=settings.hashing_waiting_limit
    ) as hashing:
        yield Resources(
            policies=policies,
            hashing=hashing,
            digest_key=digest_key_from(settings.sealing_key),
            objects=open_objects(settings.objects_url),
        )


def digest_key_from(sealing_key: str) -> bytes:
    """The key of the digests, derived from the hex of the service's sealing key."""
    return HKDF(SHA256(), 32, salt=None, info=b"digests of linking").derive(bytes.fromhex(sealing_key))

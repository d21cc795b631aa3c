"""What billing reads at its start, and what its handlers, checks and jobs work with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from shared.messaging.leases import LEASE_SECONDS
from shared.objects import Objects, objects_in_memory, open_objects
from shared.policies import Policies
from shared.settings import ServiceSettings
from shared.spawned_processes import SpawnedProcesses

CHUNK_PAYERS = 200
RENDERING_PROCESSES = 2


class Settings(ServiceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read from `NEXTGEN_PAA_BILLING_...`.

    A close does `close_chunk_payers` payers in one transaction; each of the `rendering_processes` that make
    PDFs takes about 180 MB once it is needed.
    """

    close_chunk_payers: Annotated[int, msgspec.Meta(ge=1, le=1000)] = CHUNK_PAYERS
    rendering_processes: Annotated[int, msgspec.Meta(ge=1, le=64)] = RENDERING_PROCESSES


def _one_process() -> SpawnedProcesses:
    return SpawnedProcesses(1)


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What the service made at its start; what isn't given lives as long as this process."""

    policies: Policies
    objects: Objects = field(default_factory=objects_in_memory)
    processes: SpawnedProcesses = field(default_factory=_one_process)
    close_chunk_payers: int = CHUNK_PAYERS
    lease_seconds: float = LEASE_SECONDS


@asynccontextmanager
async def open_resources(settings: Settings, policies: Policies) -> AsyncIterator[Resources]:
    """Make what the handlers need, for as long as the service runs."""
    with SpawnedProcesses(settings.rendering_processes) as processes:
        yield Resources(
            policies=policies,
            objects=open_objects(settings.objects_url),
            processes=processes,
            close_chunk_payers=settings.close_chunk_payers,
        )

"""Bare hashing: what the cores give if they do nothing but compare passwords, as the service hashes."""

import asyncio
import time
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor

import msgspec
from argon2 import PasswordHasher

from benchmarks.people import PASSWORD
from benchmarks.report import Figures, percentile
from services.accounts.settings import Settings

SETTINGS = {field.name: field.default for field in msgspec.structs.fields(Settings)}
"""What `accounts` hashes with unless it is told otherwise."""


def usual_hasher() -> PasswordHasher:
    """argon2-cffi with the service's own parameters."""
    return PasswordHasher(
        time_cost=SETTINGS["password_passes"], memory_cost=SETTINGS["password_memory_kib"], parallelism=1
    )


async def hash_for(hasher: PasswordHasher, seconds: float) -> Figures:
    """argon2-cffi alone, in as many threads as the service hashes with."""
    kept = hasher.hash(PASSWORD)
    end = time.perf_counter() + seconds

    def go_on() -> list[float]:
        samples = []
        while (began := time.perf_counter()) < end:
            hasher.verify(kept, PASSWORD)
            samples.append((time.perf_counter() - began) * 1000)
        return samples

    began, loop = time.perf_counter(), asyncio.get_running_loop()
    with ThreadPoolExecutor(SETTINGS["hashing_threads"]) as threads:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_until_done(loop.run_in_executor(threads, go_on)))
                for _ in range(SETTINGS["hashing_threads"])
            ]
    samples = [each for task in tasks for each in task.result()]
    return {"per_second": len(samples) / (time.perf_counter() - began), "p99_ms": percentile(samples, 99)}


async def _until_done(work: Awaitable[list[float]]) -> list[float]:
    return await work

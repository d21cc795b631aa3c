"""`wrk`, which asks by HTTP and counts: what it is told, and what it tells."""

import asyncio
import shutil
from pathlib import Path

import msgspec

from benchmarks.installation import BenchmarkError
from benchmarks.report import Figures

ANSWER_SECONDS = 30


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What `wrk` counted: answers by what they said, and how long they took."""

    given: int
    busy: int
    other: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def figures(self) -> Figures:
        """What is shown of it."""
        return {"p50_ms": self.p50_ms, "p99_ms": self.p99_ms, "per_second": self.given / self.seconds}


def must_be_there() -> None:
    """Raise BenchmarkError if `wrk` isn't installed."""
    if shutil.which("wrk") is None:
        raise BenchmarkError("wrk is needed: apt-get install wrk")


async def ask(address: str, script: str, *arguments: object, connections: int, seconds: int) -> Outcomes:
    """Ask for so long by a script of this folder. Raises BenchmarkError for any answer not asked for."""
    process = await asyncio.create_subprocess_exec(
        "wrk",
        *("--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"),
        *("--timeout", f"{ANSWER_SECONDS}s", "--script", str(Path(__file__).with_name(script)), address),
        *("--", *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(f"wrk ended with {process.returncode}")
    return read_outcomes(output)


def read_outcomes(output: bytes) -> Outcomes:
    """What is on the last line. Raises BenchmarkError if any answer was not what was asked for, nor busy."""
    counted = msgspec.json.decode(output.splitlines()[-1], type=Outcomes)
    if counted.other:
        raise BenchmarkError(f"neither what was asked for nor busy: {counted}")
    return counted

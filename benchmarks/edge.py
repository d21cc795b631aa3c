"""Signing in through the PACER Authentication API beside bare hashing, by `wrk` on the loopback address."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
from argon2 import PasswordHasher

from benchmarks.hashing import hash_for, usual_hasher
from benchmarks.installation import BenchmarkError, open_installation, read_conditions, running
from benchmarks.people import PASSWORD, settle_holders
from benchmarks.report import Comparison, Figures, Goal, Report, compare, main
from benchmarks.sign_in import SIGN_IN_CALLERS, service_without_limit
from deploy.local.ports import choose
from deploy.tool.stories import EDGE, Story, web_address
from shared.database import open_pool
from shared.messaging.topology import SERVICES

OWNER = "accounts"
ROUNDS, SECONDS = 5, 4
HOLDERS = 64
SIGN_IN_GOAL = Goal(bound=0.75, is_upper=False)
SCRIPT = Path(__file__).with_name("cso.lua")
START_SECONDS = 30


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What `wrk` counted: answers by what they said, and how long they took."""

    let_in: int
    busy: int
    other: int
    seconds: float
    p50_ms: float
    p99_ms: float


async def measure(rounds: int = ROUNDS, seconds: int = SECONDS) -> Report:
    """Measure ours and bare hashing in turns."""
    if shutil.which("wrk") is None:
        raise BenchmarkError("wrk is needed: apt-get install wrk")
    hasher = usual_hasher()
    async with open_installation({OWNER: "SELECT 1"}) as story:
        conditions = await read_conditions(story, OWNER)
        pool = await open_pool(story.database_url(OWNER), size=4, name="benchmark")
        await settle_holders(pool, HOLDERS, hasher)
        pool.terminate()
        async with _open_edge(story) as address:
            comparison = await _compare_sign_ins(address, hasher, rounds, seconds)
    return Report(benchmark="edge", conditions=conditions, comparisons=(comparison,))


async def _compare_sign_ins(address: str, hasher: PasswordHasher, rounds: int, seconds: int) -> Comparison:
    ours: list[Figures] = []
    bare: list[Figures] = []
    for place in range(rounds):
        for side in (ours, bare) if place % 2 == 0 else (bare, ours):
            side.append(await (_sign_in_for(address, seconds) if side is ours else hash_for(hasher, seconds)))
    case = f"sign-ins through cso-auth by {SIGN_IN_CALLERS} callers"
    return compare(case, ours, bare, beside="bare hashing", compared="per_second", goal=SIGN_IN_GOAL)


async def _sign_in_for(address: str, seconds: int) -> Figures:
    """As many sign-ins as `wrk` gets out of the edge; who came while the line was full came in vain."""
    wrk = await asyncio.create_subprocess_exec(
        "wrk",
        *("--threads", "1", "--connections", str(SIGN_IN_CALLERS), "--duration", f"{seconds}s"),
        *("--timeout", f"{START_SECONDS}s", "--script", str(SCRIPT), address),
        *("--", PASSWORD, str(HOLDERS)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await wrk.communicate()
    if wrk.returncode != 0:
        raise BenchmarkError(f"wrk ended with {wrk.returncode}")
    counted = msgspec.json.decode(output.splitlines()[-1], type=Outcomes)
    if counted.other:
        raise BenchmarkError(f"neither in nor busy: {counted}")
    return {"per_second": counted.let_in / counted.seconds, "p99_ms": counted.p99_ms}


@asynccontextmanager
async def _open_edge(story: Story) -> AsyncIterator[str]:
    """The service and the edge, each in a process of its own; answers the edge's address."""
    web_port = choose(story.folder / "web.port", ("web",))["web"]
    ports = {**dict.fromkeys((*SERVICES, EDGE, "mail"), 0), "web": web_port}
    own = story.environment(EDGE, ports)
    environment = {name: value for name, value in own.items() if not name.endswith("_HEALTH_PORT")}
    async with (
        running("services.accounts", story, service_without_limit(story)),
        running("services.portal", story, environment),
    ):
        await _wait_until_answered(web_address(ports))
        yield web_address(ports)


async def _wait_until_answered(address: str) -> None:
    """Until a sign-in is answered; who asks before both are there waits or is told to come again."""
    said = {"loginId": "holder.00000", "password": PASSWORD, "redactFlag": "1"}
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(base_url=address, trust_env=False) as client:
        while True:
            try:
                answer = await client.post("/services/cso-auth", json=said, timeout=START_SECONDS)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == httpx.codes.OK:
                return


if __name__ == "__main__":
    main(measure, __doc__)

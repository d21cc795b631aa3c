"""The edge by `wrk` on the loopback address: signing in for programs beside bare hashing, and a page."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from argon2 import PasswordHasher

from benchmarks import wrk
from benchmarks.edge_pages import answered_once_there, compare_pages, open_sides
from benchmarks.filers import settle_filers
from benchmarks.hashing import hash_for, usual_hasher
from benchmarks.installation import open_installation, read_conditions, running, service_environment
from benchmarks.people import PASSWORD, Holder, settle_holders
from benchmarks.report import Comparison, Figures, Goal, Report, compare, main
from benchmarks.sign_in import SIGN_IN_CALLERS, service_without_limit
from deploy.local.ports import choose
from deploy.tool.stories import EDGE, Story, web_address
from shared.database import open_pool
from shared.messaging.topology import SERVICES

OWNER, FILING = "accounts", "linking"
ROUNDS, SECONDS = 5, 4
HOLDERS = 64
SIGN_IN_GOAL = Goal(bound=0.75, is_upper=False)


async def measure(rounds: int = ROUNDS, seconds: int = SECONDS) -> Report:
    """Measure ours and bare hashing in turns, then ours and the bare page."""
    wrk.must_be_there()
    hasher = usual_hasher()
    async with open_installation({OWNER: "SELECT 1", FILING: "SELECT 1"}) as story:
        conditions = await read_conditions(story, OWNER)
        pool = await open_pool(story.database_url(OWNER), size=4, name="benchmark")
        holders = await settle_holders(pool, HOLDERS, hasher)
        pool.terminate()
        await settle_filers(story, HOLDERS)
        async with _open_edge(story) as address:
            sign_ins = await _compare_sign_ins(address, hasher, rounds, seconds)
            pages = await _compare_pages(story, address, holders, rounds, seconds)
    return Report(benchmark="edge", conditions=conditions, comparisons=(sign_ins, *pages))


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
    counted = await wrk.ask(
        address, "cso.lua", PASSWORD, HOLDERS, connections=SIGN_IN_CALLERS, seconds=seconds
    )
    return {"per_second": counted.given / counted.seconds, "p99_ms": counted.p99_ms}


async def _compare_pages(
    story: Story, address: str, holders: Sequence[Holder], rounds: int, seconds: int
) -> list[Comparison]:
    async with (
        running("services.linking", story, service_environment(story, FILING)),
        open_sides(story, address, holders) as sides,
    ):
        return await compare_pages(sides, rounds, seconds)


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
        said = {"loginId": "holder.00000", "password": PASSWORD, "redactFlag": "1"}
        await answered_once_there(web_address(ports), "POST", "/services/cso-auth", json=said)
        yield web_address(ports)


if __name__ == "__main__":
    main(measure, __doc__)

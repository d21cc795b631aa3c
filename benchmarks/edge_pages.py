"""The page *my courts* through the edge beside the same page from bare Litestar, by `wrk`.

It is what filers come for, and the dearest that is opened often: two questions to another service than the
one that knows the session, and five links to show.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec

from benchmarks import edge_page_peer, wrk
from benchmarks.edge_page_peer import PATH, Shown
from benchmarks.filers import LINKS_EACH
from benchmarks.installation import BenchmarkError, running
from benchmarks.people import PASSWORD, Holder
from benchmarks.report import Comparison, Figures, Goal, compare
from deploy.local.ports import choose
from deploy.tool.stories import Story
from services.linking.store.filing import read_filing_rights
from services.portal.web.cookies import SESSION, VISITOR, form_token
from shared.clock import real_clock
from shared.database import open_pool

CONNECTIONS = 32
RATE = 100
"""Pages a second; the other load is as fast as it goes, of those who each open it again once it is there."""
RATE_TOLERANCE = 0.04
GOAL = Goal(bound=3, is_upper=True)
START_SECONDS, PAUSE_SECONDS = 30, 0.1
VISITOR_OF_NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Where either side is found, and the file with the sessions that open the page."""

    ours: str
    peer: str
    sessions: Path


@asynccontextmanager
async def open_sides(story: Story, edge: str, holders: Sequence[Holder]) -> AsyncIterator[Sides]:
    """The peer in a process of its own, with what the edge shows the first holder, byte by byte."""
    tokens = [await _sign_in(edge, holder) for holder in holders]
    sessions, page = story.folder / "sessions.txt", story.folder / "page.json"
    sessions.write_text("\n".join(tokens))
    page.write_bytes(await _shown_to(story, holders[0].account_id, tokens[0]))
    port = choose(story.folder / "peer.port", ("web",))["web"]
    environment = {"BENCHMARK_PORT": str(port), "BENCHMARK_PAGE_FILE": str(page)}
    async with running(edge_page_peer.__name__, story, environment):
        sides = Sides(ours=edge, peer=f"http://127.0.0.1:{port}", sessions=sessions)
        pages = [await _open_page(address, tokens[0]) for address in (sides.ours, sides.peer)]
        if pages[0] != pages[1]:
            raise BenchmarkError(f"pages that differ: {pages}")
        yield sides


async def compare_pages(sides: Sides, rounds: int, seconds: int) -> list[Comparison]:
    """At the rate, and at saturation."""
    paced = await _compare(sides, rounds, seconds, RATE)
    return [paced, await _compare(sides, rounds, seconds, 0)]


async def _compare(sides: Sides, rounds: int, seconds: int, rate: int) -> Comparison:
    ours: list[Figures] = []
    peer: list[Figures] = []
    for place in range(rounds):
        for side in (ours, peer) if place % 2 == 0 else (peer, ours):
            address = sides.ours if side is ours else sides.peer
            side.append(await _ask_for_pages(address, sides.sessions, rate, seconds))
    case = f"my courts, {rate} a second" if rate else f"my courts, {CONNECTIONS} callers at saturation"
    return compare(case, ours, peer, beside="peer", compared="p50_ms", goal=GOAL)


async def _ask_for_pages(address: str, sessions: Path, rate: int, seconds: int) -> Figures:
    counted = await wrk.ask(
        address, "page.lua", sessions, LINKS_EACH, rate, connections=CONNECTIONS, seconds=seconds
    )
    if rate:
        must_keep_up(counted.given / counted.seconds, rate)
    return counted.figures


def must_keep_up(achieved: float, rate: float) -> None:
    """Raise BenchmarkError unless about as many were answered a second as were to be asked for."""
    if abs(achieved / rate - 1) > RATE_TOLERANCE:
        raise BenchmarkError(f"{achieved:.1f} pages a second instead of {rate:g}")


async def answered_once_there(address: str, method: str, path: str, **sent: Any) -> httpx.Response:
    """The first answer that isn't a refusal; a process that has just been started listens a little later."""
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(base_url=address, trust_env=False) as client:
        while True:
            try:
                answer = await client.request(method, path, timeout=START_SECONDS, **sent)
                if answer.status_code == httpx.codes.OK:
                    return answer
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_SECONDS)


async def _sign_in(edge: str, holder: Holder) -> str:
    """A session's token, as a browser gets it from the page where one signs in."""
    form = {
        "user_name": holder.user_name,
        "password": PASSWORD,
        "form_token": form_token(VISITOR_OF_NOBODY),
    }
    async with httpx.AsyncClient(base_url=edge, trust_env=False) as client:
        headers = {"cookie": f"{VISITOR}={VISITOR_OF_NOBODY}"}
        answer = await client.post("/sign-in", data=form, headers=headers, timeout=START_SECONDS)
    token = answer.cookies.get(SESSION)
    if token is None:
        raise BenchmarkError(f"no session: {answer.status_code}")
    return token


async def _shown_to(story: Story, account_id: UUID, token: str) -> bytes:
    """What the page of an account is made of, as the service reads it."""
    pool = await open_pool(story.database_url("linking"), size=1, name="benchmark")
    async with pool.acquire() as connection:
        _, rights = await read_filing_rights(connection, account_id, real_clock())
    pool.terminate()
    return msgspec.json.encode(Shown(session=token, rights=rights))


async def _open_page(address: str, token: str) -> str:
    headers = {"cookie": f"{SESSION}={token}", "accept": "text/html"}
    return (await answered_once_there(address, "GET", PATH, headers=headers)).text

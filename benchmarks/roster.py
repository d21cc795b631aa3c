"""Loading a court's roster beside bare COPY of the same rows; wrapping fast hashes beside bare hashing."""

import asyncio
import hashlib
import io
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from argon2 import PasswordHasher

from benchmarks.installation import BenchmarkError, open_installation, read_conditions, running
from benchmarks.report import Comparison, Figures, Goal, Report, compare, main
from deploy.tool.asking import as_operator
from deploy.tool.load_roster import begin_roster, chunks_of, finish_roster, load_rows
from deploy.tool.stories import Story
from services.linking.data import shipped_courts
from shared.clock import real_clock
from shared.database import OwnConnection, open_connection
from shared.messages.linking import BeginRosterByOperator, RosterCounts
from shared.messaging.ids import ids_from, new_id
from shared.messaging.requests import Requests
from shared.messaging.topology import SERVICES

OWNER = "linking"
ROUNDS, ROWS, FAST_ROWS = 5, 20_000, 100
COPY_GOAL = Goal(bound=0.5, is_upper=False)
HEADER = "login,name,email,role,verifier"
CREATE_BARE_ROWS = f"""
    CREATE TABLE bare_rows (LIKE filing_accounts INCLUDING ALL);
    GRANT SELECT, INSERT, TRUNCATE ON bare_rows TO {OWNER}
    """
COLUMNS = (
    "id",
    "court_id",
    "login",
    "name",
    "email",
    "role",
    "verifier_scheme",
    "verifier",
    "roster_digest",
    "loaded_at",
)
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Who loads rosters, and where."""

    requests: Requests
    connection: OwnConnection

    async def load(self, court_id: str, file: bytes, expected: RosterCounts) -> float:
        """Seconds from the first line of a file to its end: a whole roster, as the operator loads it."""
        began = time.perf_counter()
        begin = BeginRosterByOperator(court_id=court_id, remark="a benchmark")
        loading = await begin_roster(begin, self.requests, real_clock)
        tally = await load_rows(chunks_of(io.BytesIO(file)), loading, io.StringIO(), lambda _: None)
        finished = await finish_roster(loading, tally.rows, is_large_removal_meant=False)
        seconds = time.perf_counter() - began
        if finished.counts != expected or finished.gone:
            raise BenchmarkError(f"{court_id}: {finished.counts}, {finished.gone} gone")
        return seconds

    async def copy(self, rows: Sequence[tuple[object, ...]]) -> float:
        """Seconds to COPY the rows as they are kept, from memory, into a table with the same indexes."""
        await self.connection.execute("TRUNCATE bare_rows")
        began = time.perf_counter()
        await self.connection.copy_records_to_table("bare_rows", records=rows, columns=COLUMNS)
        return time.perf_counter() - began


async def measure(rounds: int = ROUNDS, rows: int = ROWS, fast_rows: int = FAST_ROWS) -> Report:
    """Measure ours and the other in turns; each round loads another court's roster, and loads it again."""
    async with open_installation({OWNER: CREATE_BARE_ROWS}) as story:
        conditions = await read_conditions(story, OWNER)
        async with _open_trial(story) as trial:
            comparisons = await _compare(trial, rounds, rows, fast_rows)
    return Report(benchmark="roster", conditions=conditions, comparisons=tuple(comparisons))


async def _compare(trial: Trial, rounds: int, rows: int, fast_rows: int) -> list[Comparison]:
    new: list[Figures] = []
    same: list[Figures] = []
    copied: list[Figures] = []
    wrapped: list[Figures] = []
    hashed: list[Figures] = []
    courts = [court.id for court in shipped_courts()]
    verifier = _HASHER.hash("of nobody")
    await trial.load(
        courts[rounds], _file(1, verifier), RosterCounts(rows=1, added=1)
    )  # waits for the service
    for place, court_id in enumerate(courts[:rounds]):
        file = _file(rows, verifier)
        if place % 2:
            copied.append(_rate(rows, await trial.copy(_kept(court_id, rows, verifier))))
        new.append(_rate(rows, await trial.load(court_id, file, RosterCounts(rows=rows, added=rows))))
        again = RosterCounts(rows=rows, unchanged=rows)
        same.append(_rate(rows, await trial.load(court_id, file, again)))
        if not place % 2:
            copied.append(_rate(rows, await trial.copy(_kept(court_id, rows, verifier))))
        wrapped.append(await _wrap(trial, courts[-1 - place], fast_rows))
        hashed.append(_rate(fast_rows, await asyncio.to_thread(_hash, fast_rows)))
    return [
        compare("new rows", new, copied, beside="COPY", compared="rows_per_second", goal=COPY_GOAL),
        compare("the same again", same, copied, beside="COPY", compared="rows_per_second", goal=COPY_GOAL),
        compare("fast hashes", wrapped, hashed, beside="bare hashing", compared="rows_per_second"),
    ]


async def _wrap(trial: Trial, court_id: str, rows: int) -> Figures:
    fast = "sha256$" + hashlib.sha256(secrets.token_bytes(8)).hexdigest()
    expected = RosterCounts(rows=rows, added=rows, wrapped=rows)
    return _rate(rows, await trial.load(court_id, _file(rows, fast), expected))


def _hash(count: int) -> float:
    """argon2-cffi alone, in one thread, as the service wraps."""
    began = time.perf_counter()
    for _ in range(count):
        _HASHER.hash("0" * 64)
    return time.perf_counter() - began


def _rate(rows: int, seconds: float) -> Figures:
    return {"rows_per_second": rows / seconds}


def _file(rows: int, verifier: str) -> bytes:
    """A court's file."""
    lines = (
        f'attorney{place:06},Jane Q. Public,attorney{place:06}@lawfirm.example,attorney,"{verifier}"'
        for place in range(rows)
    )
    return "\n".join((HEADER, *lines)).encode()


def _kept(court_id: str, rows: int, verifier: str) -> list[tuple[object, ...]]:
    """The same rows as the service keeps them."""
    now = real_clock()
    return [
        (
            row_id,
            court_id,
            f"attorney{place:06}",
            "Jane Q. Public",
            f"attorney{place:06}@lawfirm.example",
            "attorney",
            "plain",
            verifier,
            secrets.token_bytes(32),
            now,
        )
        for place, row_id in enumerate(ids_from(new_id(now), rows))
    ]


@asynccontextmanager
async def _open_trial(story: Story) -> AsyncIterator[Trial]:
    settings = story.environment(OWNER, dict.fromkeys((*SERVICES, "mail"), 0))
    environment = {name: value for name, value in settings.items() if not name.endswith("_HEALTH_PORT")}
    connection = await open_connection(story.database_url(OWNER), name="benchmark")
    async with running("services.linking", story, environment), as_operator(story, "benchmark") as requests:
        yield Trial(requests=requests, connection=connection)
    await connection.close()


if __name__ == "__main__":
    main(measure, __doc__)

"""The roster of a large court: a hundred thousand rows, loaded from a file, and the same file once more."""

import io
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from deploy.local.servers import Servers
from deploy.tool.asking import as_operator
from deploy.tool.load_roster import begin_roster, chunks_of, finish_roster, load_rows
from shared.clock import real_clock
from shared.messages.linking import BeginRosterByOperator, RosterCounts, RosterFinished
from tests.system.running import System, a_system

COURT, ROWS = "ncwbk", 100_000
VERIFIER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash("Tarheel-Docket-77")


@pytest.fixture
async def system(servers: Servers, system_folder: Path) -> AsyncIterator[System]:
    """A system in which `linking` runs, which knows its courts."""
    async with a_system(servers, system_folder / secrets.token_hex(4), [COURT]) as made:
        await made.start(["linking"])
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A court's roster. No verifier needs wrapping, which would take most of an hour for so many."""
    path = tmp_path / "roster.csv"
    with path.open("w") as written:
        written.write("login,name,email,role,verifier\n")
        written.writelines(
            f'login{number},Ada Hale,a{number}@firm.example,attorney,"{VERIFIER}"\n' for number in range(ROWS)
        )
    return path


async def load(system: System, file: Path) -> tuple[RosterFinished, str]:
    """Load a file as the operator does: how it ended, and the report of refused rows."""
    report, begin = io.StringIO(), BeginRosterByOperator(court_id=COURT, remark="by courier")
    async with as_operator(system.story, "load-roster") as requests:
        with file.open("rb") as rows:
            loading = await begin_roster(begin, requests, real_clock)
            tally = await load_rows(chunks_of(rows), loading, report, lambda _: None)
        return await finish_roster(loading, tally.rows, is_large_removal_meant=False), report.getvalue()


async def versions(system: System) -> dict[str, str]:
    """For each login the transaction that wrote its row last."""
    rows = await system.rows("linking", "SELECT login, xmin::text AS version FROM filing_accounts")
    return {row["login"]: row["version"] for row in rows}


async def test_a_hundred_thousand_rows_are_loaded_and_the_same_file_again_touches_none_of_them(
    system: System, file: Path
) -> None:
    first, report = await load(system, file)
    as_loaded = await versions(system)
    again, report_again = await load(system, file)

    assert (first.counts, first.gone) == (RosterCounts(rows=ROWS, added=ROWS), 0)
    assert (again.counts, again.gone) == (RosterCounts(rows=ROWS, unchanged=ROWS), 0)
    assert report == report_again == "line,field,reason\n"
    assert as_loaded.keys() == {f"login{number}" for number in range(ROWS)}
    assert await versions(system) == as_loaded

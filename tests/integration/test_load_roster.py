"""`nextgen load-roster` as it is typed: a court's file, a broker, and the service as a process."""

import asyncio
import io
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from deploy.local.postgres import PostgresServer
from deploy.local.servers import Servers
from deploy.tool.asking import as_operator
from deploy.tool.installing import install
from deploy.tool.load_roster import begin_roster, chunks_of, finish_roster, load_rows
from deploy.tool.stories import Story
from deploy.tool.topology import remove_instance
from services.linking.data import shipped_courts
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.messages.linking import BeginRosterByOperator, RosterFinished
from shared.messaging.requests import Requests
from shared.messaging.topology import SERVICES
from tests.installation import ROOT, start_process, until
from tests.integration.linking_builders import PASSWORD, verifier_of

INSTANCE = f"roster{secrets.token_hex(3)}"
HEADER = "login,name,email,role,verifier"
SLOW = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD).replace(",", ";")
ARGUMENTS = ["--remark", "by courier from the clerk"]


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Somebody at a terminal, beside a running service."""

    environment: dict[str, str]
    story: Story
    pool: Pool
    folder: Path
    process_id: int

    def write(self, lines: Iterable[str], header: str = HEADER) -> Path:
        """A court's file."""
        path = self.folder / "roster.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    def start(self, court_id: str, file: Path, *more: str) -> "subprocess.Popen[str]":
        """Begin to load a file."""
        return subprocess.Popen(
            [
                Path(sys.executable).with_name("nextgen"),
                "load-roster",
                court_id,
                str(file),
                *ARGUMENTS,
                *more,
            ],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    async def load(self, court_id: str, file: Path, *more: str) -> tuple[int, str, str]:
        """Load a file: exit code, output, errors."""
        process = self.start(court_id, file, *more)
        output, errors = await asyncio.to_thread(process.communicate, timeout=120)
        return process.returncode, output, errors

    def refused(self) -> list[str]:
        """What the report says."""
        return (self.folder / "roster.csv.refused.csv").read_text().splitlines()

    async def count(self, court_id: str, condition: str = "true") -> int:
        found = await self.pool.fetchval(
            f"SELECT count(*) FROM filing_accounts WHERE court_id = $1 AND {condition}",  # noqa: S608
            court_id,
        )
        return int(found)

    def peak_memory_mib(self) -> int:
        """The most memory that the service has held so far."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) // 1024


@pytest.fixture(scope="module")
async def story(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Story]:
    """An installation on a PostgreSQL of its own, since it gives its roles new passwords."""
    postgres = PostgresServer(tmp_path_factory.mktemp("loading") / "postgres", is_fast=True)
    postgres.start()
    on = replace(servers, postgres_url=postgres.url, origin="environment")
    yield await install(on, [], folder=tmp_path_factory.mktemp("stories") / "1", instance=INSTANCE)
    postgres.stop()
    remove_instance(servers.broker_admin_url, INSTANCE)


@pytest.fixture(scope="module")
async def process_id(story: Story, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """The service as a process."""
    log = tmp_path_factory.mktemp("logs") / "linking.log"
    settings = story.environment("linking", dict.fromkeys((*SERVICES, "mail"), 0))
    process = start_process("services.linking", {**os.environ, **settings}, log)
    pool = await open_pool(story.database_url("linking"), size=1, name="test")

    async def are_courts_known() -> bool:
        return bool(await pool.fetchval("SELECT count(*) = 205 FROM courts"))

    await until(are_courts_known, f"the service knows its courts: {log}")
    await pool.close()
    yield process.pid
    process.terminate()
    await asyncio.to_thread(process.wait, 20)


@pytest.fixture
async def operator(story: Story, process_id: int, tmp_path: Path) -> AsyncIterator[Operator]:
    pool = await open_pool(story.database_url("linking"), size=2, name="test")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEXTGEN_")},
        "NEXTGEN_STORIES": str(story.folder.parent),
        "DATABASE_ADMIN_URL": story.servers.postgres_url,
        "BROKER_URL": story.servers.broker_url,
        "BROKER_ADMIN_URL": story.servers.broker_admin_url,
    }
    # Each test finds the courts without a roster, in whatever order they run: only the owner may remove rows.
    owner = await open_pool(story.database_url("linking", "linking_owner"), size=1, name="test owner")
    await owner.execute("TRUNCATE filing_accounts, rosters CASCADE")
    await owner.close()
    yield Operator(environment=environment, story=story, pool=pool, folder=tmp_path, process_id=process_id)
    await pool.close()


def a_line(login: str, *, role: str = "attorney", email: str = "a@firm.example", verifier: str = SLOW) -> str:
    return f'{login},Ada Hale,{email},{role},"{verifier.replace(";", ",")}"'


async def test_a_file_is_loaded_and_loading_it_again_changes_nothing(operator: Operator) -> None:
    file = operator.write(a_line(f"login{number}") for number in range(1200))

    first = await operator.load("ncwbk", file)
    again = await operator.load("ncwbk", file)

    assert first[0] == 0, first
    assert first[1].startswith(
        "1200 rows: 1200 added, 0 changed, 0 unchanged, 0 refused; 0 gone, of these 0 linked"
    )
    assert "[load-roster] 1" in first[2]
    assert again[1].startswith("1200 rows: 0 added, 0 changed, 1200 unchanged, 0 refused; 0 gone")
    assert operator.refused() == ["line,field,reason"]
    remark = await operator.pool.fetchval("SELECT remark FROM rosters LIMIT 1")
    assert remark.endswith(": by courier from the clerk")


async def test_each_bad_row_is_listed_by_its_line_in_the_file_with_field_and_reason(
    operator: Operator,
) -> None:
    weak = "sha1$" + "5e" * 20
    lines = [a_line(f"login{number}") for number in range(70)]
    lines[1] = a_line("judge", role="judge")
    lines[20] = "only,three,fields"
    lines[40] = a_line("login9")
    lines[60] = a_line("weak", verifier=f"{weak}5e")

    code, output, errors = await operator.load("waebk", operator.write(lines))

    assert (code, errors) == (1, "")
    assert "70 rows: 66 added, 0 changed, 0 unchanged, 4 refused; nobody is marked as gone" in output
    assert [line.partition(",")[0] for line in operator.refused()] == ["line", "3", "22", "42", "62"]
    assert operator.refused()[2:4] == ["22,,has 3 fields instead of 5", "42,login,is on line 11 already"]
    assert weak not in output + "".join(operator.refused())


async def test_a_later_file_marks_who_has_gone_unless_they_are_too_many(operator: Operator) -> None:
    lines = [a_line(f"login{number}") for number in range(40)]
    await operator.load("nysbk", operator.write(lines))

    few = await operator.load("nysbk", operator.write(lines[:30]))
    many = await operator.load("nysbk", operator.write(lines[:10]))
    meant = await operator.load("nysbk", operator.write(lines[:10]), "--large-removal")

    assert "10 gone" in few[1]
    assert (many[0], "20 would be gone" in many[2]) == (1, True), many
    assert "20 gone" in meant[1]
    assert await operator.count("nysbk", "gone_at IS NULL") == 10


async def test_a_load_that_was_killed_marks_nobody_as_gone_and_goes_on_when_it_is_run_again(
    operator: Operator,
) -> None:
    await operator.load("gubk", operator.write([a_line("old")]))
    file = operator.write(a_line(f"login{number}", verifier=verifier_of(PASSWORD)) for number in range(250))

    async def has_begun() -> bool:
        return await operator.count("gubk") > 1

    process = operator.start("gubk", file)
    await until(has_begun, "rows are loaded")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    missing = 251 - await operator.count("gubk")
    gone_when_killed = await operator.count("gubk", "gone_at IS NOT NULL")
    code, output, errors = await operator.load("gubk", file)

    assert missing > 0
    assert gone_when_killed == 0
    assert code == 0, output + errors
    assert "1 gone" in output
    assert await operator.count("gubk") == 251


@pytest.mark.parametrize(
    ("court_id", "header", "problem"),
    [
        ("ncwbk", "login,name,email,role", "line 1: the header lacks verifier"),
        ("zzbk", HEADER, "there is no court zzbk"),
        ("NCWBK!", HEADER, "NCWBK! is no court id, as ncwbk"),
    ],
)
async def test_what_is_no_roster_of_a_court_loads_nothing(
    operator: Operator, court_id: str, header: str, problem: str
) -> None:
    before = await operator.pool.fetchval("SELECT count(*) FROM filing_accounts")

    code, _, errors = await operator.load(court_id, operator.write([a_line("one")], header))

    assert (code, errors.startswith(f"nextgen: {problem}")) == (1, True), errors
    assert await operator.pool.fetchval("SELECT count(*) FROM filing_accounts") == before


@pytest.mark.parametrize(
    ("header", "problem"),
    [("login,name,email,role", "line 1: the header lacks verifier"), (HEADER, "the file has no rows")],
)
async def test_a_wrong_file_leaves_the_roster_that_is_being_loaded_as_it_is(
    operator: Operator, header: str, problem: str
) -> None:
    chunks = chunks_of(io.BytesIO("\n".join([HEADER, a_line("one"), "broken"]).encode()))
    async with as_operator(operator.story, "load-roster") as requests:
        begin = BeginRosterByOperator(court_id="ncwbk", remark="in pieces")
        loading = await begin_roster(begin, requests, real_clock)
        await load_rows(chunks, loading, io.StringIO(), lambda _: None)

    code, _, errors = await operator.load("ncwbk", operator.write([], header))

    assert (code, errors.startswith(f"nextgen: {problem}")) == (1, True), errors
    assert await operator.pool.fetchval("SELECT state FROM rosters") == "open"
    assert await operator.pool.fetchval("SELECT count(*) FROM roster_refusals") == 1


async def test_a_report_is_never_written_over_the_file(operator: Operator) -> None:
    file = operator.write([a_line("one")])
    link = operator.folder / "link.csv"
    link.symlink_to(file)
    before = file.read_text()

    same = await operator.load("ncwbk", file, "--report", str(file))
    linked = await operator.load("ncwbk", file, "--report", str(link))

    assert same == linked == (1, "", "nextgen: the report would be written over the file; name another\n")
    assert file.read_text() == before


async def test_205_courts_files_at_once_are_all_loaded_and_memory_stays_bounded(operator: Operator) -> None:
    courts = [court.id for court in shipped_courts()]
    before_mib = operator.peak_memory_mib()

    async with as_operator(operator.story, "load-roster") as requests, asyncio.TaskGroup() as group:
        tasks = [group.create_task(_load_one(court_id, requests)) for court_id in courts]
    finished = [task.result() for task in tasks]

    assert len(finished) == 205
    assert {(each.counts.rows, each.counts.refused, each.counts.wrapped) for each in finished} == {(4, 1, 1)}
    assert await operator.pool.fetchval("SELECT count(*) FROM roster_rows") == 0
    assert operator.peak_memory_mib() - before_mib < 150


async def _load_one(court_id: str, requests: Requests) -> RosterFinished:
    lines = [a_line("same1"), a_line("same2", verifier=verifier_of(PASSWORD)), a_line("same3"), "broken"]
    file, report = io.BytesIO("\n".join([HEADER, *lines]).encode()), io.StringIO()
    begin = BeginRosterByOperator(court_id=court_id, remark="all at once")
    loading = await begin_roster(begin, requests, real_clock)
    tally = await load_rows(chunks_of(file), loading, report, lambda _: None)
    return await finish_roster(loading, tally.rows, is_large_removal_meant=False)

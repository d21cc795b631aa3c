"""`nextgen load-legacy` as it is typed: a file of legacy accounts, a broker, and the service as a process."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local.postgres import PostgresServer
from deploy.local.servers import Servers
from deploy.tool.installing import install
from deploy.tool.stories import Story
from deploy.tool.topology import remove_instance
from shared.database import Pool, open_pool
from shared.messaging.topology import SERVICES
from tests.builders_accounts import sha256_verifier
from tests.installation import ROOT, start_process, until

INSTANCE = f"legacy{secrets.token_hex(3)}"
HEADER = "user_name,kind,is_shared,first_name,last_name,email,verifier"


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Somebody at a terminal, beside a running service."""

    environment: dict[str, str]
    pool: Pool
    folder: Path
    log: Path

    def write(self, lines: Iterable[str], header: str = HEADER) -> Path:
        """A file of legacy accounts."""
        path = self.folder / "legacy.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    def start(self, file: Path) -> "subprocess.Popen[str]":
        """Begin to load a file."""
        return subprocess.Popen(
            [Path(sys.executable).with_name("nextgen"), "load-legacy", str(file)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    async def load(self, file: Path) -> tuple[int, str, str]:
        """Load a file: exit code, output, errors."""
        process = self.start(file)
        output, errors = await asyncio.to_thread(process.communicate, timeout=120)
        return process.returncode, output, errors

    def refused(self) -> list[str]:
        """What the report says."""
        return (self.folder / "legacy.csv.refused.csv").read_text().splitlines()

    async def count(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM accounts"))


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
async def running(story: Story, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The service as a process, which hashes weakly so that a test takes no time; its log."""
    log = tmp_path_factory.mktemp("logs") / "accounts.log"
    settings = story.environment("accounts", dict.fromkeys((*SERVICES, "mail"), 0))
    quick = {"NEXTGEN_ACCOUNTS_PASSWORD_MEMORY_KIB": "64", "NEXTGEN_ACCOUNTS_PASSWORD_PASSES": "1"}
    process = start_process("services.accounts", {**os.environ, **settings, **quick}, log)
    yield log
    process.terminate()
    await asyncio.to_thread(process.wait, 20)


@pytest.fixture
async def operator(story: Story, running: Path, tmp_path: Path) -> AsyncIterator[Operator]:
    pool = await open_pool(story.database_url("accounts"), size=2, name="test")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEXTGEN_")},
        "NEXTGEN_STORIES": str(story.folder.parent),
        "DATABASE_ADMIN_URL": story.servers.postgres_url,
        "BROKER_URL": story.servers.broker_url,
        "BROKER_ADMIN_URL": story.servers.broker_admin_url,
    }
    yield Operator(environment=environment, pool=pool, folder=tmp_path, log=running)
    await pool.close()


def a_line(user_name: str, *, kind: str = "paa", email: str = "a@firm.example", verifier: str = "") -> str:
    return f"{user_name},{kind},no,Ada,Hale,{email},{verifier or sha256_verifier()}"


async def test_a_file_is_taken_over_and_loading_it_again_changes_nothing(operator: Operator) -> None:
    before, mark = await operator.count(), secrets.token_hex(4)
    file = operator.write(a_line(f"firm-{mark}-{number}") for number in range(120))

    first = await operator.load(file)
    again = await operator.load(file)

    assert first[0] == 0, first
    assert first[1].startswith("120 rows: 120 loaded, 0 known before, 0 refused")
    assert again[0] == 0, again
    assert again[1].startswith("120 rows: 0 loaded, 120 known before, 0 refused")
    assert operator.refused() == ["line,field,reason"]
    assert await operator.count() == before + 120


async def test_each_bad_row_is_listed_by_its_line_in_the_file_with_field_and_reason(
    operator: Operator,
) -> None:
    mark, weak = secrets.token_hex(4), "sha1$" + "5e" * 20
    lines = [a_line(f"firm-{mark}-{number}") for number in range(130)]
    lines[0] = a_line("AB12", kind="individual")
    lines[57] = a_line(f"other-{mark}", email="nobody")
    lines[60] = "only,three,fields"
    lines[99] = a_line(f"FIRM-{mark}-9")
    lines[128] = a_line(f"other-{mark}-2", verifier=f"{weak}5e")

    code, output, errors = await operator.load(operator.write(lines))

    assert (code, errors) == (1, "")
    assert output.startswith("130 rows: 125 loaded, 0 known before, 5 refused")
    assert operator.refused() == [
        "line,field,reason",
        "2,user_name,not_two_letters_and_four_digits",
        "59,email,not_an_address",
        "62,,has 3 fields instead of 7",
        "101,user_name,is on line 11 already",
        "130,verifier,not_a_known_form",
    ]
    said = output + "".join(operator.refused()) + operator.log.read_text()
    assert weak not in said
    assert sha256_verifier() not in said


async def test_a_load_that_was_cut_short_goes_on_when_it_is_run_again(operator: Operator) -> None:
    before, mark = await operator.count(), secrets.token_hex(4)
    file = operator.write(a_line(f"firm-{mark}-{number}") for number in range(2000))

    async def has_begun() -> bool:
        return await operator.count() > before

    process = operator.start(file)
    await until(has_begun, "rows are taken over")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = before + 2000 - await operator.count()
    code, output, errors = await operator.load(file)

    assert left > 0
    assert code == 0, output + errors
    assert "2000 rows: " in output
    assert "[load-legacy] 1000 rows: " in errors
    assert await operator.count() == before + 2000


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (HEADER.replace("verifier", "hash"), "line 1: the header lacks verifier"),
        (f"{HEADER},password", "line 1: each column once"),
    ],
)
async def test_a_file_whose_header_is_none_loads_nothing(
    operator: Operator, header: str, problem: str
) -> None:
    before = await operator.count()

    code, _, errors = await operator.load(operator.write([a_line("firm-one")], header))

    assert (code, errors.startswith(f"nextgen: {problem}")) == (1, True), errors
    assert await operator.count() == before


async def test_a_file_that_is_not_there_is_named(operator: Operator) -> None:
    code, _, errors = await operator.load(operator.folder / "nothing.csv")

    assert code == 1
    assert errors == f"nextgen: {operator.folder / 'nothing.csv'}: No such file or directory\n"

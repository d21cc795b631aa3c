"""The scenes of fault tests on the servers that all tests share."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local.servers import Servers
from deploy.tool import databases
from deploy.tool.databases import url_for
from tests import toy
from tests.faults import crash_toys
from tests.faults.fork_server import a_fork_server
from tests.faults.scene import Scene, a_scene
from tests.faults.stage import Stage, sending

Urls = tuple[dict[str, str], dict[str, str]]
KILLED_AT = "points of"
"""What a test's property is called that says at how many points a process was killed, before its kind."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at how many points processes were killed: what a worker prints reaches nobody."""
    passed = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    points = {
        name.removeprefix(KILLED_AT).strip(): count
        for report in passed
        for name, count in report.user_properties
        if name.startswith(KILLED_AT)
    }
    if points:
        each = ", ".join(f"{kind} {count}" for kind, count in sorted(points.items()))
        in_all = sum(points.values())
        terminalreporter.write_line(f"killed at {in_all} points ({each}): 0 lost, 0 doubled")


@pytest.fixture
async def toy_databases(
    servers: Servers, role_passwords: dict[str, str], database_of: Callable[[str], Awaitable[str]]
) -> Urls:
    """A fresh database for each toy: the addresses for the services, and those for the owners."""
    urls, owner_urls = {}, {}
    for service in toy.TOYS:
        urls[service] = await database_of(service)
        owner = f"{service}_owner"
        name = urlsplit(urls[service]).path[1:]
        owner_urls[service] = url_for(servers.postgres_url, owner, role_passwords[owner], name)
    return urls, owner_urls


@pytest.fixture
async def scene(servers: Servers, toy_databases: Urls, tmp_path: Path) -> AsyncIterator[Scene]:
    async with a_scene(servers, *toy_databases, tmp_path) as made:
        yield made


@pytest.fixture
def stage(stage_of_module: Stage) -> Iterator[Stage]:
    """The module's stage; what a failed test left running can't disturb the next."""
    yield stage_of_module
    stage_of_module.server.kill_all()


@pytest.fixture(scope="module")
async def stage_of_module(
    servers: Servers,
    role_passwords: dict[str, str],
    template_of: Callable[[str], Awaitable[str]],
    used: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """One stage for all tests of a module: each has words of its own, and leaves nothing open."""
    urls, owner_urls, names = {}, {}, []
    for service in toy.TOYS:
        name, owner = f"test_stage_{service}_{secrets.token_hex(6)}", f"{service}_owner"
        await databases.create_database(
            servers.postgres_url, name, service, template=await template_of(service)
        )
        names.append(name)
        urls[service] = url_for(servers.postgres_url, service, role_passwords[service], name)
        owner_urls[service] = url_for(servers.postgres_url, owner, role_passwords[owner], name)
    crash_toys.register()
    await crash_toys.make_tables(owner_urls["accounts"])
    folder = tmp_path_factory.mktemp("stage")
    async with (
        a_scene(servers, urls, owner_urls, folder, crash_toys.CONTRACTS) as scene,
        a_fork_server("tests.faults.crash_process") as server,
        sending(scene) as publisher,
    ):
        yield Stage(scene, server, publisher)
    used.extend(names)

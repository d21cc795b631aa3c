"""Migrations: all of them apply, each once, two migrators at a time; merged ones never change."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.servers import Servers
from deploy.tool import databases

ROOT = Path(__file__).parent.parent.parent
MERGED = ROOT / "tests" / "contract" / "merged_migrations.txt"
FOLDERS = [databases.SHARED_MIGRATIONS] + [
    ROOT / "services" / service / "migrations" for service in databases.SERVICES
]

SET_ASIDE = {ROOT / "services" / "accounts" / "migrations": {f"{number:04}" for number in range(22, 26)}}
"""Numbers that were given out while what they are for is still being written."""


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sql"))


@pytest.fixture
async def fresh(
    servers: Servers, role_passwords: dict[str, str], used: list[str]
) -> AsyncIterator[dict[str, str]]:
    """An empty database for each service, as its owner sees it."""
    urls = {}
    for service in databases.SERVICES:
        name = f"test_migrations_{secrets.token_hex(3)}_{service}"
        await databases.create_database(servers.postgres_url, name, service)
        used.append(name)
        owner = f"{service}_owner"
        urls[service] = databases.url_for(servers.postgres_url, owner, role_passwords[owner], name)
    yield urls


async def test_every_file_is_applied_by_two_migrators_at_once(fresh: dict[str, str]) -> None:
    for service, url in fresh.items():
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(databases.migrate(url, service))

        owner = await asyncpg.connect(url)
        applied = {}
        for table in ("shared_migrations", "service_migrations"):
            rows = await owner.fetch(f"SELECT version FROM {table} ORDER BY version")  # noqa: S608
            applied[table] = [row["version"] for row in rows]
        await owner.close()
        own = ROOT / "services" / service / "migrations"
        assert applied["shared_migrations"] == [p.name[:4] for p in files(databases.SHARED_MIGRATIONS)]
        assert applied["service_migrations"] == [p.name[:4] for p in files(own)]


def test_numbers_have_four_digits_and_none_is_missing_or_doubled() -> None:
    for folder in FOLDERS:
        numbers = [p.name[:4] for p in files(folder)]
        open_numbers = SET_ASIDE.get(folder, set()) - set(numbers)
        up_to_the_last = {f"{n:04}" for n in range(1, int(numbers[-1]) + 1)}
        assert numbers == sorted(up_to_the_last - open_numbers)


def test_every_file_has_both_marks_and_no_way_back() -> None:
    for path in (path for folder in FOLDERS for path in files(folder)):
        before, mark, after = path.read_text().partition("-- migrate:down")
        assert before.startswith("-- migrate:up"), path.name
        assert (mark, after.strip()) == ("-- migrate:down", ""), path.name


def test_merged_files_are_never_edited() -> None:
    merged = dict(reversed(line.split("  ")) for line in MERGED.read_text().splitlines())
    present = {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in FOLDERS
        for path in files(folder)
    }

    assert {name: present.get(name) for name in merged} == merged
    assert set(present) == set(merged), "add the new file's line: sha256sum FILE >> merged_migrations.txt"

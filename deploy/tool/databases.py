"""Roles, databases and migrations: what a service finds when it starts."""

import asyncio
import contextlib
import json
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

SERVICES = ("accounts", "linking", "paa_billing", "notify")
ROOT = Path(__file__).parent.parent.parent
SHARED_MIGRATIONS = ROOT / "shared" / "messaging" / "migrations"
LOCK_SECONDS = 120
_MIGRATION_LOCK = 7_016_996_765_293_437_281
_LOCK_TIMEOUTS = "lock_timeout=4000&statement_timeout=5000"


class MigrationError(Exception):
    """A migration was refused; the text is dbmate's."""


def read_passwords(folder: Path) -> dict[str, str]:
    """The passwords of the database roles of this installation, made the first time."""
    path = folder / "roles.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        roles = [name for service in SERVICES for name in (service, f"{service}_owner")]
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({role: secrets.token_urlsafe(24) for role in roles}))
        with contextlib.suppress(FileExistsError):  # another process was first: its passwords hold
            path.hardlink_to(draft)
        draft.unlink()
    return dict(json.loads(path.read_text()))


def passwords_for(admin_url: str) -> dict[str, str]:
    """The passwords of this checkout's database roles on one PostgreSQL server."""
    parts = urlsplit(admin_url)
    return read_passwords(ROOT / ".local" / "roles" / f"{parts.hostname}-{parts.port or 5432}")


def url_for(admin_url: str, role: str, password: str, database: str) -> str:
    """The address of a database for one role."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{role}:{password}@{host}", f"/{database}", parts.query, ""))


async def ensure_roles(admin_url: str, passwords: dict[str, str]) -> None:
    """Make each service's two roles, and the one that reads with a firm's eyes."""
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            for role, password in passwords.items():
                inheriting = "INHERIT" if role.endswith("_owner") else "NOINHERIT"
                await _ensure_role(connection, role, f"LOGIN {inheriting} NOBYPASSRLS")
                await connection.execute(f"ALTER ROLE {_identifier(role)} PASSWORD {_literal(password)}")
            await _ensure_role(connection, "paa_billing_firm", "NOLOGIN NOINHERIT NOBYPASSRLS")
            await connection.execute("GRANT paa_billing_firm TO paa_billing")
    finally:
        await connection.close()


async def create_database(admin_url: str, database: str, service: str, template: str | None = None) -> None:
    """Make a service's database, owned by its owner role and closed to all other services."""
    connection = await asyncpg.connect(admin_url)
    try:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            return
        source = f" TEMPLATE {_identifier(template)}{await _strategy(connection)}" if template else ""
        owner = _identifier(f"{service}_owner")
        await connection.execute(f"CREATE DATABASE {_identifier(database)} OWNER {owner}{source}")
        await connection.execute(f"REVOKE ALL ON DATABASE {_identifier(database)} FROM PUBLIC")
        await connection.execute(
            f"GRANT CONNECT ON DATABASE {_identifier(database)} TO {_identifier(service)}"
        )
    finally:
        await connection.close()


async def drop_database(admin_url: str, database: str) -> None:
    """Remove a database and end its connections."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_identifier(database)} WITH (FORCE)")
    finally:
        await connection.close()


async def migrate(owner_url: str, service: str) -> None:
    """Apply the shared migrations, then the service's own; two at once wait for each other.

    The lock is tried in a loop, since a session that waits in `pg_advisory_lock` holds a snapshot and so
    blocks `CREATE INDEX CONCURRENTLY`.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _MIGRATION_LOCK):
            if time.monotonic() > deadline:
                raise MigrationError(f"another migration of {service} holds the lock for {LOCK_SECONDS} s")
            await asyncio.sleep(0.2)
        own = ROOT / "services" / service / "migrations"
        await asyncio.to_thread(_run_dbmate, owner_url, SHARED_MIGRATIONS, "shared_migrations")
        if any(own.glob("*.sql")):
            await asyncio.to_thread(_run_dbmate, owner_url, own, "service_migrations")
    finally:
        await connection.close()


def _run_dbmate(owner_url: str, folder: Path, table: str) -> None:
    joint = "&" if urlsplit(owner_url).query else "?"
    extra = "" if "sslmode=" in owner_url else "&sslmode=prefer"
    dbmate = Path(sys.executable).with_name("dbmate")
    finished = subprocess.run(
        [dbmate, "--no-dump-schema", "--migrations-dir", folder, "--migrations-table", table, "migrate"],
        env={"DATABASE_URL": f"{owner_url}{joint}{_LOCK_TIMEOUTS}{extra}"},
        capture_output=True,
        text=True,
        timeout=LOCK_SECONDS,
        check=False,
    )
    if finished.returncode != 0:
        raise MigrationError(f"{folder.parent.name}: {finished.stderr.strip() or finished.stdout.strip()}")


async def _strategy(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
    """How to copy a template: as files where no file waits for the disk, else through the log."""
    is_copied = "current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000"
    return " STRATEGY file_copy" if await connection.fetchval(f"SELECT {is_copied}") else ""


async def _ensure_role(connection: "asyncpg.Connection[asyncpg.Record]", role: str, options: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {_identifier(role)}")
    await connection.execute(f"ALTER ROLE {_identifier(role)} {options}")


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"{name!r} is no name for a role or database")
    return f'"{name}"'


def _literal(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError("a generated password has letters, digits, - and _ only")
    return f"'{text}'"

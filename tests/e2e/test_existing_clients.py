"""Existing PACER clients, unmodified and each in an environment of its own, given the edge's address."""

import asyncio
import fcntl
import hashlib
import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.e2e.conftest import Outside
from tests.installation import ROOT

CLIENTS = {
    "juriscraper-3.0.44": "juriscraper_3.py",
    "juriscraper-4.0.1": "juriscraper_4.py",
    "pacersdk-0.1.1": "pacer_sdk.py",
}
INSTALLING_SECONDS, LOGGING_IN_SECONDS = 200, 60
pytestmark = pytest.mark.timeout(300)


def environment_of(client: str) -> Path:
    """The Python with this client and what it needs, locked; made once for this checkout."""
    locked = ROOT / "requirements" / "clients" / f"{client}.txt"
    folder = ROOT / ".local" / "clients" / client
    folder.mkdir(parents=True, exist_ok=True)
    stamp, python = folder / "made-of", folder / "venv" / "bin" / "python"
    wanted = hashlib.sha256(locked.read_bytes() + sys.version.encode()).hexdigest()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            venv.create(folder / "venv", clear=True, with_pip=False)
            uv = Path(sys.executable).with_name("uv")
            install = [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", locked]
            subprocess.run(install, check=True, timeout=INSTALLING_SECONDS)
            stamp.write_text(wanted)
    return python


async def log_in_and_out(client: str, *arguments: str) -> tuple[str, str]:
    """The token that the client was given, and what it was told in the end."""
    python = await asyncio.to_thread(environment_of, client)
    script = ROOT / "tests" / "e2e" / "clients" / CLIENTS[client]
    finished = await asyncio.to_thread(
        subprocess.run,
        [python, script, *arguments],
        cwd=script.parent,
        capture_output=True,
        text=True,
        timeout=LOGGING_IN_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    said = json.loads(finished.stdout.splitlines()[-1])
    return said["token"], said["said"]


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_unmodified_client_logs_in_and_out(outside: Outside, client: str) -> None:
    person = await outside.somebody()

    token, said = await log_in_and_out(client, outside.address, person.user_name, person.password)

    assert (len(token), said) == (128, "0")
    (sessions,) = await outside.system.rows(
        "accounts",
        """
        SELECT count(*) AS begun, count(*) FILTER (WHERE ended_at IS NULL) AS still_open
          FROM sessions WHERE account_id = $1
        """,
        person.id,
    )
    assert (sessions["begun"], sessions["still_open"]) == (2, 1), "the person's own, and the client's"


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_unmodified_client_is_kept_out_with_a_wrong_password(outside: Outside, client: str) -> None:
    person = await outside.somebody()

    token, said = await log_in_and_out(client, outside.address, person.user_name, "not-the-password-77")

    assert token in ("", None)
    assert said != "0"

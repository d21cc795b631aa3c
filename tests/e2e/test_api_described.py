"""The JSON API is as its description says, whatever is sent to it: schemathesis, against the whole system."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.api import an_api, signed_in
from tests.e2e.conftest import Outside
from tests.installation import ROOT

MOST_SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "40"))
"""How long it tries; `make proof` gives it more."""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LAST = ("SignOut", "DeactivateAccount", "AskErasure")
"""After these nothing else can be asked: they are tried apart, and shorter."""
LAST_SECONDS = 6
pytestmark = pytest.mark.timeout(MOST_SECONDS + 120)


async def run_schemathesis(outside: Outside, folder: Path, *options: str, seconds: int) -> tuple[int, str]:
    """Send whatever the description lets one think of; how that ended, and what it says."""
    async with an_api(outside) as api:
        me = await signed_in(api, await outside.somebody())
        described = (await api.ask("GET", "/openapi.json")).content
    assert described == (ROOT / "docs" / "openapi.json").read_bytes()
    (folder / "openapi.json").write_bytes(described)
    program = Path(sys.executable).with_name("st")
    finished = await asyncio.to_thread(
        subprocess.run,
        [
            *(program, "run", "openapi.json", "--url", outside.address, "--max-time", str(seconds)),
            *("--header", f"Authorization: Bearer {me.token}", "--checks", CHECKS, "--warnings", "off"),
            *("--no-color", *options),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    return finished.returncode, finished.stdout[-8000:] + finished.stderr[-2000:]


async def test_nothing_that_is_sent_gets_an_answer_that_is_not_described(
    outside: Outside, tmp_path: Path
) -> None:
    others = [word for name in LAST for word in ("--exclude-operation-id", name)]

    ended, said = await run_schemathesis(outside, tmp_path, *others, seconds=MOST_SECONDS)

    assert ended == 0, said


async def test_nothing_that_is_sent_to_an_account_at_its_end_is_answered_otherwise(
    outside: Outside, tmp_path: Path
) -> None:
    only = [word for name in LAST for word in ("--include-operation-id", name)]

    ended, said = await run_schemathesis(outside, tmp_path, *only, seconds=LAST_SECONDS)

    assert ended == 0, said

"""The JSON API is as its description says, whatever is sent to it: schemathesis, against the whole system."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.api import Api, an_api, signed_in
from tests.e2e.conftest import Outside
from tests.e2e.walking import next_code
from tests.installation import ROOT
from tests.system.asking import PatientPerson

MOST_SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "40"))
"""How long it tries; `make proof` gives it more."""
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LAST = ("SignOut", "EndSession", "DeactivateAccount", "AskErasure")
"""After these, with the id of this session, nothing else can be asked: they are tried apart, and shorter."""
LAST_SECONDS = 6
LOOKS = r"/staff/.*(looks|searches)$"
"""What staff ask without changing anything for those who are tried beside."""
LEAST_ANSWERED, LEAST_LOOKS = 12, 3
"""Routes that do what they are asked for, however few seconds there are: else nearly all was refused."""
pytestmark = pytest.mark.timeout(MOST_SECONDS + 120)


async def run_schemathesis(
    outside: Outside, folder: Path, me: Api, *options: str, seconds: int
) -> tuple[int, str]:
    """Send whatever the description lets one think of; how that ended, and what it says."""
    async with an_api(outside) as api:
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


def routes_that_were_answered(outside: Outside, begun_at: int) -> set[tuple[str, str]]:
    """The API's routes that did what they were asked for, by what the edge has logged since."""
    lines = outside.system.log_of("portal").read_text()[begun_at:].splitlines()
    noted = [line for line in map(json.loads, lines) if line["event"] == "http_request"]
    return {(line["method"], line["route"]) for line in noted if line["status"] < 300}


async def try_as(
    outside: Outside, folder: Path, person: PatientPerson, *options: str, seconds: int
) -> set[tuple[str, str]]:
    """Try it as a person, who is signed in still at the end; the routes that did what they were asked for."""
    begun_at = len(outside.system.log_of("portal").read_text())
    async with an_api(outside) as api:
        me = await signed_in(api, person, await next_code(person) if person._totp else None)

        ended, said = await run_schemathesis(outside, folder, me, *options, seconds=seconds)

        assert ended == 0, said
        assert (await me.ask("GET", "/me")).status_code == 200, "all answers may have been 401"
    return routes_that_were_answered(outside, begun_at)


async def test_nothing_that_is_sent_gets_an_answer_that_is_not_described(
    outside: Outside, tmp_path: Path
) -> None:
    others = [word for name in LAST for word in ("--exclude-operation-id", name)]

    answered = await try_as(outside, tmp_path, await outside.somebody(), *others, seconds=MOST_SECONDS)

    assert len(answered) >= LEAST_ANSWERED


async def test_nothing_that_staff_look_for_gets_an_answer_that_is_not_described(
    outside: Outside, tmp_path: Path, center: PatientPerson
) -> None:
    looks = ("--include-path-regex", LOOKS)

    answered = await try_as(outside, tmp_path, center, *looks, seconds=MOST_SECONDS // 4)

    assert len([route for _, route in answered if "/staff/" in route]) >= LEAST_LOOKS


async def test_nothing_that_is_sent_to_an_account_at_its_end_is_answered_otherwise(
    outside: Outside, tmp_path: Path
) -> None:
    only = [word for name in LAST for word in ("--include-operation-id", name)]
    async with an_api(outside) as api:
        me = await signed_in(api, await outside.somebody())

        ended, said = await run_schemathesis(outside, tmp_path, me, *only, seconds=LAST_SECONDS)

    assert ended == 0, said

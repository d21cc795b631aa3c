"""What a process writes when its broker vanishes, or a library warns: JSON lines, and nothing else."""

import json
import subprocess
import sys
from typing import Any

from tests.faults.load import WORDS, send
from tests.faults.proxy import Proxy
from tests.faults.scene import Scene
from tests.installation import ROOT

CUTS = 4
SECRET = "ada@mail.example"
MISHAPS = f"""
import asyncio, threading, warnings
from shared.logs import configure_logs

class Ungrateful:
    def __del__(self):
        raise ValueError("{SECRET}")

def end_badly():
    raise LookupError("{SECRET}")

async def main():
    asyncio.sleep(0)
    warnings.warn("{SECRET}", UserWarning)
    Ungrateful()
    thread = threading.Thread(target=end_badly)
    thread.start()
    thread.join()
    asyncio.get_running_loop().call_soon(end_badly)
    await asyncio.sleep(0.01)

configure_logs("toy")
asyncio.run(main())
raise OSError("{SECRET}")
"""


def events_of(text: str) -> list[dict[str, Any]]:
    """Every line, each of which must be a JSON object with an event."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    assert all("event" in line for line in lines)
    return lines


async def test_a_process_whose_broker_vanishes_again_and_again_writes_json_lines_only(scene: Scene) -> None:
    words = [["forgetful", *(f"cut {cut} word {number:02}" for number in range(30))] for cut in range(CUTS)]
    async with Proxy(scene.installation.broker_url("accounts")).running() as proxy:
        accounts = scene.start("accounts", broker_url=proxy.url)
        for some in words:
            await send(scene.installation, WORDS, some)
            await scene.has_words("accounts", some[:2])
            proxy.cut()  # while the others are handled, and their events are published
        await scene.has_words("accounts", [word for some in words for word in some])
        assert await scene.end(accounts) == 0

    events = events_of((scene.folder / "accounts-0.log").read_text())
    assert "step_failed" in {line["event"] for line in events}
    warned = [line for line in events if line["event"] == "python_warning"]
    assert ("RuntimeWarning", "sleep") in {(line["category"], line.get("coroutine")) for line in warned}


def test_what_nobody_catches_is_a_line_without_its_text() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", MISHAPS], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr == ""
    assert [line["event"] for line in events_of(ended.stdout)] == [
        "python_warning",
        "python_warning",
        "unraisable_error",
        "thread_ended",
        "library_message",
        "process_ended",
    ]
    assert SECRET not in ended.stdout

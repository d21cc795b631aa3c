"""What a person sees while servers are found and started: one line a step, and one clear line on failure."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

LOG_LINES_SHOWN = 20
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.25


class LocalServerError(Exception):
    """The servers can't be had; the text says why and what to do, for a person at a terminal."""


def say(text: str) -> None:
    print(f"[servers] {text}", file=sys.stderr, flush=True)


def last_lines(log_path: Path) -> str:
    """The end of a log, indented, for the message of a failure; empty if there is no log."""
    if not log_path.is_file():
        return ""
    lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "".join(f"\n    {line}" for line in lines)


def wait_until(
    is_done: Callable[[], bool],
    *,
    what: str,
    deadline_seconds: float,
    log_path: Path,
    is_hopeless: Callable[[], bool] = lambda: False,
) -> None:
    """Ask again and again until it is done.

    Raises LocalServerError with the end of the log when the deadline passes, or at once when it is hopeless.
    """
    give_up_at = time.monotonic() + deadline_seconds
    pause_seconds = FIRST_PAUSE_SECONDS
    while not is_done():
        if is_hopeless():
            raise LocalServerError(f"{what} failed; the end of {log_path}:{last_lines(log_path)}")
        if time.monotonic() > give_up_at:
            shown = last_lines(log_path)
            raise LocalServerError(
                f"{what} took longer than {deadline_seconds:.0f} s; the end of {log_path}:{shown}"
            )
        time.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, LONGEST_PAUSE_SECONDS)

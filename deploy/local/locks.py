"""A lock file that only one process holds at a time, and that its end, however sudden, gives back."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.progress import LocalServerError, say

PAUSE_SECONDS = 0.1


@contextmanager
def exclusive(path: Path, *, deadline_seconds: float) -> Iterator[int]:
    """Hold the lock for the length of the block, and as long as a process that inherits its descriptor.

    Raises LocalServerError when another process holds it for longer than the deadline.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as held:
        _acquire(held.fileno(), path, deadline_seconds)
        yield held.fileno()


def _acquire(descriptor: int, path: Path, deadline_seconds: float) -> None:
    give_up_at = time.monotonic() + deadline_seconds
    has_told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up_at:
                raise LocalServerError(
                    f"another process has held {path} for {deadline_seconds:.0f} s; wait for it or end it"
                ) from None
        else:
            return
        if not has_told:
            say(f"waiting for another process that holds {path} ...")
            has_told = True
        time.sleep(PAUSE_SECONDS)

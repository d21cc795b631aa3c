"""The one business clock: the machine's time, plus the offset that an operator may set in a test system."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

Clock = Callable[[], datetime]
"""Answers the present instant, aware, in UTC."""


class ClockFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the file that `nextgen clock` writes."""

    offset_seconds: float


def real_clock() -> datetime:
    """The machine's time."""
    return datetime.now(tz=UTC)


def clock_from_file(path: Path | None) -> Clock:
    """The machine's time plus the offset in the file; without a file, the machine's time.

    The file is replaced as a whole and looked at on each call, so that all processes move together.
    """
    if path is None:
        return real_clock
    seen: tuple[int, int] | None = None
    offset = timedelta()

    def shifted_clock() -> datetime:
        nonlocal seen, offset
        status = path.stat()
        if (status.st_mtime_ns, status.st_ino) != seen:
            offset = timedelta(seconds=msgspec.json.decode(path.read_bytes(), type=ClockFile).offset_seconds)
            seen = (status.st_mtime_ns, status.st_ino)
        return datetime.now(tz=UTC) + offset

    return shifted_clock


def write_offset(path: Path, offset: timedelta) -> None:
    """Replace the file in one step, so that no reader sees half of it."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(ClockFile(offset_seconds=offset.total_seconds())))
    draft.replace(path)

"""Processes of private servers: started apart from us as an unprivileged user, and known by their folder."""

import os
import pwd
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.progress import LocalServerError

OPEN_FILES = 65_536
LONGEST_LOG_BYTES = 10_000_000
GONE_SECONDS = 20
PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Whom a server runs as when we are root, since PostgreSQL refuses root."""

    name: str
    uid: int
    gid: int


def server_users(preferred: str) -> list[ServerUser]:
    """Those of the preferred user and nobody that are on this machine."""
    entries = [entry for entry in pwd.getpwall() if entry.pw_name in {preferred, "nobody"}]
    entries.sort(key=lambda entry: entry.pw_name != preferred)
    if not entries:
        raise LocalServerError(
            f"as root, servers run as the user {preferred} or nobody, and neither is there"
        )
    return [ServerUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid) for entry in entries]


def can_enter(user: ServerUser, folder: Path) -> bool:
    """Whether the user may pass through a folder and every parent of it."""
    command = ["/usr/bin/test", "-x", str(folder)]
    done = subprocess.run(command, user=user.uid, group=user.gid, extra_groups=[], check=False, cwd="/")
    return done.returncode == 0


def give(user: ServerUser | None, path: Path) -> None:
    if user is not None:
        os.chown(path, user.uid, user.gid)


def environment_of_server(home: Path, more: dict[str, str]) -> dict[str, str]:
    """A small environment of its own, so that a setting of the caller's shell can't reach a server."""
    return {
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **more,
    }


def start_detached(
    command: list[str], *, user: ServerUser | None, environment: dict[str, str], folder: Path, log_path: Path
) -> "subprocess.Popen[bytes]":
    """Start a server in `folder`, its output appended to the log, in a session of its own: it outlives us."""
    if log_path.is_file() and log_path.stat().st_size > LONGEST_LOG_BYTES:
        log_path.rename(log_path.with_suffix(".old"))
    with log_path.open("ab") as log, _many_open_files():
        give(user, log_path)
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )


@contextmanager
def _many_open_files() -> Iterator[None]:
    """Raise the limit that the server inherits; each connection of a broker is an open file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wished = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wished, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def running_in(folder: Path) -> list[int]:
    """The processes that work in a folder or below: ours, whatever a stale file says about their number."""
    below = f"{folder}/"
    processes = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [int(entry.name) for entry in processes if f"{_working_folder(entry)}/".startswith(below)]


def _working_folder(process: Path) -> str:
    try:
        return str((process / "cwd").readlink())
    except OSError:
        return ""


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def send(pids: list[int], what: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            continue


def wait_until_gone(pids: list[int], deadline_seconds: float) -> bool:
    """Whether all processes ended before the deadline."""
    give_up_at = time.monotonic() + deadline_seconds
    while any(_is_running(pid) for pid in pids):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def _is_running(pid: int) -> bool:
    """Whether any thread is left: while one is, the ports are held, though the first may be a zombie."""
    return any(_state_of(thread) not in {"", "Z", "X"} for thread in Path(f"/proc/{pid}/task").glob("*"))


def _state_of(thread: Path) -> str:
    try:
        status = (thread / "stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    return status.rpartition(")")[2].split()[0]


def kill_all_in(folder: Path) -> None:
    """SIGKILL every process that works in the folder, and wait until none is left."""
    while pids := running_in(folder):
        send(pids, signal.SIGKILL)
        if not wait_until_gone(pids, GONE_SECONDS):
            raise LocalServerError(f"processes {pids} in {folder} did not end {GONE_SECONDS} s after SIGKILL")

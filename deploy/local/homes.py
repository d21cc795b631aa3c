"""Where a private server keeps its files: in the folder asked for, or in /var/tmp if none may enter that."""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.processes import ServerUser, can_enter, give, kill_all_in
from deploy.local.progress import LocalServerError, say

TEMPORARY = "nextgen-servers-"
OUTSIDE = Path("/var/tmp")  # noqa: S108 - survives a restart, and every user may pass through it


def home_in(folder: Path, user: ServerUser | None) -> Path:
    """The folder that the server owns, made if need be.

    As root, a folder below one that the server's user may not enter (such as /root) is of no use to it: its
    home is then a folder in /var/tmp that is named by the folder asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home = folder.resolve() / "home" if can_enter(user, folder) else outside_home(folder)
    try:
        home.mkdir(mode=0o700)
    except FileExistsError:
        _refuse_a_strangers(home, user)
    else:
        if user is not None and home == outside_home(folder):
            say(f"the user {user.name} may not enter {folder}: its data is in {home}")
    give(user, home)
    return home


def outside_home(folder: Path) -> Path:
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return OUTSIDE.resolve() / f"nextgen-{name}"


def _refuse_a_strangers(home: Path, user: ServerUser | None) -> None:
    """Anyone may make a folder in /var/tmp, and what lies in it would be trusted."""
    status = home.lstat()
    owners = {os.geteuid()} | ({user.uid} if user is not None else set())
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        raise LocalServerError(f"{home} belongs to someone else; remove it")


def remove(folder: Path) -> None:
    """End what runs in a folder, then delete it, and homes outside that belong to folders in it."""
    outside = [outside_home(path) for path in (folder, *folder.glob("*")) if outside_home(path).is_dir()]
    for home in (*outside, folder.resolve()):
        kill_all_in(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for the servers of one test: servers still running in it are killed at the end.

    Folders of test runs that were themselves killed are removed here too, with the servers left in them.
    """
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        remove(folder)


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*-*"):
        maker = folder.name.removeprefix(TEMPORARY).partition("-")[0]
        is_ours = maker.isdigit() and folder.stat().st_uid == os.geteuid()
        if is_ours and not Path(f"/proc/{maker}").exists():
            remove(folder)

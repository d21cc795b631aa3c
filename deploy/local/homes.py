"""Where a private server keeps its files: in the folder asked for, or in /var/tmp if none may enter that."""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import ServerUser, can_enter, give, kill_all_in, server_users
from deploy.local.progress import LocalServerError, say

TEMPORARY = "nextgen-servers-"
OUTSIDE = Path("/var/tmp")  # noqa: S108 - survives a restart, and every user may pass through it


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that a server owns, and whom it runs as: None means as ourselves, who are not root."""

    path: Path
    user: ServerUser | None


def home_in(folder: Path, preferred: str) -> Home:
    """The home of the server in a folder, made if need be; as root it is owned by an unprivileged user.

    A folder below one that this user may not enter (such as /root) is of no use to it: the home is then a
    folder in /var/tmp that is named by the folder asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        home = Home(folder.resolve() / "home", None)
        home.path.mkdir(mode=0o700, exist_ok=True)
        return home
    users = server_users(preferred)
    inside, outside = folder.resolve() / "home", outside_home(folder)
    for path in (inside, outside):
        if path.exists():
            return Home(path, _owner(path, users))
    user = users[0]
    path = inside if can_enter(user, folder) else outside
    if path == outside:
        say(f"the user {user.name} may not enter {folder}: its data is in {path}")
    path.mkdir(mode=0o700)
    give(user, path)
    return Home(path, user)


def _owner(path: Path, users: list[ServerUser]) -> ServerUser:
    """Whom a home was given to; a stranger's folder in /var/tmp is refused, since its content is trusted."""
    status = path.lstat()
    for user in users:
        if stat.S_ISDIR(status.st_mode) and status.st_uid == user.uid:
            return user
    if stat.S_ISDIR(status.st_mode) and status.st_uid == 0:
        give(users[0], path)  # a start was killed between making the folder and giving it away
        return users[0]
    raise LocalServerError(f"{path} belongs to someone else; remove it")


def outside_home(folder: Path) -> Path:
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return OUTSIDE.resolve() / f"nextgen-{name}"


def remove(folder: Path) -> None:
    """End what runs in a folder, then delete it, and homes outside that belong to folders in it."""
    servers = [password.parent for password in folder.rglob("password")]
    for home in (*(outside_home(server) for server in servers), folder.resolve()):
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
        with suppress(FileNotFoundError):  # another test run removes it at this moment
            is_ours = maker.isdigit() and folder.stat().st_uid == os.geteuid()
            if is_ours and not Path(f"/proc/{maker}").exists():
                remove(folder)

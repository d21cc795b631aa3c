"""Debian packages for the servers: installed as root with no service started, or unpacked without root."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.locks import exclusive
from deploy.local.progress import say

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_BEFORE = Path("/usr/sbin/policy-rc.d.before-nextgen")
NO_POLICY_BEFORE = Path("/usr/sbin/policy-rc.d.absent-before-nextgen")
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/nextgen.conf")
STARTS_NOTHING = "#!/bin/sh\n# nextgen: installing packages must not start servers.\nexit 101\n"

# Held by apt-get itself too, so that it is free only once no installation is under way.
INSTALLING = Path("/run/nextgen-installing.lock")

UPDATE_SECONDS = 300
INSTALL_SECONDS = 900
PATIENT = (
    "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30", "-o", "DPkg::Lock::Timeout=120"
)  # fmt: skip
# Only the just-in-time compiler of PostgreSQL needs these, and private servers run without it.
NOT_UNPACKED = ("libllvm", "libz3")
# Erlang's start scripts name the folder they were installed in.
ERLANG_ROOT = "usr/lib/erlang"


class PackageError(Exception):
    """The packages can't be had; the text is one line."""


def has_apt() -> bool:
    return shutil.which("apt-get") is not None and shutil.which("dpkg") is not None


def install(names: list[str]) -> None:
    """Install packages as root; no service starts, and Debian makes no database cluster of its own."""
    say(f"installing {' and '.join(names)} from the distribution's packages (no service is started) ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    _update(["apt-get", *PATIENT, "-q", "update"], environment)
    command = ["apt-get", *PATIENT, "-q", "-y", "--no-install-recommends", "--no-upgrade", "install", *names]
    with exclusive(INSTALLING, deadline_seconds=INSTALL_SECONDS) as lock, _no_service_starts():
        _run(command, environment, INSTALL_SECONDS, keeps_open=lock)


@contextmanager
def _no_service_starts() -> Iterator[None]:
    _undo()
    if POLICY.exists():
        POLICY.rename(POLICY_BEFORE)
    else:
        NO_POLICY_BEFORE.touch()
    try:
        POLICY.write_text(STARTS_NOTHING, encoding="utf-8")
        POLICY.chmod(0o755)
        NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="utf-8")
        yield
    finally:
        _undo()


def undo_interrupted_installation() -> None:
    """Put back what an installation that was killed had changed for its duration, once apt-get has ended."""
    if os.geteuid() == 0 and any(path.exists() for path in (POLICY_BEFORE, NO_POLICY_BEFORE, NO_CLUSTER)):
        with exclusive(INSTALLING, deadline_seconds=INSTALL_SECONDS):
            _undo()


def _undo() -> None:
    if POLICY_BEFORE.exists():
        POLICY_BEFORE.rename(POLICY)
    elif NO_POLICY_BEFORE.exists():
        POLICY.unlink(missing_ok=True)
    NO_POLICY_BEFORE.unlink(missing_ok=True)
    NO_CLUSTER.unlink(missing_ok=True)


def unpack(name: str, folder: Path) -> None:
    """Download a package with all that this machine lacks for it, and unpack it in `folder/name`.

    It appears under that name only when it is whole.
    """
    say(f"downloading {name} to {folder} (nothing on the machine is changed) ...")
    lists, cache, downloads = folder / "lists", folder / "cache", folder / f"{name}.downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    for needed in (lists / "partial", cache / "archives" / "partial", downloads):
        needed.mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", *PATIENT, "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    _update([*apt, "-q", "update"], environment)
    simulate = ["-o", "Debug::NoLocking=1", "--simulate", "--no-install-recommends", "install", name]
    planned = _run([*apt, *simulate], environment, UPDATE_SECONDS)
    wanted = re.findall(r"^Inst (\S+)", planned, re.MULTILINE)
    chosen = [package for package in wanted if not package.startswith(NOT_UNPACKED)]
    say(f"downloading {len(chosen)} packages ...")
    _run([*apt, "-q", "download", *chosen], environment, INSTALL_SECONDS, working_folder=downloads)
    _unpack_all(sorted(downloads.glob("*.deb")), folder / name)
    shutil.rmtree(downloads)


def _unpack_all(archives: list[Path], final: Path) -> None:
    fresh = final.with_name(f"{final.name}.unpacking")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for archive in archives:
        _run(["dpkg", "-x", str(archive), str(fresh)], dict(os.environ), UPDATE_SECONDS)
    _move_erlang(fresh, final)
    shutil.rmtree(final, ignore_errors=True)
    fresh.rename(final)


def _move_erlang(root: Path, final: Path) -> None:
    for name in ("erl", "start"):
        script = root / ERLANG_ROOT / "bin" / name
        if script.is_file():
            text = script.read_text(encoding="utf-8")
            moved = re.sub(
                r"^(\s*)ROOTDIR=.*$", rf'\1ROOTDIR="{final / ERLANG_ROOT}"', text, flags=re.MULTILINE
            )
            script.write_text(moved, encoding="utf-8")


def library_path(root: Path) -> dict[str, str]:
    """What programs unpacked under a root folder need to find their libraries; empty for `/`."""
    if root == Path("/"):
        return {}
    folders = {path.parent for path in (root / "usr/lib").glob("*-linux-gnu*/*.so*")}
    folders |= {path.parent for path in (root / "lib").glob("*-linux-gnu*/*.so*")}
    return {"LD_LIBRARY_PATH": ":".join(str(folder) for folder in sorted(folders))}


def _update(command: list[str], environment: dict[str, str]) -> None:
    """A source that doesn't answer is no reason to stop: the lists of the others may be all that's needed."""
    try:
        _run(command, environment, UPDATE_SECONDS)
    except PackageError as error:
        say(f"the package lists are not all fresh ({error}); going on")


def _run(
    command: list[str],
    environment: dict[str, str],
    deadline_seconds: float,
    *,
    working_folder: Path | None = None,
    keeps_open: int | None = None,
) -> str:
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=working_folder,
            pass_fds=() if keeps_open is None else (keeps_open,),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=deadline_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PackageError(f"{command[0]} took longer than {deadline_seconds:.0f} s") from error
    if done.returncode != 0:
        problems = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("E:")]
        raise PackageError(f"{command[0]}: {problems[-1] if problems else f'exit code {done.returncode}'}")
    return done.stdout

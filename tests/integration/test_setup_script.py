"""The set-up script with stand-ins for Python: it says what is missing, and an ordinary user can run it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.installation import ROOT

COPIED = ("deploy/local/setup.sh", "requirements/dev.txt", "requirements/uv.txt", "pyproject.toml")
OTHER_NAMES = ("python3.12", "python3.13", "python3.14", "python3")
PYTHON = """#!/bin/sh
case "$*" in
  *ensurepip*) exit {venv} ;;
  *print*) echo 3.11 ;;
  --version) echo Python 3.11.9 ;;
  "-m venv --clear .venv") mkdir -p .venv/bin && cp tools/* .venv/bin/ ;;
esac
"""
TOOL = """#!/bin/sh
echo "$(basename "$0") $* cache=${UV_CACHE_DIR:-none}" >> calls
"""
SECONDS = 60


@dataclass(frozen=True)
class Checkout:
    """A copy of what the script reads, with stand-ins first in PATH; run by whom it is given to."""

    folder: Path
    user: int | None

    def set_up(self) -> "subprocess.CompletedProcess[str]":
        """Run the script with a home that nobody may write to."""
        return subprocess.run(
            ["/bin/sh", "deploy/local/setup.sh"],
            cwd=self.folder,
            env={"PATH": f"{self.folder / 'stand-ins'}:/usr/bin:/bin", "HOME": "/nonexistent"},
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def calls(self) -> list[str]:
        """What was done with the environment's own programs."""
        return (self.folder / "calls").read_text().splitlines()


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def a_checkout(folder: Path, *, has_venv: bool, user: int | None) -> Checkout:
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    write_program(folder / "stand-ins/python3.11", PYTHON.format(venv=0 if has_venv else 1))
    for name in OTHER_NAMES:
        write_program(folder / "stand-ins" / name, "#!/bin/sh\nexit 127\n")
    for name in ("python", "uv"):
        write_program(folder / "tools" / name, TOOL)
    write_program(folder / "deploy/assets/build.sh", "#!/bin/sh\n")
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user)
    return Checkout(folder, user)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, which pytest's own is not."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def ordinary_user() -> int | None:
    """Nobody, if the tests run as root; else ourselves."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def test_without_venv_one_line_names_the_package(folder: Path) -> None:
    checkout = a_checkout(folder, has_venv=False, user=None)

    ended = checkout.set_up()

    assert ended.returncode != 0
    assert ended.stdout == ""
    assert ended.stderr == "[setup] Python's venv module is missing: apt-get install python3.11-venv\n"
    assert not (folder / ".venv").exists()


def test_without_venv_an_ordinary_user_is_told_the_same(folder: Path, ordinary_user: int | None) -> None:
    checkout = a_checkout(folder, has_venv=False, user=ordinary_user)

    ended = checkout.set_up()

    assert ended.returncode != 0
    assert ended.stderr == "[setup] Python's venv module is missing: apt-get install python3.11-venv\n"


def test_without_any_python_one_line_names_the_packages(folder: Path) -> None:
    checkout = a_checkout(folder, has_venv=True, user=None)
    write_program(folder / "stand-ins/python3.11", "#!/bin/sh\nexit 127\n")

    ended = checkout.set_up()

    assert ended.returncode != 0
    assert ended.stderr == "[setup] Python 3.11 or newer is needed: apt-get install python3 python3-venv\n"


def test_an_ordinary_user_without_a_home_sets_up_once(folder: Path, ordinary_user: int | None) -> None:
    checkout = a_checkout(folder, has_venv=True, user=ordinary_user)

    first = checkout.set_up()
    done = checkout.calls()
    second = checkout.set_up()

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "-m pip install --quiet --require-hashes -r requirements/uv.txt" in done[0]
    assert ["uv" in call and f"cache={folder.resolve()}/.local/cache/uv" in call for call in done[1:]] == [
        True
    ] * 2
    assert second.stderr == ""
    assert [call for call in checkout.calls() if not call.startswith("python -c")] == done
    made_by = {path.stat().st_uid for path in (folder / ".venv").rglob("*")}
    assert made_by == {os.geteuid() if ordinary_user is None else ordinary_user}

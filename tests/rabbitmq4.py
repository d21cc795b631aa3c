"""The messaging tests once more, on RabbitMQ 4: `python -m tests.rabbitmq4 [ARGUMENTS OF PYTEST]`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy.local.binaries import CHECKOUT, RabbitBinaries
from deploy.local.homes import home_in, temporary_folder
from deploy.local.progress import LocalServerError, say
from deploy.local.rabbitmq import RabbitNode
from deploy.local.servers import start
from tests.servers import FOLDER

TESTS = (
    "tests/contract/test_client_library.py",
    "tests/contract/test_client_library_closing.py",
    "tests/contract/test_client_library_consuming.py",
    "tests/integration/test_delivery.py",
    "tests/integration/test_groups.py",
    "tests/integration/test_hostile_messages.py",
    "tests/integration/test_permissions.py",
    "tests/integration/test_redrive.py",
    "tests/integration/test_relay.py",
    "tests/integration/test_replay_and_trace.py",
    "tests/integration/test_requests.py",
    "tests/integration/test_settler.py",
    "tests/faults/test_crash_loop.py",
    "tests/faults/test_crash_points.py",
    "tests/faults/test_drain.py",
    "tests/faults/test_lost_connections.py",
    "tests/faults/test_network.py",
    "tests/faults/test_replicas.py",
)
"""Those that use the broker which all tests share."""
RELEASE = "trixie"
TOOLS = ("mmdebstrap", "bwrap")
HOW = (
    "run it as root with mmdebstrap and bubblewrap installed (apt-get install mmdebstrap bubblewrap), "
    "or give BROKER_URL and BROKER_ADMIN_URL of a RabbitMQ 4"
)
INSIDE = """\
#!/bin/sh
exec bwrap --bind "{root}" / --dev /dev --proc /proc --tmpfs /tmp \\
    --bind "$HOME" "$HOME" --chdir "$HOME" {program} "$@"
"""


def main(arguments: list[str]) -> int:
    """Run the tests on a RabbitMQ 4; the exit code is that of pytest."""
    given = {name: os.environ[name] for name in ("BROKER_URL", "BROKER_ADMIN_URL") if os.environ.get(name)}
    if len(given) == 2:
        return _run_tests(given, arguments)
    with _a_node() as node:
        return _run_tests({"BROKER_URL": node.url, "BROKER_ADMIN_URL": node.admin_url}, arguments)


def _run_tests(broker: dict[str, str], arguments: list[str]) -> int:
    version = _version_of(broker["BROKER_ADMIN_URL"])
    if not version.startswith("4."):
        raise LocalServerError(f"BROKER_URL is a RabbitMQ {version}; {HOW}")
    say(f"the messaging tests on RabbitMQ {version}")
    database = os.environ.get("DATABASE_ADMIN_URL") or start(FOLDER, is_fast=True).postgres_url
    environment = {**os.environ, **broker, "DATABASE_ADMIN_URL": database}
    chosen = [*arguments, *(() if any(a.startswith("tests/") for a in arguments) else TESTS)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *chosen], env=environment, cwd=CHECKOUT, check=False
    ).returncode


def _version_of(admin_url: str) -> str:
    try:
        answer = httpx.get(f"{admin_url}/api/overview", trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        raise LocalServerError(f"BROKER_ADMIN_URL doesn't answer ({type(error).__name__})") from None
    return str(answer.json()["rabbitmq_version"])


@contextmanager
def _a_node() -> Iterator[RabbitNode]:
    if os.geteuid() != 0 or not all(shutil.which(tool) for tool in TOOLS):
        raise LocalServerError(HOW)
    root = _root_file_system()
    with temporary_folder() as folder:
        node = RabbitNode(folder / "rabbitmq", binaries=_programs_in(root, folder))
        node.start()
        yield node


def _root_file_system() -> Path:
    """Debian with its RabbitMQ, made once, where the server's user may enter."""
    home = home_in(CHECKOUT / ".local" / "rabbitmq4", "rabbitmq").path
    root, draft = home / RELEASE, home / "draft"
    if not root.exists():
        shutil.rmtree(draft, ignore_errors=True)
        say(f"making a root file system with Debian {RELEASE}'s RabbitMQ (about two minutes) ...")
        # It keeps the packages from starting daemons.
        command = ["mmdebstrap", "--quiet", "--variant=apt", "--include=rabbitmq-server", RELEASE]
        if subprocess.run([*command, str(draft)], check=False).returncode != 0:
            raise LocalServerError(f"mmdebstrap failed; {HOW}")
        shutil.copy("/etc/hosts", draft / "etc/hosts")
        draft.rename(root)
    return root


def _programs_in(root: Path, folder: Path) -> RabbitBinaries:
    """Scripts that run the programs of that root file system with the node's home in it."""
    epmd = max((root / "usr/lib/erlang").glob("erts-*/bin/epmd")).relative_to(root)
    programs = {
        "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
        "rabbitmqctl": "/usr/lib/rabbitmq/bin/rabbitmqctl",
        "epmd": f"/{epmd}",
    }
    for name, program in programs.items():
        script = folder / name
        script.write_text(INSIDE.format(root=root, program=program))
        script.chmod(0o755)
    server, control, epmd_script = (folder / name for name in programs)
    return RabbitBinaries(server=server, control=control, epmd=epmd_script)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (LocalServerError, OSError) as failed:
        sys.exit(f"[rabbitmq 4] {failed}")

"""Holds what can be held of image and compose file without an engine: rights, limits, stages, packages."""

import ast
import asyncio
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.local.ports import choose, is_open
from deploy.tool import ready
from deploy.tool.installing import NUMBER
from shared.health import serve_health
from shared.messaging.topology import SERVICES
from shared.settings import ServiceSettings
from tests.contract.compose_file import read_compose
from tests.installation import until

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = read_compose(DEPLOY / "compose.yaml")
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
INSTRUCTIONS = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text()))
STAGES = {
    name: body.splitlines()
    for name, body in re.findall(r"(?m)^FROM \S+ AS (\w+)\n((?:(?!FROM ).*\n?)*)", INSTRUCTIONS)
}
IN_IMAGE = "/var/lib/nextgen/1/settings"
EDGE = "portal"


def requirements(name: str) -> dict[str, str]:
    """Each locked package with the text of its entry."""
    entries = re.findall(r"(?m)^(\S.*(?:\n[ \t]+.*)*)", (ROOT / "requirements" / name).read_text())
    return {re.split(r"[=\[ ;]", entry)[0]: entry for entry in entries if not entry.startswith("#")}


def modules_of(packages: set[str]) -> set[str]:
    """The modules that these packages bring, and no other package does."""
    return {
        module
        for module, sources in importlib.metadata.packages_distributions().items()
        if {re.sub(r"[-_.]+", "-", source).lower() for source in sources} <= packages
    }


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_every_container_is_read_only_without_capabilities_and_within_limits(name: str) -> None:
    container = CONTAINERS[name]

    assert container["read_only"] == "true"
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[0-9]+[mg]", container["mem_limit"])
    assert int(container["pids_limit"]) <= 400
    assert ("ports" in container) == (name == EDGE), "the edge alone is reached from outside"
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode"} & set(container)
    assert container.get("user") != "root"


@pytest.mark.parametrize("service", (*SERVICES, EDGE))
def test_every_service_has_a_container_that_waits_for_the_setup_and_may_drain(service: str) -> None:
    container = CONTAINERS[service]

    assert container["command"] == ["python", "-m", f"services.{service}"]
    assert container["depends_on"]["setup"] == {"condition": "service_completed_successfully"}
    assert "entrypoint" not in container
    assert "healthcheck" not in container, "the image's own asks /ready"
    drain_seconds = next(f for f in msgspec.structs.fields(ServiceSettings) if f.name == "drain_seconds")
    assert int(container["stop_grace_period"].removesuffix("s")) > drain_seconds.default


def test_only_services_servers_and_the_setup_run() -> None:
    assert set(CONTAINERS) == {*SERVICES, EDGE, "postgres", "rabbitmq", "setup"}


@pytest.mark.parametrize("service", SERVICES)
def test_statements_and_exports_outlive_the_container_and_lie_in_one_place(service: str) -> None:
    container = CONTAINERS[service]

    url = container["environment"][f"NEXTGEN_{service.upper()}_OBJECTS_URL"]
    assert url == "file:///var/lib/statements"
    assert "statements:/var/lib/statements" in container["volumes"]
    assert "statements" in COMPOSE["volumes"]


def test_the_edge_is_published_on_this_machine_and_listens_where_it_is_published() -> None:
    edge = CONTAINERS[EDGE]

    assert edge["ports"] == ["${PORTAL_ADDRESS:-127.0.0.1}:${PORTAL_PORT:-8080}:8080"]
    listening = [edge["environment"][f"NEXTGEN_PORTAL_{name}"] for name in ("ADDRESS", "PORT", "HEALTH_PORT")]
    assert listening == ["0.0.0.0", "8080", "8081"]  # noqa: S104 (inside a container)


def test_only_notify_and_the_edge_reach_or_are_reached_from_the_outside() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": "true"}

    networks = {name: container["networks"] for name, container in CONTAINERS.items()}
    outside = {name: more for name, (_, *more) in networks.items() if more}
    assert outside == {"notify": ["outside"], EDGE: ["front"]}
    assert {first for first, *_ in networks.values()} == {"inside"}


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    users = [line.split()[1] for line in STAGES["final"] if line.startswith("USER ")]

    assert list(STAGES) == ["base", "build", "final"]
    assert len(users) == 1
    assert re.fullmatch(r"[1-9][0-9]{4}:[1-9][0-9]{4}", users[0])
    assert not any(line.startswith(("RUN ", "COPY ")) for line in STAGES["final"][-3:])


def test_the_image_starts_programs_without_a_shell_and_asks_ready() -> None:
    commands = [line for line in STAGES["final"] if re.match(r"(CMD|ENTRYPOINT|HEALTHCHECK) ", line)]

    assert [line.split()[0] for line in commands] == ["HEALTHCHECK", "CMD"]
    assert 'CMD ["python", "-m", "deploy.tool.ready"]' in commands[0]
    assert isinstance(ast.literal_eval(commands[1].removeprefix("CMD ")), list)


def test_packages_are_installed_with_hashes_and_only_in_the_stage_that_is_thrown_away() -> None:
    installing = [line for line in STAGES["build"] if " pip " in line and " install " in line]

    assert len(installing) == 2, "what the image keeps, and Node.js for the files of pages"
    for line, name in zip(installing, ("runtime", "assets"), strict=True):
        assert "--require-hashes" in line
        assert "--only-binary :all:" in line
        assert f"--requirement /build/{name}.txt" in line
        assert f"COPY requirements/{name}.txt /build/" in STAGES["build"]
    assert [" --python /opt/nextgen/bin/python " in line for line in installing] == [True, False]
    kept = "\n".join([*STAGES["base"], *STAGES["final"]])
    assert not re.search(r"\bpip\b|python3-venv|build-essential|\bgcc\b|-dev\b|\buv\b|requirements", kept)
    copies = [line for line in STAGES["final"] if line.startswith("COPY")]
    assert copies == ["COPY --from=build /opt/nextgen /opt/nextgen"]


def test_every_locked_package_is_pinned_and_hashed() -> None:
    for name, entry in requirements("runtime.txt").items():
        assert re.match(rf"{re.escape(name)}(\[\w+\])?==\S+", entry), name
        assert "--hash=sha256:" in entry, name


def test_the_image_gets_no_package_of_development() -> None:
    named = re.search(r"(?s)^dev = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert named is not None
    wanted = {re.split(r"[=><\[]", text)[0] for text in re.findall(r'"([^"]+)"', named[1])}

    assert {"pytest", "mypy", "aiosmtpd"} <= wanted
    assert not wanted & set(requirements("runtime.txt"))


def test_services_and_tool_need_no_package_of_development() -> None:
    development = set(requirements("dev.txt")) - set(requirements("runtime.txt"))
    absent = modules_of(development)
    assert {"pytest", "aiosmtpd"} <= absent
    programs = [f"services.{service}.__main__" for service in (*SERVICES, EDGE)]
    program = f"""
import sys
class Incomplete:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        is_absent = name.split(".")[0] in {sorted(absent)!r}
        return None if is_absent else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Incomplete(finder) for finder in sys.meta_path]
import {", ".join(["deploy.tool.__main__", "deploy.tool.ready", *programs])}
"""

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_the_build_sees_what_it_copies_and_no_secret() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = {
        line.split()[1] for line in STAGES["build"] if line.startswith("COPY ") and "--from" not in line
    }

    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert {path.split("/")[0] for path in copied} == {path.split("/")[0] for path in allowed}
    assert {path for path in allowed if path.startswith("deploy")} == {
        f"deploy/{name}" for name in ("__init__.py", "assets", "demo", "local", "tool")
    }
    assert all((ROOT / path).exists() for path in allowed)


def test_the_image_makes_the_folders_that_volumes_are_mounted_on() -> None:
    made = next(line for line in STAGES["final"] if "install -d" in line)
    folders = set(re.findall(r"(?<= )/\S+", made.partition("install -d")[2]))

    mounted = {
        volume.split(":")[1] for name in (*SERVICES, EDGE, "setup") for volume in CONTAINERS[name]["volumes"]
    }
    assert mounted <= folders
    assert f"{IN_IMAGE}/linking" in folders
    assert f"/var/lib/nextgen/{NUMBER}/settings" == IN_IMAGE
    assert "NEXTGEN_STORIES=/var/lib/nextgen" in "".join(STAGES["final"])


async def test_the_image_is_healthy_when_its_service_says_ready_and_else_not(tmp_path: Path) -> None:
    port = choose(tmp_path / "ports.json", ("health",))["health"]
    answers = [True, False]

    async def is_ready() -> bool:
        return answers.pop(0)

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(serve_health(port, is_ready))
        await until(lambda: asyncio.to_thread(is_open, port), "health is served")
        healthy = [await asyncio.to_thread(ready.is_ready, port) for _ in range(2)]
        serving.cancel()

    assert healthy == [True, False]
    assert not ready.is_ready(port), "nothing listens any more"


def test_the_health_port_is_that_of_the_one_service_in_the_container() -> None:
    assert ready.health_port({"NEXTGEN_LINKING_HEALTH_PORT": "8080", "PATH": "/bin"}) == 8080
    assert ready.health_port({}) is None
    assert ready.health_port({"NEXTGEN_LINKING_HEALTH_PORT": "1", "NEXTGEN_NOTIFY_HEALTH_PORT": "2"}) is None

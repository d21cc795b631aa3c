"""The processes of a story: services, web edge and mail server, each known by the folder it works in."""

import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local import mail_sink
from deploy.local import processes as local
from deploy.local.ports import choose
from deploy.local.progress import LocalServerError, last_lines, wait_until
from deploy.tool import stories
from deploy.tool.stories import EDGE, PROCESSES, Story

READY_SECONDS = 60
DRAIN_SECONDS = 40
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def start(story: Story) -> dict[str, int]:
    """Start what doesn't run yet and wait until all are ready; answers the ports by name."""
    stop_others(story)
    mail_port = mail_sink.start(story.mail)
    (story.folder / "run").mkdir(exist_ok=True)
    missing = [service for service in PROCESSES if not local.running_in(_folder(story, service))]
    ports = {**_ports(story, missing), "mail": mail_port}
    for service in missing:
        _launch(story, service, ports)
    for service in PROCESSES:
        _wait_until_ready(story, service, ports[service])
    return ports


def stop(story: Story) -> None:
    """SIGTERM to all processes of a story: they drain, and end; what does not end in time is killed."""
    folders = [_folder(story, service) for service in PROCESSES]
    running = [pid for folder in folders for pid in local.running_in(folder)]
    local.send(running, signal.SIGTERM)
    if not local.wait_until_gone(running, DRAIN_SECONDS):
        for folder in folders:
            local.kill_all_in(folder)
    mail_sink.stop(story.mail)


def stop_others(story: Story | None) -> None:
    """Stop the processes of all stories but this one; their data stays."""
    for number in stories.numbers():
        if story is None or number != story.record.number:
            stop(stories.load(number))


def is_ready(port: int) -> bool:
    """Does the service say that it takes work?"""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def policies_of(port: int) -> str:
    """The digest of the policies that a service works by, as its metrics tell."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5, trust_env=False)
    except httpx.HTTPError:
        return "unknown"
    found = re.search(r'^nextgen_policies_info\{digest="([0-9a-f]+)"\}', answer.text, flags=re.MULTILINE)
    return found.group(1) if found else "unknown"


def log_of(story: Story, service: str) -> Path:
    """The log of a service: one JSON object a line."""
    return story.folder / "logs" / f"{service}.log"


def ports_of(story: Story) -> dict[str, int]:
    """The ports as of the last start: of each process's health, and `web`."""
    from deploy.local.ports import remembered

    files = (_ports_file(story, process) for process in PROCESSES)
    return {name: port for file in files for name, port in remembered(file).items()}


def _launch(story: Story, service: str, ports: Mapping[str, int]) -> None:
    folder = _folder(story, service)
    folder.mkdir(parents=True, exist_ok=True)
    log_of(story, service).parent.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    policies = {k: v for k, v in os.environ.items() if k == "NEXTGEN_POLICIES_FILE"}
    local.start_detached(
        [sys.executable, "-m", f"services.{service}"],
        user=None,
        environment={**kept, **policies, **story.environment(service, ports)},
        folder=folder,
        log_path=log_of(story, service),
    )


def _wait_until_ready(story: Story, service: str, port: int) -> None:
    log = log_of(story, service)
    try:
        wait_until(
            lambda: is_ready(port),
            what=f"the start of {service}",
            deadline_seconds=READY_SECONDS,
            log_path=log,
            is_hopeless=lambda: not local.running_in(_folder(story, service)),
        )
    except LocalServerError:
        print(f"{service} did not become ready; its log ends:{last_lines(log)}", file=sys.stderr)
        raise


def _ports(story: Story, missing: list[str]) -> dict[str, int]:
    chosen = {}
    for service in PROCESSES:
        path = _ports_file(story, service)
        if service in missing:
            chosen.update(choose(path, (service, "web") if service == EDGE else (service,)))
    return {**ports_of(story), **chosen}


def _ports_file(story: Story, service: str) -> Path:
    return story.folder / "run" / f"{service}.port"


def _folder(story: Story, service: str) -> Path:
    return (story.folder / "run" / service).resolve()

"""The PostgreSQL and RabbitMQ of this checkout: given in the environment, in Docker, or started privately."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from deploy.local.binaries import CHECKOUT, find_or_install
from deploy.local.containers import Containers
from deploy.local.files import write_whole
from deploy.local.locks import exclusive
from deploy.local.postgres import PostgresServer
from deploy.local.progress import LocalServerError, say
from deploy.local.rabbitmq import RabbitNode

if TYPE_CHECKING:
    from deploy.local.engine import Engine

DEFAULT_FOLDER = CHECKOUT / ".local" / "servers"
LOCK_SECONDS = 1_800
GIVEN = ("BROKER_URL", "BROKER_ADMIN_URL", "DATABASE_ADMIN_URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Addresses of running servers.

    `postgres_url` has a login that may create databases and roles; `broker_url` has neither login nor virtual
    host; `broker_admin_url` is the management API with an administrator's login, good for the broker too.
    """

    postgres_url: str
    broker_url: str
    broker_admin_url: str
    origin: Literal["environment", "docker", "private"]


def resolve(
    folder: Path = DEFAULT_FOLDER, environment: Mapping[str, str] = os.environ, *, is_fast: bool = False
) -> Servers:
    """The servers given in the environment; else those of a Docker engine that answers; else private ones.

    A folder keeps to what it was first started with, and so its data. Raises LocalServerError when only some
    addresses are given, or nothing can be started.
    """
    given = from_environment(environment)
    if given is not None:
        return given
    before = _remembered(folder)
    engine = None if before is not None and before.origin == "private" else _find_engine(environment)
    if engine is not None:
        return start_in_docker(engine, folder)
    if before is not None and before.origin == "docker":
        raise LocalServerError(f"the servers in {folder} are Docker's, which does not answer: start Docker")
    return start(folder, is_fast=is_fast)


def from_environment(environment: Mapping[str, str]) -> Servers | None:
    """The servers whose addresses are given, if all are; none if none is.

    `X_FILE` names a file that holds `X`.
    """
    given = {name: _read_given(environment, name) for name in GIVEN}
    missing = [name for name, address in given.items() if not address]
    if len(missing) == len(GIVEN):
        return None
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise LocalServerError(
            f"{' and '.join(missing)} {verb} missing: give all of {', '.join(GIVEN)}, or none"
        )
    broker = urlsplit(given["BROKER_URL"])
    return Servers(
        postgres_url=given["DATABASE_ADMIN_URL"],
        broker_url=f"{broker.scheme}://{broker.netloc.rpartition('@')[2]}",
        broker_admin_url=given["BROKER_ADMIN_URL"].rstrip("/"),
        origin="environment",
    )


def start(folder: Path = DEFAULT_FOLDER, *, is_fast: bool = False) -> Servers:
    """Start private servers, or find them running; their data is kept from one start to the next.

    A fast PostgreSQL doesn't wait for the disk: for tests, whose data needn't survive a fall of the machine.
    """
    with exclusive(folder / "lock", deadline_seconds=LOCK_SECONDS):
        find_or_install()
        postgres = PostgresServer(folder / "postgres", is_fast=is_fast)
        rabbitmq = RabbitNode(folder / "rabbitmq")
        is_running = postgres.is_ready() and rabbitmq.is_ready()
        if not is_running:
            say("starting a private PostgreSQL and a private RabbitMQ (about ten seconds) ...")
        postgres.start()
        rabbitmq.start()
        servers = Servers(
            postgres_url=postgres.url,
            broker_url=rabbitmq.url,
            broker_admin_url=rabbitmq.admin_url,
            origin="private",
        )
        _remember(folder, servers)
    if not is_running:
        say(f"PostgreSQL on port {postgres.port}, RabbitMQ on port {rabbitmq.port}, in {folder}")
    return servers


def start_in_docker(engine: "Engine", folder: Path = DEFAULT_FOLDER) -> Servers:
    """Start two containers, or find them running; their data is kept in volumes."""
    with exclusive(folder / "lock", deadline_seconds=LOCK_SECONDS):
        containers = Containers(engine, folder / "docker")
        if not containers.is_ready():
            say(f"starting the containers {' and '.join(containers.names)} ...")
        try:
            containers.start()
        except OSError as error:
            raise LocalServerError(f"the Docker engine stopped answering: {error!r}") from error
        servers = Servers(
            postgres_url=containers.postgres_url,
            broker_url=containers.broker_url,
            broker_admin_url=containers.broker_admin_url,
            origin="docker",
        )
        _remember(folder, servers)
    say(f"PostgreSQL and RabbitMQ run in the containers {' and '.join(containers.names)}")
    return servers


def status(folder: Path = DEFAULT_FOLDER, environment: Mapping[str, str] = os.environ) -> Servers | None:
    """The servers of the folder if both run; nothing is started."""
    before = _remembered(folder)
    if before is None:
        return None
    if before.origin == "docker":
        engine = _find_engine(environment)
        return before if engine and Containers(engine, folder / "docker").is_ready() else None
    is_ready = PostgresServer(folder / "postgres").is_ready() and RabbitNode(folder / "rabbitmq").is_ready()
    return before if is_ready else None


def stop(folder: Path = DEFAULT_FOLDER, environment: Mapping[str, str] = os.environ) -> None:
    """End the servers of the folder; their data stays."""
    if not folder.is_dir():
        return
    with exclusive(folder / "lock", deadline_seconds=LOCK_SECONDS):
        before = _remembered(folder)
        engine = _find_engine(environment) if before is not None and before.origin == "docker" else None
        if engine is not None:
            Containers(engine, folder / "docker").stop()
        else:
            RabbitNode(folder / "rabbitmq").stop()
            PostgresServer(folder / "postgres").stop()
    say("stopped; the data is kept")


def _find_engine(environment: Mapping[str, str]) -> "Engine | None":
    # Imported late: the services' image, which is always given its servers, has no Docker SDK.
    from deploy.local.engine import find_engine

    return find_engine(environment)


def _read_given(environment: Mapping[str, str], name: str) -> str:
    path = environment.get(f"{name}_FILE")
    if not path:
        return environment.get(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise LocalServerError(f"{name}_FILE names a file that can't be read") from error


def _remembered(folder: Path) -> Servers | None:
    path = folder / "servers.json"
    return Servers(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def _remember(folder: Path, servers: Servers) -> None:
    write_whole(folder / "servers.json", json.dumps(asdict(servers), indent=2) + "\n")

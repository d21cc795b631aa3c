"""The PostgreSQL and RabbitMQ of this checkout: given in the environment, in Docker, or started privately."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from deploy.local.binaries import CHECKOUT
from deploy.local.files import write_whole
from deploy.local.locks import exclusive
from deploy.local.postgres import PostgresServer
from deploy.local.progress import LocalServerError, say
from deploy.local.rabbitmq import RabbitNode

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


def resolve(folder: Path = DEFAULT_FOLDER, environment: Mapping[str, str] = os.environ) -> Servers:
    """The servers given in the environment; else those of a Docker engine that answers; else private ones.

    Raises LocalServerError when only some addresses are given, or nothing can be started.
    """
    return from_environment(environment) or start(folder)


def from_environment(environment: Mapping[str, str]) -> Servers | None:
    """The servers whose addresses are given, if all are; none if none is."""
    missing = [name for name in GIVEN if not environment.get(name)]
    if len(missing) == len(GIVEN):
        return None
    if missing:
        raise LocalServerError(f"{' and '.join(missing)} missing: give all of {', '.join(GIVEN)}, or none")
    broker = urlsplit(environment["BROKER_URL"])
    return Servers(
        postgres_url=environment["DATABASE_ADMIN_URL"],
        broker_url=f"{broker.scheme}://{broker.netloc.rpartition('@')[2]}",
        broker_admin_url=environment["BROKER_ADMIN_URL"].rstrip("/"),
        origin="environment",
    )


def start(folder: Path = DEFAULT_FOLDER) -> Servers:
    """Start private servers, or find them running; their data is kept from one start to the next."""
    with exclusive(folder / "lock", deadline_seconds=LOCK_SECONDS):
        postgres = PostgresServer(folder / "postgres")
        if not postgres.is_ready():
            say("starting a private PostgreSQL ...")
            postgres.start()
        rabbitmq = RabbitNode(folder / "rabbitmq")
        if not rabbitmq.is_ready():
            say("starting a private RabbitMQ (about ten seconds) ...")
            rabbitmq.start()
        servers = Servers(
            postgres_url=postgres.url,
            broker_url=rabbitmq.url,
            broker_admin_url=rabbitmq.admin_url,
            origin="private",
        )
        write_whole(folder / "servers.json", json.dumps(asdict(servers), indent=2) + "\n")
    say(f"PostgreSQL on port {postgres.port}, RabbitMQ on port {rabbitmq.port}, in {folder}")
    return servers


def stop(folder: Path = DEFAULT_FOLDER) -> None:
    """End the private servers; their data stays."""
    if not folder.is_dir():
        return
    with exclusive(folder / "lock", deadline_seconds=LOCK_SECONDS):
        RabbitNode(folder / "rabbitmq").stop()
        PostgresServer(folder / "postgres").stop()
    say("stopped; the data is kept")

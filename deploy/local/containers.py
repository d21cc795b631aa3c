"""PostgreSQL and RabbitMQ in containers that go on running, their data in volumes of the same names."""

import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local import management, ports
from deploy.local.files import kept_secret
from deploy.local.progress import wait_until
from deploy.local.rabbitmq import CONSUMER_TIMEOUT_MILLISECONDS, LARGEST_MESSAGE_BYTES

if TYPE_CHECKING:
    from deploy.local.engine import Engine

ADMIN = "nextgen_admin"
POSTGRES_IMAGE = "postgres:15"
RABBITMQ_IMAGE = "rabbitmq:3-management"
POSTGRES_PORT, BROKER_PORT, MANAGEMENT_PORT = 5432, 5672, 15672
START_SECONDS = 180
ANSWER_SECONDS = 2
PORT_NAMES = ("postgres", "amqp", "management")

# As in private servers: what a failed statement or its parameters hold must never reach the log.
POSTGRES_SETTINGS = {
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
SSL_REQUEST = struct.pack("!ii", 8, 80877103)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What one server needs of a container, whoever makes it."""

    image: str
    environment: dict[str, str]
    command: list[str]
    data_folder: str
    hostname: str = "nextgen"  # RabbitMQ names its database by its host


def postgres_container(password: str, settings: Mapping[str, str] = POSTGRES_SETTINGS) -> Container:
    return Container(
        image=POSTGRES_IMAGE,
        environment={
            "POSTGRES_USER": ADMIN,
            "POSTGRES_PASSWORD": password,
            "POSTGRES_DB": "postgres",
            "POSTGRES_INITDB_ARGS": "--locale=C.UTF-8 --encoding=UTF8",
        },
        command=["postgres", *(part for pair in settings.items() for part in ("-c", "=".join(pair)))],
        data_folder="/var/lib/postgresql/data",
    )


def rabbitmq_container(password: str) -> Container:
    return Container(
        image=RABBITMQ_IMAGE,
        environment=broker_environment(password),
        command=["rabbitmq-server"],
        data_folder="/var/lib/rabbitmq",
    )


def broker_environment(password: str) -> dict[str, str]:
    """What the broker's container is told: its administrator, and the largest body that it takes."""
    return {
        "RABBITMQ_DEFAULT_USER": ADMIN,
        "RABBITMQ_DEFAULT_PASS": password,
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-rabbit max_message_size {LARGEST_MESSAGE_BYTES}"
        f" consumer_timeout {CONSUMER_TIMEOUT_MILLISECONDS}",
    }


class Containers:
    """The two containers of one folder; their names and passwords are kept in it."""

    def __init__(self, engine: "Engine", folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        name = f"nextgen-{kept_secret(folder / 'name')[:12]}"
        self.names = (f"{name}-postgres", f"{name}-rabbitmq")
        self._password = kept_secret(folder / "password")

    @property
    def _ports(self) -> dict[str, int]:
        return ports.remembered(self._folder / "ports.json")

    @property
    def postgres_url(self) -> str:
        return f"postgresql://{ADMIN}:{self._password}@127.0.0.1:{self._ports['postgres']}/postgres"

    @property
    def broker_url(self) -> str:
        return f"amqp://127.0.0.1:{self._ports['amqp']}"

    @property
    def broker_admin_url(self) -> str:
        return f"http://{ADMIN}:{self._password}@127.0.0.1:{self._ports['management']}"

    def is_ready(self) -> bool:
        return bool(self._ports) and self._postgres_answers() and self._rabbitmq_answers()

    def start(self) -> None:
        """Start both unless they run, and wait until they accept connections."""
        if self.is_ready():
            return
        if not all(self._engine.is_running(name) for name in self.names):
            self.stop()  # a port that one of them holds would count as taken
            ports.choose(self._folder / "ports.json", PORT_NAMES)
        postgres, rabbitmq = self.names
        self._engine.ensure_running(
            postgres, postgres_container(self._password), {POSTGRES_PORT: self._ports["postgres"]}
        )
        self._engine.ensure_running(
            rabbitmq,
            rabbitmq_container(self._password),
            {BROKER_PORT: self._ports["amqp"], MANAGEMENT_PORT: self._ports["management"]},
        )
        self._wait(postgres, self._postgres_answers)
        self._wait(rabbitmq, self._rabbitmq_answers)

    def stop(self) -> None:
        """Stop both; the data stays in their volumes."""
        for name in self.names:
            self._engine.stop(name)

    def _postgres_answers(self) -> bool:
        """Docker accepts connections before the server does: only an answer in PostgreSQL's words counts."""
        try:
            with socket.create_connection(("127.0.0.1", self._ports["postgres"]), ANSWER_SECONDS) as probe:
                probe.sendall(SSL_REQUEST)
                return probe.recv(1) in {b"S", b"N"}
        except OSError:
            return False

    def _rabbitmq_answers(self) -> bool:
        return management.is_listening(self.broker_admin_url, BROKER_PORT)

    def _wait(self, name: str, answers: Callable[[], bool]) -> None:
        wait_until(
            partial(self._check, name, answers),
            what=f"starting the container {name}",
            deadline_seconds=START_SECONDS,
            log_path=self._log_path(name),
            is_hopeless=lambda: not self._engine.is_running(name),
        )

    def _check(self, name: str, answers: Callable[[], bool]) -> bool:
        if answers():
            return True
        self._log_path(name).write_text(self._engine.log_of(name), encoding="utf-8")
        return False

    def _log_path(self, name: str) -> Path:
        return self._folder / f"{name}.log"

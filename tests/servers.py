"""The servers of a test session: given, in containers that vanish with it, or private ones that stay."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import ExecWaitStrategy, HttpWaitStrategy

from deploy.local import containers
from deploy.local.engine import find_engine
from deploy.local.progress import LocalServerError
from deploy.local.servers import Servers, from_environment, start

FOLDER = Path(__file__).parent.parent / ".local" / "test-servers"
START_SECONDS = 120
# Nothing need survive the session.
FAST = {"fsync": "off", "full_page_writes": "off"}


@contextmanager
def servers_of_session() -> Iterator[Servers]:
    """The servers that are given; else containers, if a Docker engine answers; else private ones."""
    given = from_environment(os.environ)
    if given is not None:
        yield given
    elif find_engine(os.environ) is not None:
        with _in_containers() as made:
            yield made
    else:
        yield start(FOLDER, is_fast=True)


def prepare() -> None:
    """Do what may take minutes before any test's deadline runs: pull images, or start private servers."""
    if from_environment(os.environ) is not None:
        return
    engine = find_engine(os.environ)
    if engine is None:
        start(FOLDER, is_fast=True)
        return
    reaper = () if testcontainers_config.ryuk_disabled else (testcontainers_config.ryuk_image,)
    for image in (containers.POSTGRES_IMAGE, containers.RABBITMQ_IMAGE, *reaper):
        engine.ensure_image(image)


@contextmanager
def _in_containers() -> Iterator[Servers]:
    # The engine is on this machine, even if this machine looks like a container itself.
    testcontainers_config.connection_mode_override = ConnectionMode.docker_host
    password = secrets.token_hex(24)
    login = f"{containers.ADMIN}:{password}"
    settings = {**containers.POSTGRES_SETTINGS, **FAST}
    with (
        _postgres(containers.postgres_container(password, settings)) as postgres,
        _rabbitmq(containers.rabbitmq_container(password)) as rabbitmq,
    ):
        yield Servers(
            postgres_url=f"postgresql://{login}@{_address(postgres, containers.POSTGRES_PORT)}/postgres",
            broker_url=f"amqp://{_address(rabbitmq, containers.BROKER_PORT)}",
            broker_admin_url=f"http://{login}@{_address(rabbitmq, containers.MANAGEMENT_PORT)}",
            origin="docker",
        )


def _postgres(container: containers.Container) -> DockerContainer:
    # While the image makes its first database, its server listens on no address.
    answers = ExecWaitStrategy(["pg_isready", "--quiet", "--host=127.0.0.1"])
    return _made(container, containers.POSTGRES_PORT).waiting_for(answers.with_startup_timeout(START_SECONDS))


def _rabbitmq(container: containers.Container) -> DockerContainer:
    listens = HttpWaitStrategy(
        containers.MANAGEMENT_PORT, f"/api/health/checks/port-listener/{containers.BROKER_PORT}"
    ).with_basic_credentials(containers.ADMIN, container.environment["RABBITMQ_DEFAULT_PASS"])
    made = _made(container, containers.BROKER_PORT, containers.MANAGEMENT_PORT)
    return made.waiting_for(listens.with_startup_timeout(START_SECONDS))


def _made(container: containers.Container, *ports: int) -> DockerContainer:
    made = DockerContainer(
        container.image, command=container.command, env=container.environment, hostname=container.hostname
    )
    # No port outside is named, so the engine chooses one; on the loopback address only.
    made.ports = {f"{port}/tcp": ("127.0.0.1",) for port in ports}
    return made


def _address(container: DockerContainer, port: int) -> str:
    return f"127.0.0.1:{container.get_exposed_port(port)}"


if __name__ == "__main__":
    try:
        prepare()
    except (LocalServerError, OSError) as error:
        sys.exit(f"[servers] {error}")

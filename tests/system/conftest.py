"""What the tests of the whole system share: a folder whose processes end with it, and servers to kill."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.homes import temporary_folder
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitNode
from deploy.local.servers import Servers


@dataclass(frozen=True)
class Pair:
    """A PostgreSQL and a RabbitMQ of the test's own."""

    postgres: PostgresServer
    rabbitmq: RabbitNode
    folder: Path

    def servers(self) -> Servers:
        """Their addresses, which a start after a stop keeps."""
        return Servers(
            postgres_url=self.postgres.url,
            broker_url=self.rabbitmq.url,
            broker_admin_url=self.rabbitmq.admin_url,
            origin="private",
        )


@pytest.fixture(scope="session")
def system_folder() -> Iterator[Path]:
    """A folder for systems and servers; whatever still runs in it at the end is killed."""
    with temporary_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
async def pair(system_folder: Path) -> AsyncIterator[Pair]:
    """Servers that a test may stop, kill and read the logs of; it leaves them running."""
    folder = system_folder / "pair"
    made = Pair(
        postgres=PostgresServer(folder / "postgres"), rabbitmq=RabbitNode(folder / "rabbitmq"), folder=folder
    )
    await asyncio.to_thread(made.postgres.start)
    await asyncio.to_thread(made.rabbitmq.start)
    yield made
    await asyncio.to_thread(made.rabbitmq.kill)
    await asyncio.to_thread(made.postgres.kill)

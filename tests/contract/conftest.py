"""A channel to the real broker, as a publisher has it."""

from collections.abc import AsyncIterator, Iterator
from typing import cast
from urllib.parse import urlsplit

import aio_pika
import aiormq
import pytest

from deploy.local.servers import Servers
from tests.contract.publishing_channel import PATIENCE_SECONDS
from tests.installation import Installation


@pytest.fixture(scope="module")
def address(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A virtual host of its own, with the administrator's login."""
    installation = Installation(servers=servers, folder=tmp_path_factory.mktemp("client-library"))
    installation.build(())
    broker, administrator = urlsplit(servers.broker_url), urlsplit(servers.broker_admin_url)
    login = administrator.netloc.rpartition("@")[0]
    host = broker.netloc.rpartition("@")[2]
    yield f"{broker.scheme}://{login}@{host}/{installation.instance}"
    installation.remove()


@pytest.fixture
async def connection(address: str) -> AsyncIterator[aio_pika.abc.AbstractConnection]:
    opened = await aio_pika.connect(address, timeout=PATIENCE_SECONDS)
    yield opened
    await opened.close()


@pytest.fixture
async def channel(connection: aio_pika.abc.AbstractConnection) -> aiormq.Channel:
    """The channel that a publisher gets: with confirms, raising what comes back."""
    opened = await connection.channel(publisher_confirms=True, on_return_raises=True)
    return cast(aiormq.Channel, await opened.get_underlay_channel())


@pytest.fixture
async def queue(channel: aiormq.Channel) -> str:
    """A queue that the default exchange routes to by its name; it goes with the connection."""
    declared = await channel.queue_declare("", exclusive=True)
    assert declared.queue
    return declared.queue

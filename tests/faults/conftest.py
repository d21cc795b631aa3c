"""The scene of a fault test on the servers that all tests share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local.servers import Servers
from deploy.tool.databases import url_for
from tests import toy
from tests.faults.scene import Scene, a_scene


@pytest.fixture
async def scene(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[Scene]:
    urls, owner_urls = {}, {}
    for service in toy.TOYS:
        urls[service] = await database_of(service)
        owner = f"{service}_owner"
        name = urlsplit(urls[service]).path[1:]
        owner_urls[service] = url_for(servers.postgres_url, owner, role_passwords[owner], name)
    async with a_scene(servers, urls, owner_urls, tmp_path) as made:
        yield made

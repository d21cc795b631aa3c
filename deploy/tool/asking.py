"""Asking the services with the operator's login."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.tool import stories
from shared.messaging.requests import Requests
from shared.runtime import keep_running


@asynccontextmanager
async def as_operator(place: stories.Story, command: str) -> AsyncIterator[Requests]:
    """Requests with the operator's login; `command` is what the operator typed."""
    requests = Requests(
        place.broker_url("operator"), place.seals("operator"), place.clock, name=f"nextgen {command}"
    )
    async with asyncio.TaskGroup() as group:
        connection = group.create_task(keep_running(requests.keep_open, name="operator"))
        yield requests
        connection.cancel()

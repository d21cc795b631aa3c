"""The edge inside a test, before stand-ins for the services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from services.portal.app import make_app
from services.portal.settings import Settings
from services.portal.web.asking import Services
from tests.messaging import NOON

SITE, PEER = "http://pacer.test", "127.0.0.1"


@asynccontextmanager
async def an_edge(
    requests: Any, *, headers: dict[str, str] | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an edge that asks `requests`; name the settings that matter."""
    usual = {
        "broker_url": "amqp://nowhere",
        "sealing_key": "00",
        "sealing_public_keys_file": Path("nowhere"),
        "public_url": SITE,
    }
    app: Any = make_app(Settings(**{**usual, **settings}), Services(requests=requests, clock=lambda: NOON))
    transport = httpx.ASGITransport(app=app, client=(PEER, 1234))
    async with httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers) as client:
        yield client

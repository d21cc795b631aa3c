"""The edge inside a test, before stand-ins for the services."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from services.portal.app import make_app
from services.portal.settings import Settings
from services.portal.web.asking import Services
from shared.messages import accounts
from shared.messages.base import Message
from shared.messaging.ids import new_id
from shared.messaging.requests import Answer
from tests.messaging import NOON

SITE, PEER = "http://pacer.test", "127.0.0.1"
TOKEN = "7" * 128
SESSION = f"__Host-session={TOKEN}"
"""The cookie of whoever is signed in."""


class Answering:
    """Stands in for the services: answers each kind of message as it is told to, and knows the session."""

    def __init__(self, replies: Mapping[type[Message], Message | Exception]) -> None:
        id_ = new_id(NOON)
        resolved = accounts.SessionResolved(account_id=id_, assertion="of somebody", expires_at=NOON)
        self._replies: dict[type[Message], Message | Exception] = {
            accounts.ResolveSession: resolved,
            **replies,
        }
        self.asked: list[Message] = []
        self.asked_under: list[UUID | None] = []

    async def ask(self, message: Message, *, message_id: UUID | None = None, **_: Any) -> Answer:
        """The reply to this kind; what was asked for itself is kept, and under which id."""
        if not isinstance(message, accounts.ResolveSession):
            self.asked.append(message)
            self.asked_under.append(message_id)
        reply, id_ = self._replies[type(message)], new_id(NOON)
        if isinstance(reply, Exception):
            raise reply
        return Answer(message=reply, reply_id=id_, correlation_id=id_)

    def forget_session(self) -> None:
        """From now on nobody is signed in."""
        self._replies[accounts.ResolveSession] = accounts.SessionRefused()

    def open(self, _answer: Answer, _field: str) -> str:
        """Every secret in an answer is a session's token."""
        return TOKEN


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

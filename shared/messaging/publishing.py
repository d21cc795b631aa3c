"""Publishing that outlives its connections: whoever publishes waits for the next one, within a limit."""

import asyncio
from collections.abc import Sequence

from shared.errors import ForbiddenError, PublishError, UnconfirmedError
from shared.messaging.broker import CONFIRM_TIMEOUT_SECONDS, BrokerConnection, Publisher, connect
from shared.messaging.envelope import Outgoing

AT_ONCE = 100
"""Callers whose messages are on their way to the broker without a confirm, at most."""


class Publishing:
    """One connection for publishing, opened anew by `keep_open` whenever it is lost."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._opened = asyncio.Event()
        self._publisher: Publisher | None = None
        self._connection: BrokerConnection | None = None
        self._free = asyncio.Semaphore(AT_ONCE)

    @property
    def is_open(self) -> bool:
        """Is there a connection now?"""
        return self._connection is not None and self._connection.is_open

    async def keep_open(self) -> None:
        """Open a connection and stay until it is lost; run again and again by `keep_running`."""
        async with connect(self._url, name=f"{self._name} publishing") as connection:
            self._publisher = await connection.open_publisher()
            self._connection = connection
            self._opened.set()
            try:
                await self._publisher.wait_until_closed()
            finally:
                self._opened.clear()
                self._publisher = self._connection = None

    async def publish(self, outgoing: Outgoing, timeout_seconds: float = CONFIRM_TIMEOUT_SECONDS) -> None:
        """Publish with a confirm, waiting for a connection if there is none; raises PublishError."""
        (problem,) = await self._try_to_publish([outgoing], timeout_seconds)
        if problem is not None:
            raise problem

    async def publish_all(self, messages: Sequence[Outgoing]) -> list[PublishError | None]:
        """Publish many in batches; for each, in order, None if it was confirmed, else what went wrong."""
        problems = await self._try_to_publish(messages, CONFIRM_TIMEOUT_SECONDS)
        for place, problem in enumerate(problems):
            if isinstance(problem, ForbiddenError) and len(messages) > 1:
                # The broker closes the channel over one of them and says so of all: alone, each gets its own.
                (problems[place],) = await self._try_to_publish([messages[place]], CONFIRM_TIMEOUT_SECONDS)
        return problems

    async def reply(self, outgoing: Outgoing) -> None:
        """Send a reply if there is a connection; raises PublishError."""
        if self._publisher is None:
            raise UnconfirmedError("the broker can't be reached")
        await self._publisher.reply(outgoing)

    async def _try_to_publish(
        self, messages: Sequence[Outgoing], timeout_seconds: float
    ) -> list[PublishError | None]:
        async with self._free:
            try:
                async with asyncio.timeout(timeout_seconds):
                    publisher = await self._get()
            except TimeoutError:
                return [UnconfirmedError("the broker can't be reached") for _ in messages]
            return await publisher.publish_all(messages, timeout_seconds)

    async def _get(self) -> Publisher:
        while self._publisher is None or not self._publisher.is_open:
            self._opened.clear()
            await self._opened.wait()
        return self._publisher

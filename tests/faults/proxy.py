"""A proxy between a client and the broker, through which a test can make the network fall silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 65_536


class Proxy:
    """Hands bytes on, unless `is_silent`: then connections stay open and nothing passes."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._passing = asyncio.Event()
        self._passing.set()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The target's address with the proxy's port."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        login = self._target.netloc.rpartition("@")[0]
        return urlunsplit(self._target._replace(netloc=f"{login}@127.0.0.1:{port}"))

    def fall_silent(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._passing.clear()

    def speak_again(self) -> None:
        """What was held back passes; connections that were given up meanwhile are not brought back."""
        self._passing.set()

    def cut(self) -> None:
        """Reset every connection, as when the broker is killed; those that are opened next pass."""
        for writer in self._writers:
            writer.transport.abort()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        try:
            yield self
        finally:
            self._passing.set()
            self._server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._target.hostname, self._target.port)
        ends = {writer, there[1]}
        self._writers |= ends
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass(reader, there[1]))
            group.create_task(self._pass(there[0], writer))
        self._writers -= ends

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await self._passing.wait()
                writer.write(chunk)
                await writer.drain()
        with suppress(OSError):
            writer.close()

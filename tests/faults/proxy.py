"""A proxy between a client and a server, through which a test can make the network slow, silent or torn."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 65_536
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Hands bytes on, unless `is_silent`: then connections stay open and nothing passes."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._passing = asyncio.Event()
        self._passing.set()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._bytes_until_cut: int | None = None
        self.latency_seconds = 0.0
        self.cuts = 0
        self.held_back = b""
        """What came while nothing passed."""

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
        """Reset every connection, as when the server is killed; those that are opened next pass."""
        self.cuts += 1
        for writer in self._writers:
            with suppress(OSError):
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            writer.transport.abort()

    def cut_after(self, byte_count: int) -> None:
        """Cut once so many more bytes have passed, both ways together: most likely within a message."""
        self._bytes_until_cut = byte_count

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
        try:
            there = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            writer.close()
            return
        ends = {writer, there[1]}
        self._writers |= ends
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass(reader, there[1]))
            group.create_task(self._pass(there[0], writer))
        self._writers -= ends

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await asyncio.sleep(self.latency_seconds)
                if not self._passing.is_set():
                    self.held_back += chunk
                await self._passing.wait()
                await self._hand_on(chunk, writer)
        with suppress(OSError):
            writer.close()

    async def _hand_on(self, chunk: bytes, writer: asyncio.StreamWriter) -> None:
        left = self._bytes_until_cut
        if left is None or len(chunk) <= left:
            self._bytes_until_cut = None if left is None else left - len(chunk)
            writer.write(chunk)
            await writer.drain()
            return
        self._bytes_until_cut = None
        writer.write(chunk[:left])
        await writer.drain()
        self.cut()

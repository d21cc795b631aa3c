"""Health over HTTP: `/ready` for whoever sends work here, `/live`, and `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import generate_latest

REQUEST_SECONDS = 5.0
_REASONS = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}


async def serve_health(port: int, is_ready: Callable[[], Awaitable[bool]]) -> None:
    """Answer until cancelled; one short request a connection."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                path = (await reader.readuntil(b"\r\n")).split(b" ")[1].decode("ascii", "replace")
                status, body = await _respond(path, is_ready)
                head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: text/plain\r\n"
                writer.write(
                    f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
                )
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


async def _respond(path: str, is_ready: Callable[[], Awaitable[bool]]) -> tuple[int, bytes]:
    if path == "/metrics":
        return 200, generate_latest()
    if path == "/live":
        return 200, b"live\n"
    if path != "/ready":
        return 404, b"not found\n"
    return (200, b"ready\n") if await is_ready() else (503, b"not ready\n")

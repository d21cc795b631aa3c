"""Starts many processes quickly: one process imports everything, starts nothing, and forks each of them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import msgspec

from tests.installation import ROOT, until

DEADLINE_SECONDS = 120
Say = Callable[[str], None]
"""Tells whoever started the process a line."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A process to start: its whole environment, the file for its output, and what it is to do."""

    environment: dict[str, str]
    log: str
    task: msgspec.Raw


@dataclass
class Forked:
    """A process that was started, as its starter sees it: it says lines, and ends."""

    pid: int
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _exit_code: int | None = None
    _said: list[str] = field(default_factory=list)

    async def next_line(self) -> str | None:
        """What it says next; None once it has ended."""
        while self._exit_code is None and not self._said:
            await self._read()
        return self._said.pop(0) if self._said else None

    async def ended(self) -> int:
        """Its exit code, below zero the signal that killed it."""
        while self._exit_code is None:
            await self._read()
        self._writer.close()
        return self._exit_code

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal, and answer the exit code."""
        os.kill(self.pid, how)
        return await self.ended()

    def kill(self) -> None:
        """SIGKILL, unless it has ended."""
        if self._exit_code is None:
            self._exit_code = -signal.SIGKILL
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._writer.close()

    async def _read(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            line = (await self._reader.readline()).decode().rstrip("\n")
        if line.startswith("ended "):
            self._exit_code = int(line.removeprefix("ended "))
        elif line:
            self._said.append(line)
        else:
            raise AssertionError("the fork server is gone")


@dataclass
class ForkServer:
    """The server, as the tests see it; what it started and what still runs is killed with it."""

    path: Path
    _started: list[Forked] = field(default_factory=list)

    async def start(self, order: Order) -> Forked:
        """Start a process."""
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write(msgspec.json.encode(order) + b"\n")
        async with asyncio.timeout(DEADLINE_SECONDS):
            pid = int(await reader.readline())
        started = Forked(pid, reader, writer)
        self._started.append(started)
        return started

    def kill_all(self) -> None:
        """Kill whatever still runs."""
        while self._started:
            self._started.pop().kill()


@asynccontextmanager
async def a_fork_server(module: str) -> AsyncIterator[ForkServer]:
    """Run `python -m module PATH`, which calls `serve`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "server")
        process = _run(module, path)

        async def listens() -> bool:
            assert process.poll() is None, f"{module} has ended"
            return await asyncio.to_thread(path.exists)

        server = ForkServer(path)
        try:
            await until(listens, "the fork server listens", deadline_seconds=DEADLINE_SECONDS)
            yield server
        finally:
            server.kill_all()
            process.kill()
            process.wait()


def _run(module: str, path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", module, str(path)], cwd=ROOT)


def serve(path: str, do: Callable[[bytes, Say], None]) -> NoReturn:
    """Fork a process for every order that comes, which does its task; runs until it is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the watchers
    with socket.socket(socket.AF_UNIX) as server:
        listening = f"{path}.new"
        server.bind(listening)
        server.listen(20)
        Path(listening).rename(path)  # whoever sees it can connect
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _watch(client, do)
            client.close()


def _watch(client: socket.socket, do: Callable[[bytes, Say], None]) -> NoReturn:
    """Start the process, wait for its end, and tell its exit code: the only one who can know it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with client.makefile("rb") as lines:
        order = msgspec.json.decode(lines.readline(), type=Order)
    pid = os.fork()
    if pid == 0:
        _become(order, client, do)
    _, status = os.waitpid(pid, 0)
    try:
        client.sendall(f"ended {os.waitstatus_to_exitcode(status)}\n".encode())
    finally:
        os._exit(0)


def _become(order: Order, client: socket.socket, do: Callable[[bytes, Say], None]) -> NoReturn:
    client.sendall(f"{os.getpid()}\n".encode())
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for output in (1, 2):
        os.dup2(log, output)
    os.environ.clear()
    os.environ.update(order.environment)
    code = 1
    try:
        do(bytes(order.task), lambda line: client.sendall(f"{line}\n".encode()))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

"""A mail server that keeps what it is given as files, for the demo and for tests, and reads them again.

    python -m deploy.local.mail_sink --port-file FILE --folder FOLDER

Each mail becomes `FOLDER/<n>.eml`, at once and as a whole. `start` runs it as a process of its own that
outlives its parent; `mail_sink` runs it within a test, where it can also refuse, stall or hang up. Only then
is aiosmtpd needed, which is a dependency of development: the operator's tool imports this module without it.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from deploy.local import processes
from deploy.local.progress import LocalServerError

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 20
END_SECONDS = 5
PAUSE_SECONDS = 0.05

Conduct = Literal["accept", "hang_up_before_storing", "hang_up_after_storing", "stall_after_storing"]


class ReadMail(NamedTuple):
    """A mail as a person would see it."""

    to: str
    kind: str
    subject: str
    correlation_id: str
    text: str


@dataclass
class MailSink:
    """What the server does with each mail. `replies` and `conducts` are used up, one a mail, front first.

    A reply such as `451 try later` refuses the mail, an empty one doesn't; `refused_recipients` refuses an
    address with its reply.
    """

    folder: Path
    port: int = 0
    replies: deque[str] = field(default_factory=deque)
    conducts: deque[Conduct] = field(default_factory=deque)
    refused_recipients: dict[str, str] = field(default_factory=dict)
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while a client waits for its answer."""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to let that client go."""

    async def handle_RCPT(self, *request: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take or refuse a recipient; `request` is server, session, envelope, address, options."""
        envelope: Envelope = request[2]
        address: str = request[3]
        if address in self.refused_recipients:
            return self.refused_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *request: Any) -> str:  # noqa: N802
        """Take, refuse, or behave badly about a mail; `request` is server, session, envelope."""
        server: SMTP = request[0]
        envelope: Envelope = request[2]
        if self.replies and (reply := self.replies.popleft()):
            return reply
        conduct = self.conducts.popleft() if self.conducts else "accept"
        if conduct != "hang_up_before_storing":
            await asyncio.to_thread(_store, self.folder, bytes(envelope.original_content or b""))
        if conduct == "stall_after_storing":
            self.stalled.set()
            await self.released.wait()
        if conduct.startswith("hang_up"):
            cast(asyncio.Transport, server.transport).abort()
        return "250 OK"


@asynccontextmanager
async def mail_sink(folder: Path) -> AsyncIterator[MailSink]:
    """A mail server on a free port of the loopback, for as long as the block runs; the folder must exist."""
    from aiosmtpd.smtp import SMTP

    sink = MailSink(folder=folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="localhost", loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        sink.released.set()
        server.close()
        await server.wait_closed()


def read_mails(folder: Path) -> list[ReadMail]:
    """All mails that were received, in the order in which they came."""
    return [_read(message) for message in read_messages(folder)]


def read_messages(folder: Path) -> list[EmailMessage]:
    """All mails that were received, with all their headers."""
    parser = BytesParser(_class=EmailMessage, policy=policy.default)
    paths = sorted(folder.glob("*.eml"), key=lambda path: int(path.stem))
    return [parser.parsebytes(path.read_bytes()) for path in paths]


def _read(message: EmailMessage) -> ReadMail:
    body = message.get_body(("plain",))
    return ReadMail(
        to=str(message["To"]),
        kind=str(message["X-Nextgen-Kind"]),
        subject=str(message["Subject"]).strip(),
        correlation_id=str(message["X-Correlation-ID"]),
        text="" if body is None else str(body.get_content()),
    )


def _store(folder: Path, content: bytes) -> None:
    """The next free number is taken by a link, which fails if another mail has it already."""
    draft = folder / f".{os.getpid()}-{time.monotonic_ns()}.draft"
    draft.write_bytes(content)
    number = max((int(path.stem) for path in folder.glob("*.eml")), default=0) + 1
    while True:
        try:
            (folder / f"{number}.eml").hardlink_to(draft)
        except FileExistsError:
            number += 1
        else:
            break
    draft.unlink()


def start(folder: Path) -> int:
    """Make sure that a sink runs for this folder, in a process of its own, and answer its port."""
    home = folder.resolve()
    home.mkdir(parents=True, exist_ok=True)
    port_file = home / "port"
    if processes.running_in(home) and port_file.exists():
        return int(port_file.read_text())
    port_file.unlink(missing_ok=True)
    processes.start_detached(
        [
            sys.executable,
            "-m",
            "deploy.local.mail_sink",
            "--port-file",
            str(port_file),
            "--folder",
            str(home),
        ],
        user=None,
        environment=processes.environment_of_server(home, {"PYTHONPATH": str(ROOT)}),
        folder=home,
        log_path=home / "mail_sink.log",
    )
    give_up_at = time.monotonic() + START_SECONDS
    while not port_file.exists():
        if time.monotonic() > give_up_at:
            raise LocalServerError(f"the mail sink did not start; see {home / 'mail_sink.log'}")
        time.sleep(PAUSE_SECONDS)
    return int(port_file.read_text())


def stop(folder: Path) -> None:
    """End the sink of this folder; its mails stay."""
    running = processes.running_in(folder.resolve())
    processes.send(running, signal.SIGTERM)
    if not processes.wait_until_gone(running, END_SECONDS):
        processes.kill_all_in(folder.resolve())


async def _serve(folder: Path, port_file: Path) -> None:
    ended = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, ended.set)
    async with mail_sink(folder) as sink:
        _write_port(port_file, sink.port)
        await ended.wait()


def _write_port(port_file: Path, port: int) -> None:
    draft = port_file.with_suffix(".draft")
    draft.write_text(str(port))
    draft.replace(port_file)


def main() -> int:
    """Run until told to end."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mail_sink", description=__doc__)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(arguments.folder, arguments.port_file))
    return 0


if __name__ == "__main__":
    sys.exit(main())

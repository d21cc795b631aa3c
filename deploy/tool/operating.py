"""What the operator's commands share: where they act, who the operator is, and how output is made safe."""

import os
import pwd
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from cyclopts import Parameter

from shared.clock import Clock
from shared.database import OwnConnection, open_connection
from shared.messaging.topology import SERVICES

StoryNumber = Annotated[int | None, Parameter(help="The story's number; the newest if not given.")]


class OperatorError(Exception):
    """What was asked can't be done; the text says why."""


class Place(Protocol):
    """The installation that is operated on; a story is one."""

    @property
    def clock(self) -> Clock:
        """Its business clock."""

    def database_url(self, service: str) -> str:
        """The address of a service's database, for the service's own role."""

    def broker_url(self, party: str) -> str:
        """The broker's address with a party's login."""

    def environment(self, service: str, ports: Mapping[str, int]) -> dict[str, str]:
        """A service's settings."""


def operator_name() -> str:
    """Who operates, as the machine knows it: user and host; behind `sudo`, who called it."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    caller = os.environ.get("SUDO_USER")
    return f"{caller} as {user}@{socket.gethostname()}" if caller else f"{user}@{socket.gethostname()}"


def services_named(name: str | None) -> tuple[str, ...]:
    """The one service of this name, or all. Raises OperatorError."""
    if name is None:
        return SERVICES
    if name not in SERVICES:
        raise OperatorError(f"there is no service {printable(name)}; there are {', '.join(SERVICES)}")
    return (name,)


@asynccontextmanager
async def connected(place: Place, service: str) -> AsyncIterator[OwnConnection]:
    """A connection to a service's database."""
    connection = await open_connection(place.database_url(service), name="nextgen")
    try:
        yield connection
    finally:
        await connection.close()


def printable(value: object) -> str:
    """A text from outside as a terminal may see it: what would steer the terminal is a question mark."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))


def instant(at: datetime) -> str:
    """An instant to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def table(rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows as lines with columns of equal width."""
    texts = [[printable("-" if value is None else value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in texts]


def as_aware(at: datetime | None) -> datetime | None:
    """An instant from the command line; without an offset it is in this machine's time."""
    return None if at is None else at.astimezone()


def short(message_id: UUID | None) -> str:
    """An id, or that there is none."""
    return "-" if message_id is None else str(message_id)

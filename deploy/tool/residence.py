"""Which servers a story lives on: remembered without logins, so that it is not made anew elsewhere."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from deploy.local.files import write_whole
from deploy.local.servers import DEFAULT_FOLDER, GIVEN, Servers, from_environment, resolve
from shared.messaging.broker import addresses_of

FILE = "servers.json"


class ResidenceError(Exception):
    """The servers at hand are not those that the story lives on; the text says which those are."""


class Residence(msgspec.Struct, frozen=True, kw_only=True):
    """Where the data of a story is.

    Only given servers are known by their addresses: private ones and Docker's are this checkout's, and their
    ports may change from one start to the next.
    """

    origin: Literal["environment", "docker", "private"]
    postgres: str = ""
    broker: str = ""
    broker_admin: str = ""


def servers_of(
    folder: Path, environment: Mapping[str, str] = os.environ, *, own: Path = DEFAULT_FOLDER
) -> Servers:
    """The servers that the story in this folder lives on, started if need be; for a new one those at hand.

    A story on this checkout's own servers (in the folder `own`) stays there, whatever is given in the
    environment. Raises ResidenceError when the servers are others, or when those that were once given are not
    given now.
    """
    known = _known(folder)
    if known is None:
        return resolve(own, environment)
    if known.origin != "environment":
        names = {*GIVEN, *(f"{name}_FILE" for name in GIVEN)}
        found = resolve(own, {name: value for name, value in environment.items() if name not in names})
    else:
        given = from_environment(environment)
        if given is None:
            raise ResidenceError(f"{_where(folder, known)}: give their addresses as {', '.join(GIVEN)}")
        found = given
    check(folder, found)
    return found


def check(folder: Path, servers: Servers) -> None:
    """Raises ResidenceError when the story in this folder lives on other servers than these."""
    known = _known(folder)
    if known is not None and known != residence_on(servers):
        raise ResidenceError(
            f"{_where(folder, known)}, not on those at hand; if they have moved, correct {folder / FILE}"
        )


def remember(folder: Path, servers: Servers) -> None:
    """Note where the story lives, without any login."""
    write_whole(
        folder / FILE, msgspec.json.format(msgspec.json.encode(residence_on(servers))).decode() + "\n"
    )


def residence_on(servers: Servers) -> Residence:
    """These servers as a story remembers them."""
    if servers.origin != "environment":
        return Residence(origin=servers.origin)
    return Residence(
        origin=servers.origin,
        postgres=_address(servers.postgres_url, 5432),
        broker=_address(servers.broker_url, 5672),
        broker_admin=_address(servers.broker_admin_url, 15672),
    )


def _known(folder: Path) -> Residence | None:
    path = folder / FILE
    return msgspec.json.decode(path.read_bytes(), type=Residence) if path.exists() else None


def _where(folder: Path, known: Residence) -> str:
    places = {
        "environment": f"the servers {known.postgres}, {known.broker} and {known.broker_admin}",
        "docker": "this checkout's servers in Docker",
        "private": "this checkout's private servers",
    }
    return f"story {folder.name} lives on {places[known.origin]}"


def _address(url: str, usual_port: int) -> str:
    """Host and port; several with commas between, as of a broker of several nodes."""
    parts = [urlsplit(address) for address in addresses_of(url)]
    return ",".join(f"{part.hostname}:{part.port or usual_port}" for part in parts)

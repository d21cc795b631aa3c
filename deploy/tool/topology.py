"""Apply the topology to a broker, through its management API."""

import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from shared.messaging.registry import read_contracts
from shared.messaging.topology import WAIT_TIERS, Topology, topology_of

TIMEOUT_SECONDS = 60.0


class TopologyError(Exception):
    """The broker refused the topology; the text is its answer."""


def topology_for(
    instance: str, courts: Iterable[str], wait_tiers: Mapping[str, int] = WAIT_TIERS
) -> Topology:
    """The topology of an installation, whose virtual host has the installation's name."""
    return topology_of(
        read_contracts().values(),
        instance=instance,
        virtual_host=instance,
        courts=courts,
        wait_tiers=wait_tiers,
    )


def apply_topology(admin_url: str, topology: Topology, passwords: Mapping[str, str]) -> None:
    """Make the virtual host and all that is in it; what is there stays, so applying twice is harmless.

    The administrator gets access to the virtual host too, since the broker checks the declaring login's right
    to each dead-letter exchange.
    """
    try:
        with _client(admin_url) as client:
            _check(client.put(f"/api/vhosts/{quote(topology.virtual_host, safe='')}"))
            _check(client.post("/api/definitions", json=topology.definitions(passwords)))
    except httpx.TransportError as error:
        raise TopologyError(f"the broker's management API doesn't answer: {error}") from error


def remove_instance(admin_url: str, instance: str) -> None:
    """Remove an installation's virtual host and logins from the broker, with all messages in it."""
    with _client(admin_url) as client:
        client.delete(f"/api/vhosts/{quote(instance, safe='')}")
        users = _check(client.get("/api/users")).json()
        mine = [user["name"] for user in users if user["name"].startswith(f"{instance}-")]
        if mine:
            _check(client.post("/api/users/bulk-delete", json={"users": mine}))


def show_queues(admin_url: str, virtual_host: str) -> list[dict[str, Any]]:
    """Each queue with its counts, as the management API tells them."""
    with _client(admin_url) as client:
        columns = "name,messages,messages_ready,messages_unacknowledged,consumers"
        answer = client.get(f"/api/queues/{quote(virtual_host, safe='')}", params={"columns": columns})
        return list(_check(answer).json())


def read_logins(folder: Path, parties: Iterable[str]) -> dict[str, str]:
    """The broker password of each party of an installation; missing ones are made."""
    path = folder / "logins.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    for party in parties:
        known.setdefault(party, secrets.token_urlsafe(24))
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(known))
    draft.replace(path)
    return known


def broker_url_for(broker_url: str, instance: str, party: str, password: str) -> str:
    """The broker's address for one party of an installation."""
    parts = urlsplit(broker_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        (parts.scheme, f"{instance}-{party}:{password}@{host}", f"/{instance}", parts.query, "")
    )


def _client(admin_url: str) -> httpx.Client:
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    return httpx.Client(
        base_url=f"{parts.scheme}://{host}",
        auth=(parts.username or "", parts.password or ""),
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    )


def _check(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise TopologyError(f"{response.request.method} {response.request.url.path}: {response.text[:500]}")
    return response

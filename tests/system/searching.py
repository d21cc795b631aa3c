"""Searching for words wherever they could lie: in files, in every row of every table, in every queue."""

import asyncio
import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx

from deploy.tool.topology import show_queues
from shared.messaging.topology import SERVICES
from tests.system.running import System

MOST_MESSAGES = 1_000
MANAGEMENT_SECONDS = 30
Found = set[tuple[str, str]]
"""Pairs of a word and the place where it lies."""


class QueuedMessage(NamedTuple):
    """A message as it waits in a queue: its name, and all bytes of it, properties too."""

    queue: str
    type: str
    content: bytes


def in_files(places: Iterable[Path], words: Iterable[str]) -> Found:
    """Words in these files, or in all files below these folders, as they are or in base64."""
    forms = [(word, form) for word in words for form in _forms(word)]
    return {
        (word, str(path))
        for place in places
        for path in (place, *place.rglob("*"))
        if path.is_file()
        for word in _words_in_file(path, forms)
    }


async def in_tables(system: System, words: Iterable[str]) -> Found:
    """Words in any column of any row of all databases: as text, and in bytes as they are or in base64."""
    patterns = [(word, [f"%{form.decode()}%" for form in _text_forms(word)]) for word in words]
    found: Found = set()
    for service in SERVICES:
        connection = await system.open_database(service)
        try:
            for table in await connection.fetch(
                """
                SELECT oid::regclass::text AS name FROM pg_class
                 WHERE relkind IN ('r', 'm')
                   AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
                """
            ):
                query = f"SELECT 1 FROM {table['name']} AS row WHERE row::text LIKE ANY ($1) LIMIT 1"  # noqa: S608
                for word, forms in patterns:
                    if await connection.fetchval(query, forms):
                        found.add((word, f"{service}.{table['name']}"))
        finally:
            await connection.close()
    return found


def in_messages(messages: Iterable[QueuedMessage], words: Iterable[str]) -> Found:
    """Words in messages that were read from queues."""
    forms = [(word, form) for word in words for form in _forms(word)]
    return {(word, m.queue) for m in messages for word, form in forms if form in m.content}


async def read_queues(system: System) -> list[QueuedMessage]:
    """Every message that waits in any queue; each is put back where it was."""
    servers, instance = system.story.servers, system.story.instance
    queues = await asyncio.to_thread(show_queues, servers.broker_admin_url, instance)
    parts = urlsplit(servers.broker_admin_url)
    found = []
    async with httpx.AsyncClient(
        base_url=f"{parts.scheme}://{parts.hostname}:{parts.port}",
        auth=(parts.username or "", parts.password or ""),
        timeout=MANAGEMENT_SECONDS,
        trust_env=False,
    ) as client:
        for queue in queues:
            answer = await client.post(
                f"/api/queues/{instance}/{quote(queue['name'])}/get",
                json={"count": MOST_MESSAGES, "ackmode": "ack_requeue_true", "encoding": "base64"},
            )
            # A reply queue is its owner's alone, and may have gone with its connection.
            if answer.status_code != httpx.codes.OK:
                assert queue["name"].startswith("replies."), answer.text
                continue
            found += [_queued(queue["name"], message) for message in answer.json()]
    return found


def _queued(queue: str, message: dict[str, Any]) -> QueuedMessage:
    body = base64.b64decode(message["payload"])
    properties = message["properties"]
    return QueuedMessage(queue, str(properties.get("type")), body + repr(properties).encode())


def _words_in_file(path: Path, forms: list[tuple[str, bytes]]) -> set[str]:
    """Read at once: a server may shorten, or remove, its file meanwhile."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return set()
    return {word for word, form in forms if form in content}


def _forms(word: str) -> list[bytes]:
    """The word as bytes, and what is the same in base64 whatever stands before it."""
    plain = word.encode()
    encoded = []
    for before in range(3):
        text = base64.b64encode(bytes(before) + plain)
        begin = -(-before * 4 // 3)
        end = (before + len(plain)) // 3 * 4
        encoded.append(text[begin:end])
    return [plain, *encoded]


def _text_forms(word: str) -> list[bytes]:
    """The forms as PostgreSQL shows them, in texts and in bytes."""
    return [shown for form in _forms(word) for shown in (form, form.hex().encode())]

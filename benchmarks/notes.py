"""The smallest services that write: `linking` takes a note, in one transaction, and `notify` hears of it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID

from shared.messages.base import Command, Event, Reply, Speaker
from shared.messaging import consumer
from shared.messaging.groups import GROUP_SIZE
from shared.messaging.registry import Contract, Service, messages_by_name, read_contracts
from shared.messaging.unit_of_work import UnitOfWork
from shared.policies import Policies
from shared.runtime import run
from shared.settings import ServiceSettings

OWNER = "linking"
LISTENER = "notify"
CREATE_NOTES = "CREATE TABLE notes (id uuid PRIMARY KEY, text text NOT NULL)"
TABLES = {OWNER: f"{CREATE_NOTES}; GRANT SELECT, INSERT ON notes TO {OWNER}"}
"""What is made in the database of the service that takes notes."""
TABLES_OF_BOTH = {**TABLES, LISTENER: f"{CREATE_NOTES}; GRANT SELECT, INSERT ON notes TO {LISTENER}"}
INSERT_NOTE = "INSERT INTO notes (id, text) VALUES ($1, $2)"
TEXT = "A note of two hundred letters, about as long as a message is here. " * 3


class TakeNote(Command, frozen=True, kw_only=True, tag=f"{OWNER}.benchmark_take_note.v1"):
    """The one write of a request."""

    spoken_by: ClassVar[Speaker] = "anyone"
    note_id: UUID
    text: str


class NoteTaken(Reply, frozen=True, kw_only=True, tag=f"{OWNER}.benchmark_note_taken.v1"):
    """The note is committed."""

    note_id: UUID


class PassNote(Command, frozen=True, kw_only=True, tag=f"{OWNER}.benchmark_pass_note.v1"):
    """One write, and an event that another service hears."""

    spoken_by: ClassVar[Speaker] = "anyone"
    note_id: UUID
    text: str


class NoteAnnounced(Event, frozen=True, kw_only=True, tag=f"{OWNER}.benchmark_note_announced.v1"):
    """What the relay publishes."""

    note_id: UUID
    text: str


async def take_note(command: TakeNote, work: UnitOfWork[None]) -> NoteTaken:
    await work.connection.execute(INSERT_NOTE, command.note_id, command.text)
    return NoteTaken(note_id=command.note_id)


async def pass_note(command: PassNote, work: UnitOfWork[None]) -> NoteAnnounced:
    await work.connection.execute(INSERT_NOTE, command.note_id, command.text)
    return NoteAnnounced(note_id=command.note_id, text=command.text)


async def hear_note(event: NoteAnnounced, work: UnitOfWork[None]) -> None:
    await work.connection.execute(INSERT_NOTE, event.note_id, event.text)


SERVICE: Service[None] = Service(
    name=OWNER, handles={TakeNote: take_note, PassNote: pass_note}, announces=(NoteAnnounced,)
)
HEARING: Service[None] = Service(name=LISTENER, handles={NoteAnnounced: hear_note})
_MESSAGES = (TakeNote, NoteTaken, PassNote, NoteAnnounced)
_CONTRACTS = (
    *(
        Contract(
            name=kind.message_name(),
            kind="command",
            owner=OWNER,
            spoken_by="anyone",
            queues=(f"{OWNER}.commands",),
        )
        for kind in (TakeNote, PassNote)
    ),
    Contract(
        name=NoteAnnounced.message_name(),
        kind="event",
        owner=OWNER,
        spoken_by="service",
        queues=(f"{LISTENER}.events",),
    ),
)


def register() -> None:
    """Make these messages known to this process's registry, beside the real ones."""
    messages_by_name().update({kind.message_name(): kind for kind in _MESSAGES})
    read_contracts().update({contract.name: contract for contract in _CONTRACTS})


def run_service(service: Service[Any]) -> None:
    """Run one of the two; `BENCHMARK_GROUP_SIZE` says how many deliveries may share a transaction."""
    register()
    # No setting of services: nobody but a benchmark wants groups of another size.
    consumer.GROUP_SIZE = int(os.environ.get("BENCHMARK_GROUP_SIZE", GROUP_SIZE))  # type: ignore[attr-defined]
    run(service, ServiceSettings, open_nothing)


@asynccontextmanager
async def open_nothing(settings: ServiceSettings, policies: Policies) -> AsyncIterator[None]:
    """Taking notes needs no resources."""
    yield None


if __name__ == "__main__":
    run_service(SERVICE)

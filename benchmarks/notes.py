"""The smallest service that writes: `linking` takes a note, in one transaction, and says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID

from shared.messages.base import Command, Event, Reply, Speaker
from shared.messaging.registry import Contract, Service, messages_by_name, read_contracts
from shared.messaging.unit_of_work import UnitOfWork
from shared.policies import Policies
from shared.runtime import run
from shared.settings import ServiceSettings

OWNER = "linking"
LISTENER = "notify"
CREATE_NOTES = "CREATE TABLE notes (id uuid PRIMARY KEY, text text NOT NULL)"
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


class NoteAnnounced(Event, frozen=True, kw_only=True, tag=f"{OWNER}.benchmark_note_announced.v1"):
    """What the relay publishes."""

    note_id: UUID
    text: str


async def take_note(command: TakeNote, work: UnitOfWork[None]) -> NoteTaken:
    await work.connection.execute(INSERT_NOTE, command.note_id, command.text)
    return NoteTaken(note_id=command.note_id)


SERVICE: Service[None] = Service(name=OWNER, handles={TakeNote: take_note}, announces=(NoteAnnounced,))
_CONTRACTS = (
    Contract(
        name=TakeNote.message_name(),
        kind="command",
        owner=OWNER,
        spoken_by="anyone",
        queues=(f"{OWNER}.commands",),
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
    messages_by_name().update({kind.message_name(): kind for kind in (TakeNote, NoteTaken, NoteAnnounced)})
    read_contracts().update({contract.name: contract for contract in _CONTRACTS})


@asynccontextmanager
async def open_nothing(settings: ServiceSettings, policies: Policies) -> AsyncIterator[None]:
    """Taking notes needs no resources."""
    yield None


if __name__ == "__main__":
    register()
    run(SERVICE, ServiceSettings, open_nothing)

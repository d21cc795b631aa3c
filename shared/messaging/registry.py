"""The registry of contracts: which message is whose, who handles it, who listens to it.

The route tables of the services are the source. `shared/contracts.json` is generated from them, so that a
running service knows its neighbours' contracts without importing them; a test fails when it is stale.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

import shared.messages
from shared.errors import UndecodableError, UnknownTypeError
from shared.messages.base import Command, Event, Message, Query

if TYPE_CHECKING:
    from shared.messaging.bench import Bench
    from shared.messaging.parked import Parked
    from shared.messaging.unit_of_work import UnitOfWork

R = TypeVar("R")
Handler = Callable[[Any, "UnitOfWork[Any]"], Awaitable[Message | None]]
BulkHandler = Callable[[Sequence[tuple[Any, "UnitOfWork[Any]"]]], Awaitable[None]]
Check = Callable[[Any, "Bench[Any]"], Awaitable[Message]]
Preparation = Callable[["Bench[Any]"], Awaitable[None]]
TellingParked = Callable[["Parked", "UnitOfWork[Any]"], Awaitable[None]]
JobStep = Callable[["Bench[Any]"], Awaitable[bool]]

CONTRACTS = Path(__file__).parent.parent / "contracts.json"
MAXIMUM_BODY_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Service(Generic[R]):
    """The route table of a service: the map of what it does.

    `handles`: commands and events, each handled in one transaction with inbox and outbox. `bulk`: commands
    that come in masses, on a queue of their own; the handler is given all of a group at once, each with its
    unit of work, and emits what it has to say. `answers`: queries, read in one transaction. `lookups`:
    queries that are one statement each, so that a transaction around it would only cost two round trips.
    `checks`: commands or queries that may not be one transaction. `announces`: the events it may emit.
    `jobs`: steps that claim one piece of leased work, do it, and say whether there was any. `prepares` runs
    at each start, before the first message, and may be done any number of times (shipped data).
    `when_parked`: whom a parked message of a type is told to, once, in the transaction that parks it; it may
    not fail.
    """

    name: str
    handles: Mapping[type[Message], Handler] = field(default_factory=dict)
    bulk: Mapping[type[Message], BulkHandler] = field(default_factory=dict)
    answers: Mapping[type[Message], Handler] = field(default_factory=dict)
    lookups: Mapping[type[Message], Handler] = field(default_factory=dict)
    checks: Mapping[type[Message], Check] = field(default_factory=dict)
    announces: tuple[type[Event], ...] = ()
    jobs: Mapping[str, JobStep] = field(default_factory=dict)
    prepares: Preparation | None = None
    when_parked: Mapping[type[Message], TellingParked] = field(default_factory=dict)

    @property
    def tells_when_parked(self) -> Mapping[str, TellingParked]:
        """What is told of parked messages, by wire name: such a message could perhaps not be read."""
        return {kind.message_name(): tell for kind, tell in self.when_parked.items()}

    def queue_of(self, kind: type[Message]) -> str:
        """The queue on which this service receives messages of a type."""
        if kind in self.bulk:
            return f"{self.name}.bulk"
        if kind in self.answers or kind in self.lookups or kind in self.checks:
            return f"{self.name}.queries"
        return f"{self.name}.events" if issubclass(kind, Event) else f"{self.name}.commands"

    def received(self) -> tuple[type[Message], ...]:
        """Every type that this service receives."""
        return (*self.handles, *self.bulk, *self.answers, *self.lookups, *self.checks)


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """One message as its neighbours see it: its kind, who may send it, the queues that receive it."""

    name: str
    kind: str
    owner: str
    spoken_by: str
    queues: tuple[str, ...]


class ContractError(Exception):
    """The route tables contradict each other or the messages."""


@cache
def messages_by_name() -> dict[str, type[Message]]:
    """Every message type there is, by its wire name."""
    found: dict[str, type[Message]] = {}
    for module in pkgutil.walk_packages(shared.messages.__path__, "shared.messages."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if (
                issubclass(kind, Message)
                and kind.__struct_config__.tag is not None
                and "." in kind.message_name()
            ):
                found[kind.message_name()] = kind
    return found


def decode(type_name: str, body: bytes) -> Message:
    """The message in a body. Raises UnknownTypeError, or UndecodableError naming the field, never a value."""
    kind = messages_by_name().get(type_name)
    if kind is None:
        raise UnknownTypeError(type_name)
    try:
        return kind.from_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = _where(error) if isinstance(error, msgspec.ValidationError) else "the body is not JSON"
        raise UndecodableError(problem) from None


def _where(error: msgspec.ValidationError) -> str:
    """Which field is wrong and how, without anything that was sent: some of msgspec's texts quote it."""
    what, _, path = str(error).partition(" - at ")
    if not what.startswith(("Expected ", "Object missing required field ")):
        what = "A value or field that is not known"
    return f"{what} - at {path or '`$`'}"


def contracts_of(services: Iterable[Service[Any]]) -> tuple[Contract, ...]:
    """All contracts, by name. Raises ContractError if a command has no or two handlers, and the like."""
    known = tuple(services)
    receivers: dict[type[Message], list[str]] = {}
    for service in known:
        for kind in service.received():
            receivers.setdefault(kind, []).append(service.queue_of(kind))
    announced = {event: service.name for service in known for event in service.announces}
    contracts = []
    for name, kind in sorted(messages_by_name().items()):
        queues = tuple(sorted(receivers.get(kind, ())))
        if issubclass(kind, Command | Query):
            _check_asked(kind, queues)
            contracts.append(
                Contract(
                    name=name,
                    kind=_kind_of(kind),
                    owner=kind.message_owner(),
                    spoken_by=kind.spoken_by,
                    queues=queues,
                )
            )
        elif issubclass(kind, Event):
            if announced.get(kind) != kind.message_owner():
                raise ContractError(f"{name} is not announced by its owner")
            contracts.append(
                Contract(
                    name=name, kind="event", owner=kind.message_owner(), spoken_by="service", queues=queues
                )
            )
        elif queues:
            raise ContractError(f"{name} is a reply: nobody can subscribe to it")
    return tuple(contracts)


def _check_asked(kind: type[Message], queues: tuple[str, ...]) -> None:
    if len(queues) != 1:
        raise ContractError(f"{kind.message_name()} has {len(queues)} handlers instead of one")
    if not queues[0].startswith(kind.message_owner() + "."):
        raise ContractError(f"{kind.message_name()} is handled by another than its owner")


def _kind_of(kind: type[Message]) -> str:
    return "command" if issubclass(kind, Command) else "query"


@cache
def read_contracts(path: Path = CONTRACTS) -> dict[str, Contract]:
    """The generated contracts, by message name."""
    return {c.name: c for c in msgspec.json.decode(path.read_bytes(), type=tuple[Contract, ...])}


def write_contracts(contracts: tuple[Contract, ...]) -> bytes:
    """The bytes of `contracts.json`."""
    return msgspec.json.format(msgspec.json.encode(contracts), indent=1) + b"\n"

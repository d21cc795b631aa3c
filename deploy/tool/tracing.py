"""`nextgen trace`: all that followed from one first message, from the command to the mail."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from deploy.tool import stories
from deploy.tool.mail_traces import MailTrace, list_mail_traces
from deploy.tool.operating import OperatorError, Place, StoryNumber, connected, instant, printable
from deploy.tool.redriving import Say
from shared.messaging.topology import SERVICES, WAITING_QUEUES
from shared.messaging.traces import (
    HandledRow,
    ParkedTrace,
    SentRow,
    find_correlation,
    list_handled_of,
    list_parked_of,
    list_sent,
)


class Found(msgspec.Struct, kw_only=True):
    """What all databases know of a correlation; `owners` names the service that sent each message."""

    sent: list[SentRow] = msgspec.field(default_factory=list)
    owners: dict[UUID, str] = msgspec.field(default_factory=dict)
    handled: list[HandledRow] = msgspec.field(default_factory=list)
    parked: list[ParkedTrace] = msgspec.field(default_factory=list)
    mail: list[MailTrace] = msgspec.field(default_factory=list)


class TracedMessage(msgspec.Struct, kw_only=True):
    """One message in the tree: `depth` steps below the first; `sender` is the login it came from."""

    message_id: UUID
    type: str
    depth: int = 0
    causation_id: UUID | None = None
    sender: str = ""
    at: datetime | None = None
    announced_at: datetime | None = None
    attempts: int = 0
    last_problem: str | None = None
    handled: list[HandledRow] = msgspec.field(default_factory=list)
    parked: list[ParkedTrace] = msgspec.field(default_factory=list)
    mail: list[MailTrace] = msgspec.field(default_factory=list)


class Trace(msgspec.Struct, kw_only=True):
    """The causation tree of a correlation, each message after the one that led to it."""

    correlation_id: UUID
    messages: list[TracedMessage]


def trace_id(any_id: UUID, /, *, json: bool = False, story: StoryNumber = None) -> None:
    """Draw all that followed from one first message, given its correlation id or the id of any message of it.

    Events are known for thirty days, handled messages for two quarters. Bodies, names and addresses are not
    shown.
    """
    traced = asyncio.run(trace(stories.load(story), SERVICES, any_id))
    if json:
        print(printable(msgspec.json.encode(traced).decode()))
    else:
        draw(traced, print)


async def trace(place: Place, services: Sequence[str], any_id: UUID) -> Trace:
    """The trace that a message or correlation id belongs to. Raises OperatorError if nothing is known."""
    correlation_id = await _correlation_of(place, services, any_id)
    found = Found()
    for service in services:
        async with connected(place, service) as connection:
            sent = await list_sent(connection, correlation_id)
            found.sent.extend(sent)
            found.owners.update((row.message_id, service) for row in sent)
            found.parked.extend(await list_parked_of(connection, correlation_id))
    known = [
        correlation_id,
        *(row.message_id for row in found.sent),
        *(row.message_id for row in found.parked),
    ]
    for service in services:
        async with connected(place, service) as connection:
            found.handled.extend(await list_handled_of(connection, _queues(service), correlation_id, known))
            if service == "notify":
                event_ids = {*known, *(row.message_id for row in found.handled)}
                found.mail.extend(await list_mail_traces(connection, list(event_ids)))
    messages = list(in_order(_messages(found)))
    if not messages:
        raise OperatorError(f"nothing is known of {any_id}: no inbox, outbox or parked message has it")
    return Trace(correlation_id=correlation_id, messages=messages)


def draw(traced: Trace, say: Say) -> None:
    """Draw the tree as text."""
    say(f"correlation {traced.correlation_id}")
    for message in traced.messages:
        indent = "   " * message.depth
        at = f" {instant(message.at)}" if message.at else ""
        say(f"{indent}{printable(message.type)} {message.message_id} from {message.sender}{at}")
        for line in _events_of(message):
            say(f"{indent}   - {printable(line)}")


async def _correlation_of(place: Place, services: Sequence[str], any_id: UUID) -> UUID:
    for service in services:
        async with connected(place, service) as connection:
            correlation_id = await find_correlation(connection, _queues(service), any_id)
        if correlation_id is not None:
            return correlation_id
    return any_id


def _queues(service: str) -> list[str]:
    return [f"{service}.{kind}" for kind in WAITING_QUEUES]


def _messages(found: Found) -> dict[UUID, TracedMessage]:
    messages: dict[UUID, TracedMessage] = {}
    for row in found.sent:
        messages[row.message_id] = TracedMessage(
            message_id=row.message_id,
            type=row.type,
            causation_id=row.causation_id,
            sender=found.owners[row.message_id],
            at=row.emitted_at,
            announced_at=row.announced_at,
            attempts=row.attempts,
            last_problem=row.last_problem,
        )
    for handled in found.handled:
        message = messages.setdefault(
            handled.message_id, TracedMessage(message_id=handled.message_id, type=handled.type)
        )
        message.causation_id = message.causation_id or handled.causation_id
        message.sender = message.sender or handled.sender
        message.handled.append(handled)
    for parked in found.parked:
        unknown = TracedMessage(message_id=parked.message_id, type=parked.type or "unknown", sender="unknown")
        messages.setdefault(parked.message_id, unknown).parked.append(parked)
    for mail in found.mail:
        if mail.event_id in messages:
            messages[mail.event_id].mail.append(mail)
    return messages


def in_order(messages: dict[UUID, TracedMessage]) -> Iterator[TracedMessage]:
    """Each message after its cause, without recursion: who sends makes up causes, in circles too."""
    children: defaultdict[UUID | None, list[TracedMessage]] = defaultdict(list)
    for message in messages.values():
        children[message.causation_id if message.causation_id in messages else None].append(message)
    left = dict(messages)
    stack = [(0, message) for message in _latest_first(children[None])]
    while stack or left:
        if not stack:  # only circles are left
            stack.append((0, next(iter(left.values()))))
        depth, message = stack.pop()
        if left.pop(message.message_id, None) is not None:
            message.depth = depth
            yield message
            stack += [(depth + 1, child) for child in _latest_first(children[message.message_id])]


def _latest_first(messages: Iterable[TracedMessage]) -> list[TracedMessage]:
    return sorted(messages, key=lambda m: (_when(m), m.message_id), reverse=True)


def _when(message: TracedMessage) -> float:
    times = [
        message.at,
        *(row.handled_at for row in message.handled),
        *(row.parked_at for row in message.parked),
    ]
    return min(at.timestamp() for at in times if at is not None)


def _events_of(message: TracedMessage) -> Iterator[str]:
    if message.at is not None and message.announced_at is None:
        problem = f", {message.attempts} attempts, {message.last_problem}" if message.attempts else ""
        yield f"waits in the outbox{problem}"
    for row in message.handled:
        reply = f", answered {row.reply_type}" if row.reply_type else ""
        yield f"handled from {row.queue} at {instant(row.handled_at)}{reply}"
    for parked in message.parked:
        settled = f", redriven at {instant(parked.settled_at)}" if parked.settled_at else ""
        told = f"parked from {parked.queue} at {instant(parked.parked_at)}: {parked.reason}"
        yield f"{told}{settled} ({parked.id})"
    for mail in message.mail:
        sent = f" at {instant(mail.sent_at)}" if mail.sent_at else f", {mail.attempts} attempts"
        yield f"mail {mail.kind} {mail.id}: {mail.state}{sent}"

"""Redriving: putting a parked message back on its way to the queue that parked it, on record."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.messaging import ids
from shared.messaging.envelope import Envelope, Outgoing
from shared.messaging.parked import ParkedRow
from shared.messaging.registry import read_contracts
from shared.messaging.topology import WAIT_TIERS, WAITING_QUEUES

FIRST_TIER = next(iter(WAIT_TIERS))
Outcome = Literal[
    "refused",
    "begun",
    "sent",
    "not_sent",
    "handled",
    "parked_again",
    "not_handled_in_time",
    "would_be_handled",
    "would_fail",
    "body_shown",
    "settled",
]


class Redrive(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator did with a parked message, or what came of it; `problem` holds no data of it."""

    id: UUID
    parked_id: UUID
    operator: str
    noted_at: datetime
    outcome: Outcome
    problem: str = ""


def find_obstacle(
    parked: ParkedRow, start_of_inbox: datetime, handled_at: datetime | None, now: datetime
) -> str:
    """Why a parked message can't be redriven; empty if it can be.

    `handled_at` is when a message of its id was handled, if one was: later than it was parked, that was
    itself, by a redrive that was cut short.
    """
    service, _, kind = parked.queue.partition(".")
    contract = read_contracts().get(parked.type or "")
    deadline = _instant(parked.headers.get("deadline"))
    obstacles = {
        "it was erased, with the account that it named": parked.erased_at is not None,
        "it is settled": parked.settled_at is not None,
        "its body is gone": parked.body is None,
        "its envelope can't be read: its sender must send it anew": parked.message_id is None
        or parked.correlation_id is None
        or not parked.type
        or not parked.sender,
        f"no wait queue leads to {parked.queue}: whoever asked must ask again": kind not in WAITING_QUEUES,
        "it needs its sender's assertion, which isn't kept: whoever asked must ask again": contract
        is not None
        and contract.spoken_by == "account",
        "its deadline has passed: whoever asked must ask again": deadline is not None and deadline <= now,
        f"it is older than the inbox of {service}, so whether it was handled before can't be told": (
            parked.message_id is not None and parked.message_id < ids.first_id_of(start_of_inbox)
        ),
        "another message was handled under its id: its sender must send it under a new one": parked.reason
        == "poison"
        and handled_at is not None
        and handled_at <= parked.parked_at,
    }
    return next((obstacle for obstacle, is_so in obstacles.items() if is_so), "")


def envelope_of(parked: ParkedRow) -> Envelope:
    """The envelope with which a parked message comes again; it must have no obstacle."""
    return Envelope(
        message_id=_given(parked.message_id),
        type=parked.type or "",
        sender=parked.sender or "",
        time=_instant(parked.headers.get("cloudEvents:time")) or parked.parked_at,
        correlation_id=_given(parked.correlation_id),
        causation_id=_id(parked.headers.get("causation-id")),
        deadline=_instant(parked.headers.get("deadline")),
        traceparent=_text(parked.headers.get("traceparent")),
        assertion=_text(parked.headers.get("assertion")),
        parked_at=parked.first_parked_at,
    )


def outgoing_of(parked: ParkedRow) -> Outgoing:
    """The message as its reader publishes it, through the first wait queue to the queue that parked it."""
    envelope = envelope_of(parked)
    service = parked.queue.partition(".")[0]
    return Outgoing(
        message_id=envelope.message_id,
        type=envelope.type,
        exchange=f"{service}.wait",
        routing_key=f"{FIRST_TIER}.{parked.queue}",
        body=parked.body or b"",
        time=envelope.time,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        traceparent=envelope.traceparent,
        deadline=envelope.deadline,
        assertion=envelope.assertion,
        original_sender=envelope.sender,
        parked_at=envelope.parked_at,
    )


def new_redrive(
    parked_id: UUID, operator: str, now: datetime, outcome: Outcome, problem: str = ""
) -> Redrive:
    """What is to be kept of an act at an instant."""
    return Redrive(
        id=ids.new_id(now),
        parked_id=parked_id,
        operator=operator,
        noted_at=now,
        outcome=outcome,
        problem=problem,
    )


async def insert_redrive(connection: Connection, redrive: Redrive) -> None:
    """Put an operator's act, or what came of it, on record."""
    await connection.execute(
        """
        INSERT INTO redrives (id, parked_id, operator, noted_at, outcome, problem)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        redrive.id,
        redrive.parked_id,
        redrive.operator,
        redrive.noted_at,
        redrive.outcome,
        redrive.problem,
    )


async def list_redrives(connection: Connection, parked_id: UUID) -> list[Redrive]:
    """What was done with a parked message, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, parked_id, operator, noted_at, outcome, problem
          FROM redrives
         WHERE parked_id = $1
         ORDER BY noted_at, id
        """,
        parked_id,
    )
    return [Redrive(**row) for row in rows]


def _given(value: UUID | None) -> UUID:
    if value is None:
        raise ValueError("a message without its ids can't be redriven")
    return value


def _instant(value: object) -> datetime | None:
    """An instant from a header; its sender may have written anything, and then it was never read."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def _id(value: object) -> UUID | None:
    return None if value is None else UUID(str(value))


def _text(value: object) -> str | None:
    return None if value is None else str(value)

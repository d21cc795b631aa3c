"""Parking: a message given up on becomes a row, and whoever must know of it is told, in one transaction."""

from dataclasses import replace
from typing import Any

from shared.messaging.bench import Bench
from shared.messaging.broker import Delivery
from shared.messaging.envelope import Envelope
from shared.messaging.judge import Judgement
from shared.messaging.parked import Parked, insert_parked, parked_id
from shared.messaging.registry import read_contracts

_UNTRUSTED_HEADERS = frozenset({"assertion", "x-death"})
_OF_A_MACHINE = _UNTRUSTED_HEADERS - {"assertion"}
"""A court's assertion is good for its one message alone, and without it that couldn't be redriven."""


async def park(
    bench: Bench[Any], delivery: Delivery, envelope: Envelope | None, judgement: Judgement
) -> None:
    """Keep a delivery in the table; done again, it is kept once. Raises what the database raises."""
    parked = _parked(bench, delivery, envelope, judgement)
    # With fresh ids for what is told: that of a parked message may be anything, any year's too.
    async with replace(bench, cause=envelope).transaction() as work:
        tell = bench.service.tells_when_parked.get(delivery.type)
        if await insert_parked(work.connection, parked) and tell is not None:
            await tell(parked, work)


def _parked(bench: Bench[Any], delivery: Delivery, envelope: Envelope | None, judgement: Judgement) -> Parked:
    queue, headers = delivery.origin, delivery.headers
    sender = envelope.sender if envelope else headers["user_id"]  # the same after a redrive
    contract = read_contracts().get(delivery.type)
    is_of_a_machine = contract is not None and contract.spoken_by == "machine"
    left_out = _OF_A_MACHINE if is_of_a_machine else _UNTRUSTED_HEADERS
    known_by = (headers["message_id"], delivery.type, sender, delivery.body)
    return Parked(
        id=parked_id(queue, judgement.reason, known_by),
        queue=queue,
        message_id=envelope.message_id if envelope else None,
        type=delivery.type or None,
        sender=envelope.sender if envelope else None,
        correlation_id=envelope.correlation_id if envelope else None,
        headers={k: v for k, v in headers.items() if k not in left_out},
        body=delivery.body,
        reason=judgement.reason,
        error=judgement.error,
        attempts=envelope.attempt if envelope else 1,
        parked_at=bench.now(),
        first_parked_at=envelope.parked_at if envelope else None,
    )

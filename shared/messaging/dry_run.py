"""A dry run: really handling a parked message, in a transaction that is rolled back."""

from dataclasses import replace
from typing import Any

import msgspec

from shared.database import rolled_back, transaction
from shared.messaging import inbox, outbox
from shared.messaging.bench import Bench
from shared.messaging.judge import Verdict, judge
from shared.messaging.parked import ParkedRow
from shared.messaging.redrives import envelope_of
from shared.messaging.wakeup import Wakeup


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a redrive would come to, without any data of the message."""

    verdict: Verdict
    reason: str
    error: str
    emits: tuple[str, ...]
    was_handled: bool
    """Was it handled before? Then handling it again has no effect."""


async def try_out(bench: Bench[Any], parked: ParkedRow) -> Trial:
    """Handle a message that has no obstacle once, and undo it; nothing is published either."""
    envelope = envelope_of(parked)
    async with rolled_back(bench.pool) as pool:
        async with transaction(pool) as connection:
            handled = await inbox.list_handled(connection, parked.queue, [envelope.message_id])
        trying = replace(bench, pool=pool, outbox_filled=Wakeup())
        judgement = await judge(trying, parked.queue, envelope, parked.body or b"")
        async with transaction(pool) as connection:
            emits = await outbox.list_emitted_by(connection, envelope.message_id)
    return Trial(
        verdict=judgement.verdict,
        reason=judgement.reason,
        error=judgement.error,
        emits=tuple(emits),
        was_handled=bool(handled),
    )

"""The defences of delivery, each taken out of a process on purpose: then something is lost or doubled."""

import os
import signal
from collections.abc import Callable, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.messaging import inbox, outbox, relay
from shared.messaging.broker import Delivery, batches
from shared.messaging.envelope import Envelope, Outgoing
from shared.messaging.settler import Settler
from tests.faults import crash_toys

STEPS: dict[str, tuple[type | ModuleType, str]] = {
    "acknowledge": (Delivery, "_settle"),
    "emit": (outbox, "insert_messages"),
}
"""What a process may be told not to reach; `emit` is the last step before a commit."""


def put_in_place(holder: object, **parts: object) -> None:
    """Let a class, a module or an object of this process have other parts than it came with."""
    for name, part in parts.items():
        setattr(holder, name, part)


def take_out(defence: str) -> None:
    """Let this process do without a defence; none if it has no name."""
    if defence:
        _WITHOUT[defence]()


def die_before(step: str) -> None:
    """Let this process be killed in place of its first such step."""
    if not step:
        return
    holder, name = STEPS[step]

    async def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    put_in_place(holder, **{name: die})


def _without_inbox() -> None:
    async def all_are_new(
        _: Connection, messages: Sequence[tuple[str, Envelope, bytes]], __: datetime
    ) -> set[tuple[str, UUID]]:
        return {(queue, envelope.message_id) for queue, envelope, _ in messages}

    put_in_place(inbox, first_times=all_are_new)


def _without_commit_before_acknowledging() -> None:
    settle_all = Settler.settle_all

    async def acknowledge_first(settler: Settler, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            await delivery.acknowledge()
            put_in_place(delivery, _settle=_nothing)
        await settle_all(settler, deliveries)

    put_in_place(Settler, settle_all=acknowledge_first)


async def _nothing(_: object) -> bool:
    return True


def _without_confirm() -> None:
    async def only_write(channel: Any, messages: Sequence[Any], _: float) -> list[BaseException | None]:
        await batches._write(channel, messages)
        return [None] * len(messages)

    put_in_place(batches, publish_batch=only_write)


def _without_mandatory() -> None:
    def without(row: Outgoing) -> Outgoing:
        return msgspec.structs.replace(row, is_mandatory=False)

    put_in_place(relay, _with_mandatory=without)


def _without_lease() -> None:
    async def claim_whatever_is_open(connection: Any) -> Any:
        return await connection.fetchrow(
            "SELECT cause, word FROM toy_jobs WHERE NOT is_settled ORDER BY cause LIMIT 1"
        )

    put_in_place(crash_toys, claim=claim_whatever_is_open)


_WITHOUT: dict[str, Callable[[], None]] = {
    "inbox": _without_inbox,
    "commit before acknowledging": _without_commit_before_acknowledging,
    "confirm": _without_confirm,
    "mandatory": _without_mandatory,
    "lease": _without_lease,
}

"""The unit of work: one transaction, its time, its cause, and the messages it emits."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from shared.assertion import Asserted, Assertion, CourtAssertion
from shared.clock import Clock
from shared.database import Connection
from shared.errors import NextgenError
from shared.messages.base import Event, Message
from shared.messaging import ids, outbox
from shared.messaging.envelope import Envelope, Outgoing
from shared.messaging.registry import MAXIMUM_BODY_BYTES, Service, read_contracts
from shared.sealed import Seals

R = TypeVar("R")


class UndeclaredEventError(NextgenError):
    """The service's route table doesn't announce this event."""


class MessageTooLargeError(NextgenError):
    """The body is over 256 KiB: put it into the object store and send its key."""


@dataclass(kw_only=True)
class UnitOfWork(Generic[R]):
    """One transaction. `consumer` tells apart who works on the same cause, so that ids never meet.

    `now` is when it began. Who has waited for a lock since, and decides on an instant that may have come
    meanwhile, looks at the `clock` again. `resources` is what the service made at its start: policies, keys,
    pools of workers.
    """

    connection: Connection
    cause: Envelope
    now: datetime
    clock: Clock
    service: Service[R]
    seals: Seals
    resources: R
    consumer: str
    asserted: Asserted | None = None
    are_ids_random: bool = False
    _pending: list[Outgoing] = field(default_factory=list)
    _ids_given: int = 0

    @property
    def assertion(self) -> Assertion:
        """Who asks, as `accounts` signed it; only for messages spoken by an account."""
        if not isinstance(self.asserted, Assertion):
            raise NextgenError("this message needs no assertion, so its handler can't use one")
        return self.asserted

    @property
    def court_assertion(self) -> CourtAssertion:
        """Which court's machine asks, as `accounts` signed it; only for messages spoken by a machine."""
        if not isinstance(self.asserted, CourtAssertion):
            raise NextgenError("no court's machine asks this, so its handler can't use one")
        return self.asserted

    def new_id(self) -> UUID:
        """An id for a message or a row: the same one when this unit of work is done again."""
        self._ids_given += 1
        if self.are_ids_random:
            return ids.new_id(self.now)
        return ids.child_id(self.cause.message_id, self.consumer, self._ids_given)

    def new_ids(self, count: int) -> list[UUID]:
        """Many ids for rows of one kind, in ascending order; as `new_id`, the same when done again."""
        return ids.ids_from(self.new_id(), count)

    def open(self, message: Message, secret_field: str) -> str:
        """The secret in a sealed field of the message being handled."""
        return self.seals.open(message, self.cause.message_id, secret_field, self.now)

    def emit(self, event: Event, *, addressee: str | None = None) -> None:
        """Announce an event when this transaction commits; its secrets are sealed here.

        `addressee` is a court's login: the event then also reaches that court's own results queue.
        Raises UndeclaredEventError or MessageTooLargeError.
        """
        if type(event) not in self.service.announces:
            raise UndeclaredEventError(event.message_name())
        self._pending.append(self._outgoing(event, addressee))

    async def flush(self) -> bool:
        """Write what was emitted into the outbox; the last statements of the transaction."""
        pending = self.take_emitted()
        if pending:
            await outbox.insert_messages(self.connection, pending)
        return bool(pending)

    def take_emitted(self) -> list[Outgoing]:
        """What was emitted, for whoever writes it into the outbox together with others'."""
        taken, self._pending = self._pending, []
        return taken

    def _outgoing(self, event: Event, addressee: str | None) -> Outgoing:
        message_id = self.new_id()
        body = msgspec.json.encode(self.seals.seal_fields(event, message_id))
        if len(body) > MAXIMUM_BODY_BYTES:
            raise MessageTooLargeError(event.message_name())
        routing_key = event.message_name() if addressee is None else f"{event.message_name()}.{addressee}"
        return Outgoing(
            message_id=message_id,
            type=event.message_name(),
            exchange=self.service.name,
            routing_key=routing_key,
            body=body,
            time=self.now,
            correlation_id=self.cause.correlation_id,
            causation_id=self.cause.message_id,
            traceparent=self.cause.traceparent,
        )


def has_subscribers(message_name: str) -> bool:
    """Must publishing this message reach a queue? Yes, unless the registry knows that nobody receives it.

    A name that isn't in the registry (any more) may have receivers: if not, it is kept and seen.
    """
    contract = read_contracts().get(message_name)
    return contract is None or bool(contract.queues)

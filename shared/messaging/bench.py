"""The bench: where checks and jobs work, in as many short transactions as they need."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.assertion import Asserted, Assertion
from shared.clock import Clock
from shared.database import Connection, Pool, connected, transaction
from shared.errors import NextgenError
from shared.messages.base import Message
from shared.messaging.envelope import Envelope
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from shared.messaging.unit_of_work import UnitOfWork
from shared.messaging.wakeup import Wakeup
from shared.sealed import Seals

R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Bench(Generic[R]):
    """What a check or a job works with; `cause` is None for a job until it has claimed its row."""

    pool: Pool
    clock: Clock
    service: Service[R]
    seals: Seals
    resources: R
    outbox_filled: Wakeup
    assertion_keys: Mapping[str, Ed25519PublicKey]
    cause: Envelope | None = None
    asserted: Asserted | None = None

    @property
    def assertion(self) -> Assertion:
        """Who asks, as `accounts` signed it; only for messages spoken by an account."""
        if not isinstance(self.asserted, Assertion):
            raise NextgenError("this message needs no assertion, so its check can't use one")
        return self.asserted

    @property
    def request(self) -> Envelope:
        """The envelope of the request that a check answers."""
        if self.cause is None:
            raise NextgenError("a job has no request")
        return self.cause

    def now(self) -> datetime:
        """The present instant of the business clock."""
        return self.clock()

    def open(self, message: Message, secret_field: str) -> str:
        """The secret in a sealed field of the message being checked."""
        return self.seals.open(message, self.request.message_id, secret_field, self.now())

    def connected(self) -> AbstractAsyncContextManager[Connection]:
        """A connection on which each statement is a transaction of its own, for a step that is only one."""
        return connected(self.pool)

    @asynccontextmanager
    async def transaction(
        self, *, caused_by: UUID | None = None, correlation_id: UUID | None = None, step: str | None = None
    ) -> AsyncIterator[UnitOfWork[R]]:
        """One short transaction, committed at the end with what it emitted.

        A job that may be done twice names what caused its row and its `step`: then ids repeat too. A
        check gets fresh ids each time.
        """
        now = self.now()
        cause = self.cause or _cause_of_job(self.service.name, caused_by, correlation_id, now)
        async with transaction(self.pool) as connection:
            work = UnitOfWork(
                connection=connection,
                cause=cause,
                now=now,
                clock=self.clock,
                service=self.service,
                seals=self.seals,
                resources=self.resources,
                consumer=f"{self.service.name}:{step}",
                asserted=self.asserted,
                are_ids_random=step is None,
            )
            yield work
            has_emitted = await work.flush()
        if has_emitted:
            self.outbox_filled.wake()
        if has_emitted and self.cause is None:
            structlog.get_logger().info(
                "job_settled",
                step=step,
                correlation_id=str(cause.correlation_id),
                causation_id=str(cause.message_id),
            )


def _cause_of_job(
    service: str, caused_by: UUID | None, correlation_id: UUID | None, now: datetime
) -> Envelope:
    message_id = caused_by or new_id(now)
    return Envelope(
        message_id=message_id,
        type=f"{service}.job",
        sender=service,
        time=now,
        correlation_id=correlation_id or message_id,
    )

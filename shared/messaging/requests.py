"""Requests: a command or query sent by a party that waits for the reply, with a deadline."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import msgspec

from shared.clock import Clock
from shared.errors import (
    BadEnvelopeError,
    DeadlinePassedError,
    ForbiddenError,
    NackedError,
    PublishError,
    ServiceUnavailableError,
    UnroutableError,
)
from shared.messages.base import Message
from shared.messaging import ids
from shared.messaging.broker import BrokerConnection, Delivery, Publisher, connect
from shared.messaging.envelope import Outgoing
from shared.messaging.registry import decode
from shared.sealed import Seals

DEADLINE_SECONDS = 10.0
_Future: TypeAlias = "asyncio.Future[tuple[Delivery, UUID]]"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A reply, with the id that its secrets are sealed under."""

    message: Message
    reply_id: UUID
    correlation_id: UUID


class Requests:
    """Asks services on behalf of the portal or the operator; many requests may wait at once."""

    def __init__(self, url: str, seals: Seals, clock: Clock, *, name: str) -> None:
        self._url, self._name = url, name
        self._seals, self._clock = seals, clock
        self._waiting: dict[UUID, tuple[str, _Future]] = {}
        self._opened = asyncio.Event()
        self._publisher: Publisher | None = None
        self._reply_queue = ""
        self._party = ""

    async def keep_open(self) -> None:
        """Open connection and reply queue and stay until they are lost; run by `keep_running`."""
        async with connect(self._url, name=f"{self._name} requests") as connection:
            publisher = await self._open(connection)
            try:
                await publisher.wait_until_closed()
            finally:
                self._opened.clear()
                self._publisher = None

    async def ask(
        self,
        message: Message,
        *,
        assertion: str | None = None,
        message_id: UUID | None = None,
        correlation_id: UUID | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> Answer:
        """Send a request and wait for its reply.

        Raises ServiceUnavailableError when nobody takes it, or DeadlinePassedError; after either, asking
        again with the same `message_id` is safe, and done once.
        """
        began = self._clock()
        message_id = message_id or ids.new_id(began)
        deadline = began + timedelta(seconds=deadline_seconds)
        try:
            async with asyncio.timeout(deadline_seconds), self._only_one(message, message_id) as future:
                publisher = await self._get_publisher()
                outgoing = self._outgoing(message, message_id, correlation_id, assertion, deadline)
                await publisher.publish(outgoing, deadline_seconds)
                delivery, reply_id = await future
        except (UnroutableError, NackedError, ForbiddenError) as error:
            raise ServiceUnavailableError(f"{message.message_owner()} takes no requests now") from error
        except (TimeoutError, PublishError) as error:
            raise DeadlinePassedError(f"no reply in time to {message.message_name()}") from error
        return Answer(
            message=decode(delivery.type, delivery.body),
            reply_id=reply_id,
            correlation_id=correlation_id or message_id,
        )

    async def tell(
        self,
        message: Message,
        *,
        assertion: str,
        message_id: UUID,
        correlation_id: UUID,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        """Send a command to which nobody waits for a reply; once this returns, the broker has it safely.

        Raises as `ask` does; after either, sending it again with the same `message_id` is safe.
        """
        try:
            async with asyncio.timeout(deadline_seconds):
                publisher = await self._get_publisher()
                outgoing = self._outgoing(message, message_id, correlation_id, assertion, None)
                await publisher.publish(outgoing, deadline_seconds)
        except (UnroutableError, NackedError, ForbiddenError) as error:
            raise ServiceUnavailableError(f"{message.message_owner()} takes nothing now") from error
        except (TimeoutError, PublishError) as error:
            raise DeadlinePassedError(f"{message.message_name()} was not confirmed in time") from error

    def open(self, answer: Answer, secret_field: str) -> str:
        """A secret in a reply."""
        return self._seals.open(answer.message, answer.reply_id, secret_field, self._clock())

    @property
    def is_open(self) -> bool:
        """Is there a way to the broker and back just now?"""
        return self._publisher is not None

    @property
    def waiting(self) -> Mapping[UUID, object]:
        """The requests without a reply yet, by message id."""
        return self._waiting

    @asynccontextmanager
    async def _only_one(self, message: Message, message_id: UUID) -> AsyncIterator[_Future]:
        """Wait until no other request of this id waits here, since nobody could tell their replies apart."""
        while message_id in self._waiting:
            await asyncio.wait((self._waiting[message_id][1],))
        future: _Future = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = (message.message_owner(), future)
        try:
            yield future
        finally:
            del self._waiting[message_id]
            future.cancel()

    async def _open(self, connection: BrokerConnection) -> Publisher:
        self._party = connection.login.party
        publisher = await connection.open_publisher()
        self._reply_queue = await connection.open_reply_queue(self._take_reply, publisher.give_up)
        self._publisher = publisher  # last: whoever finds it sends, and needs the reply queue's name
        self._opened.set()
        return publisher

    async def _get_publisher(self) -> Publisher:
        while self._publisher is None:
            await self._opened.wait()
        return self._publisher

    async def _take_reply(self, delivery: Delivery) -> None:
        """Believe a reply only if the owner of the request sent it."""
        try:
            envelope = delivery.read_envelope()
        except BadEnvelopeError:
            return
        if envelope.causation_id is None or envelope.causation_id not in self._waiting:
            return
        owner, future = self._waiting[envelope.causation_id]
        if envelope.sender == owner and not future.done():
            future.set_result((delivery, envelope.message_id))

    def _outgoing(
        self,
        message: Message,
        message_id: UUID,
        correlation_id: UUID | None,
        assertion: str | None,
        deadline: datetime | None,
    ) -> Outgoing:
        return Outgoing(
            message_id=message_id,
            type=message.message_name(),
            exchange=self._party,
            routing_key=message.message_name(),
            body=msgspec.json.encode(self._seals.seal_fields(message, message_id)),
            time=self._clock(),
            correlation_id=correlation_id or message_id,
            deadline=deadline,
            assertion=assertion,
            reply_to=None if deadline is None else self._reply_queue,
            is_persistent=deadline is None,
        )

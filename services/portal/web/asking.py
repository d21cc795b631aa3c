"""Asking the services on behalf of whoever calls."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from services.portal.web.problems import Problem, not_signed_in, problem_of, proof_too_old, unavailable
from shared.clock import Clock
from shared.errors import RequestError
from shared.messages import accounts
from shared.messages.base import Message, NotAllowed, Query
from shared.messaging.ids import new_id
from shared.messaging.requests import Answer, Requests
from shared.sealed import Sealed, to_be_sealed

M = TypeVar("M", bound=Message)
SECRET_LIFE = timedelta(minutes=1)
"""Longer than any request may take; what comes later is too late anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services, as they are asked from here."""

    requests: Requests
    clock: Clock

    def now(self) -> datetime:
        """The present instant of the installation's business clock."""
        return self.clock()

    def sealed(self, text: str, reader: str = "accounts") -> Sealed:
        """A secret that somebody typed, for the one service that reads it."""
        return to_be_sealed(text, reader=reader, expires_at=self.clock() + SECRET_LIFE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, as far as the edge can know: from which network, and with which session's token.

    `request_id` goes with everything that is asked on the way: one search for it in all logs shows the path.
    """

    services: Services
    network: str
    request_id: UUID
    token: str = ""

    async def ask(self, message: Message, *, message_id: UUID | None = None) -> Answer:
        """Ask what anyone may ask. Raises Problem if there is no answer, or one that is a problem."""
        return await self._ask(message, assertion=None, message_id=message_id)

    async def ask_as_me(self, message: Message, *, message_id: UUID | None = None) -> Answer:
        """Ask with an assertion for this one message, made from the session just now. Raises Problem."""
        message_id = message_id or new_id(self.services.now())
        assertion = await self.resolve(message, message_id)
        return await self._ask(message, assertion=assertion.assertion, message_id=message_id)

    async def ask_all_as_me(self, *messages: Message) -> list[Answer]:
        """The same for several questions at once, each with an assertion of its own.

        Raises the first problem that comes; nobody waits for the other answers then.
        """
        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(self.ask_as_me(message)) for message in messages]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in asked]

    async def resolve(self, message: Message, message_id: UUID) -> accounts.SessionResolved:
        """What the session gives for one message. Raises Problem if nobody is signed in (any more)."""
        resolved = await self.find_session(message, message_id)
        if resolved is None:
            raise await self._why_not(message)
        return resolved

    async def be_signed_in(self, message: Message, *, is_sensitive: bool = False) -> None:
        """Raise Problem unless the session serves for such a message, before its form is filled in.

        For a sensitive one its holder has proved recently who they are, too.
        """
        resolved = await self.resolve(message, new_id(self.services.now()))
        if is_sensitive and not resolved.is_proof_fresh:
            raise proof_too_old()

    async def _why_not(self, message: Message) -> Problem:
        """A session that serves to change the password or to enrol alone is one for `accounts` still."""
        own = accounts.MyAccount()
        is_elsewhere = message.message_owner() != own.message_owner()
        if is_elsewhere and await self.find_session(own, new_id(self.services.now())):
            return problem_of(NotAllowed(reason="session_restricted")) or not_signed_in()
        return not_signed_in()

    async def find_session(self, message: Message, message_id: UUID) -> accounts.SessionResolved | None:
        """The same, or None if nobody is signed in (any more)."""
        if not self.token:
            return None
        question = accounts.ResolveSession(
            token=self.services.sealed(self.token),
            audience=message.message_owner(),  # type: ignore[arg-type]  # it is one of the four
            for_message_id=message_id,
            for_message_name=message.message_name(),
        )
        answer = (await self._ask(question, assertion=None, message_id=None)).message
        if isinstance(answer, accounts.SessionRefused):
            return None
        return expect(answer, accounts.SessionResolved)

    async def ask_with(self, assertion: str, message: Message, message_id: UUID) -> Answer:
        """Ask with an assertion that was made for this one message. Raises Problem."""
        return await self._ask(message, assertion=assertion, message_id=message_id)

    async def tell(self, assertion: str, message: Message, message_id: UUID) -> None:
        """Hand a command to the broker; once this returns, it is there safely. Raises Problem."""
        try:
            await self.services.requests.tell(
                message, assertion=assertion, message_id=message_id, correlation_id=self.request_id
            )
        except RequestError as error:
            raise unavailable(error, is_question=False) from error

    def open(self, answer: Answer, field: str) -> str:
        """A secret in an answer."""
        return self.services.requests.open(answer, field)

    async def _ask(self, message: Message, *, assertion: str | None, message_id: UUID | None) -> Answer:
        try:
            answer = await self.services.requests.ask(
                message, assertion=assertion, message_id=message_id, correlation_id=self.request_id
            )
        except RequestError as error:
            raise unavailable(error, is_question=isinstance(message, Query)) from error
        problem = problem_of(answer.message)
        if problem is not None:
            raise problem
        return answer


def expect(answer: Message, kind: type[M]) -> M:
    """The answer, if it is what the question is answered with; anything else is a mistake of ours."""
    if not isinstance(answer, kind):
        raise TypeError(f"{kind.message_name()} was expected, and {answer.message_name()} came")
    return answer


def refuse(refusals: Mapping[str, Problem], reason: str) -> Problem:
    """The problem that a reason stands for; one without words of its own is said as it is."""
    return refusals.get(reason) or Problem(409, reason, "Not done", reason.replace("_", " ").capitalize())

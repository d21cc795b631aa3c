"""Courts' machines: which court asks, by the credential in the head of its request."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.portal.web.asking import Caller, expect
from services.portal.web.problems import Problem
from shared.messages.accounts.court_credentials import CourtNotResolved, CourtResolved, ResolveCourt
from shared.messages.base import Message
from shared.messaging.ids import new_id
from shared.messaging.requests import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A court's machine that calls, with what it shows of itself."""

    caller: Caller
    credential: str

    async def court_id(self) -> str:
        """Which court it is. Raises Problem if it is none."""
        return (await self._resolve()).court_id

    async def resolve(self, message: Message, message_id: UUID) -> CourtResolved:
        """Which court it is, and the assertion for one message. Raises Problem if it is none."""
        return await self._resolve(
            audience=message.message_owner(),
            for_message_id=message_id,
            for_message_name=message.message_name(),
        )

    async def ask(self, message: Message) -> Answer:
        """Ask as the court. Raises Problem."""
        message_id = new_id(self.caller.services.now())
        resolved = await self.resolve(message, message_id)
        return await self.caller.ask_with(resolved.assertion, message, message_id)

    async def _resolve(self, **wanted: Any) -> CourtResolved:
        if not self.credential:
            raise _not_a_court()
        credential = self.caller.services.sealed(self.credential)
        question = ResolveCourt(credential=credential, network=self.caller.network, **wanted)
        answer = (await self.caller.ask(question)).message
        if isinstance(answer, CourtNotResolved):
            raise _not_a_court()
        return expect(answer, CourtResolved)


def _not_a_court() -> Problem:
    """The same for every failure: none, unknown, ended, expired."""
    return Problem(
        401,
        "not_a_court",
        "Not a court's machine",
        "Send a court's credential that is in force, as a bearer's.",
    )

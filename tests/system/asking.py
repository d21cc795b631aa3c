"""People who ask until they are answered: always under the same message id, whatever goes down meanwhile."""

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import NamedTuple, TypeVar
from uuid import UUID

from deploy.demo.desk import Desk, Person
from shared.errors import RequestError
from shared.messages import accounts, linking
from shared.messages.base import Message, TooLate
from shared.messaging.ids import new_id
from shared.messaging.requests import Answer, Requests
from shared.runtime import keep_running
from tests.installation import until
from tests.system.running import System

M = TypeVar("M", bound=Message)
TRY_SECONDS = 5.0
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 0.1
SIGNS = "QXZ23456789"
"""Letters that are in nobody's name here, so that a password of them holds no part of it."""
_AGAIN = (TooLate, accounts.Busy, linking.ProvingBusy, accounts.SessionRefused)
_numbers = itertools.count()


class Mail(NamedTuple):
    """A mail that was received."""

    to: str
    kind: str
    message_id: str
    text: str


class Postbox:
    """All mail that was received, each file read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mails: dict[str, Mail] = {}

    def mails(self) -> list[Mail]:
        """What has come so far."""
        for path in self._folder.glob("*.eml"):
            if path.name not in self._mails:
                self._mails[path.name] = _read(path)
        return list(self._mails.values())

    async def token_for(self, email: str) -> str:
        """The one-time token that was mailed to an address."""

        async def found() -> str:
            mails = (mail for mail in self.mails() if mail.to == email and "token=" in mail.text)
            return next((mail.text.partition("token=")[2].split()[0] for mail in mails), "")

        return str(await until(found, f"a token for {email}", deadline_seconds=PATIENCE_SECONDS))


class PatientRequests(Requests):
    """Requests that are sent again, under the same id, until there is an answer."""

    try_seconds: float = TRY_SECONDS

    async def ask(
        self,
        message: Message,
        *,
        assertion: str | None = None,
        message_id: UUID | None = None,
        correlation_id: UUID | None = None,
        deadline_seconds: float | None = None,
    ) -> Answer:
        """Ask until answered; with an assertion once, since that may expire before the answer comes."""
        message_id = message_id or new_id(self._clock())
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await super().ask(
                    message,
                    assertion=assertion,
                    message_id=message_id,
                    correlation_id=correlation_id,
                    deadline_seconds=deadline_seconds or self.try_seconds,
                )
                if assertion is not None or not isinstance(answer.message, _AGAIN):
                    return answer
            except RequestError:
                if assertion is not None or time.monotonic() > give_up_at:
                    raise
            assert time.monotonic() < give_up_at, f"no answer to {message.message_name()}"
            await asyncio.sleep(PAUSE_SECONDS)


class PatientPerson(Person):
    """A person who resolves the session anew for each try and keeps to the id of the request."""

    async def answer(self, message: Message) -> Answer:
        """The whole answer, however many tries it takes."""
        message_id = new_id(self.desk.now())
        resolve = self.resolving(message, message_id)
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            resolved = await self.ask_openly(resolve, accounts.SessionResolved)
            try:
                answer = await self.desk.portal.ask(
                    message, assertion=resolved.assertion, message_id=message_id
                )
                if not isinstance(answer.message, _AGAIN):
                    return answer
            except RequestError:
                pass
            assert time.monotonic() < give_up_at, f"no answer to {message.message_name()}"
            await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def a_desk(system: System, try_seconds: float = TRY_SECONDS) -> AsyncIterator[Desk]:
    """A desk with patient requests as the portal and as the operator; each try waits so long."""
    story = system.story
    parties = {
        party: PatientRequests(story.broker_url(party), story.seals(party), story.clock, name=f"test {party}")
        for party in ("portal", "operator")
    }
    for requests in parties.values():
        requests.try_seconds = try_seconds
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(keep_running(requests.keep_open, name=name))
            for name, requests in parties.items()
        ]
        yield Desk(story=story, portal=parties["portal"], operator=parties["operator"])
        for task in tasks:
            task.cancel()


def a_secret() -> str:
    """A word that is nowhere else, and good enough for a password."""
    return "".join(secrets.choice(SIGNS) for _ in range(24))


def a_person(desk: Desk) -> PatientPerson:
    """Somebody with a name, a user name and an address of their own, who has no account yet."""
    word = _letters(next(_numbers))
    return PatientPerson(
        desk=desk,
        name=f"Ann {word.capitalize()}",
        user_name=f"member.{word}",
        password=a_secret(),
        email=f"member.{word}@mail.example",
    )


def data_of(person: Person) -> accounts.Person:
    """What a person says of themselves at registration."""
    first_name, _, last_name = person.name.partition(" ")
    return accounts.Person(
        first_name=first_name,
        last_name=last_name,
        date_of_birth=date(1980, 5, 17),
        email=person.email,
        address="12 West Trade Street",
        city="Charlotte",
        state="NC",
        postal_code="28202",
        county="Mecklenburg",
        phone="+1 704 555 0100",
        user_type="attorney filer",
    )


def registration_of(person: Person, kind: accounts.Kind = "individual") -> accounts.RegisterAccount:
    """The command that makes a person's account."""
    return accounts.RegisterAccount(
        kind=kind,
        person=data_of(person),
        user_name=person.user_name,
        password=person.desk.sealed(person.password, "accounts"),
    )


async def register(person: Person, kind: accounts.Kind = "individual") -> accounts.AccountRegistered:
    """Make the account; its address is not proved yet."""
    registered = await person.ask_openly(registration_of(person, kind), accounts.AccountRegistered)
    person.account_id, person.account_number = registered.account_id, registered.account_number
    return registered


async def verify(person: Person, postbox: Postbox) -> accounts.EmailVerified:
    """Prove the address with the token from the mail."""
    token = person.desk.sealed(await postbox.token_for(person.email), "accounts")
    return await person.ask_openly(accounts.VerifyEmail(token=token), accounts.EmailVerified)


async def join_up(desk: Desk, postbox: Postbox, kind: accounts.Kind = "individual") -> PatientPerson:
    """A person with a working account, signed in."""
    person = a_person(desk)
    await register(person, kind)
    await verify(person, postbox)
    await person.sign_in()
    return person


def _letters(number: int) -> str:
    """A word for a number; no letter of a password is in it, and no two words are equal."""
    syllables = [f"{consonant}{vowel}" for consonant in "bdfgklmnprst" for vowel in "aeiou"]
    word = ""
    for _ in range(3):
        number, place = divmod(number, len(syllables))
        word += syllables[place]
    return word


def _read(path: Path) -> Mail:
    message: EmailMessage = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(
        path.read_bytes()
    )
    body = message.get_body(("plain",))
    return Mail(
        to=str(message["To"]),
        kind=str(message["X-Nextgen-Kind"]),
        message_id=str(message["Message-ID"]).strip(),
        text="" if body is None else str(body.get_content()),
    )

"""Who speaks in the demonstration: people through the portal's login, the operator, and courts' machines."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from deploy.local.mail_sink import ReadMail, read_mails
from deploy.tool import clock
from deploy.tool.stories import Story, StoryError
from shared.messages import accounts
from shared.messages.base import Message
from shared.messaging.ids import new_id
from shared.messaging.requests import Answer, Requests
from shared.runtime import keep_running
from shared.sealed import Sealed, to_be_sealed

M = TypeVar("M", bound=Message)
MAIL_SECONDS = 60.0
SECRET_MINUTES = 5
TOTP_STEP_SECONDS = 30
BUSY_TRIES = 20


class DemoError(StoryError):
    """The story did not go as it should; the text says where."""


@dataclass
class Desk:
    """Where requests leave and mail arrives; it remembers the correlation id of each act it was told to."""

    story: Story
    portal: Requests
    operator: Requests
    correlation_ids: dict[str, str] = field(default_factory=dict)

    def now(self) -> datetime:
        """The story's present instant."""
        return self.story.clock()

    def sealed(self, text: str, reader: str) -> Sealed:
        """A secret for one service."""
        return to_be_sealed(text, reader=reader, expires_at=self.now() + timedelta(minutes=SECRET_MINUTES))

    def remember(self, act: str, answer: Answer) -> None:
        """Keep the id by which one `grep` over the logs shows the whole path of an act."""
        self.correlation_ids[act] = str(answer.correlation_id)

    async def as_operator(self, message: Message, expected: type[M], *, act: str = "") -> M:
        """Ask with the operator's login."""
        answer = await self.operator.ask(message)
        if act:
            self.remember(act, answer)
        return of_type(answer.message, expected)

    async def wait_for_mail(self, is_it: Callable[[ReadMail], bool], what: str) -> ReadMail:
        """The first mail that has arrived, or arrives, and is the one."""
        try:
            async with asyncio.timeout(MAIL_SECONDS):
                while True:
                    mails = await asyncio.to_thread(read_mails, self.story.mail)
                    for mail in mails:
                        if is_it(mail):
                            return mail
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise DemoError(f"no mail within {MAIL_SECONDS:.0f} s: {what}") from None


@dataclass
class Person:
    """One account's holder at the portal: registers, reads mail, signs in, asks."""

    desk: Desk
    name: str
    user_name: str
    password: str
    email: str
    account_id: UUID | None = None
    account_number: str = ""
    _token: str = ""
    _totp: TOTP | None = None
    _last_step: int = 0

    @property
    def id(self) -> UUID:
        """The account's id, known once it is registered or signed in."""
        if self.account_id is None:
            raise DemoError(f"{self.name} has no account yet")
        return self.account_id

    @property
    def has_authenticator(self) -> bool:
        """Whether this account signs in with a passcode."""
        return self._totp is not None

    async def ask_openly(self, message: Message, expected: type[M]) -> M:
        """Ask what anyone may ask."""
        return of_type((await self._answer(message)).message, expected)

    async def ask(self, message: Message, expected: type[M], *, act: str = "") -> M:
        """Ask with an assertion of who I am, resolved just now for the service that is asked."""
        answer = await self.answer(message)
        if act:
            self.desk.remember(act, answer)
        return of_type(answer.message, expected)

    async def answer(self, message: Message) -> Answer:
        """The whole answer to a request with an assertion, for opening its secrets."""
        message_id = new_id(self.desk.now())
        resolve = self.resolving(message, message_id)
        resolved = of_type((await self._answer(resolve)).message, accounts.SessionResolved)
        return await self.desk.portal.ask(message, assertion=resolved.assertion, message_id=message_id)

    def resolving(self, message: Message, message_id: UUID) -> accounts.ResolveSession:
        """The question that gets an assertion for this one message."""
        return accounts.ResolveSession(
            token=self.desk.sealed(self._token, "accounts"),
            audience=message.message_owner(),  # type: ignore[arg-type]  # it is one of the four
            for_message_id=message_id,
            for_message_name=message.message_name(),
        )

    async def register(self, person: accounts.Person, *, kind: accounts.Kind = "individual") -> None:
        """Make the account and prove the address with the token from the mail."""
        command = accounts.RegisterAccount(
            kind=kind,
            person=person,
            user_name=self.user_name,
            password=self.desk.sealed(self.password, "accounts"),
        )
        answer = await self._answer(command)
        self.desk.remember(f"{self.name} registers", answer)
        registered = of_type(answer.message, accounts.AccountRegistered)
        self.account_id, self.account_number = registered.account_id, registered.account_number
        await self.verify()

    async def verify(self) -> None:
        """Follow the one-time link that was mailed to my address."""
        mail = await self.desk.wait_for_mail(
            lambda m: m.to == self.email and "token=" in m.text, f"verification for {self.name}"
        )
        token = mail.text.partition("token=")[2].split()[0]
        await self.ask_openly(
            accounts.VerifyEmail(token=self.desk.sealed(token, "accounts")), accounts.EmailVerified
        )

    async def sign_in(self) -> None:
        """Open a session, with a passcode if an authenticator is enrolled."""
        answer = await self._answer(
            accounts.SignIn(
                user_name=self.user_name,
                password=self.desk.sealed(self.password, "accounts"),
                passcode=self.desk.sealed(await self._code(), "accounts") if self._totp else None,
                network="192.0.2.0/24",
            )
        )
        self.account_id = of_type(answer.message, accounts.SignedIn).account_id
        self._token = self.desk.portal.open(answer, "token")
        shown = await self.ask(accounts.MyAccount(), accounts.AccountShown)
        self.account_number = shown.account_number

    async def enrol(self) -> None:
        """Begin to use an authenticator, and show that it works; the session's level rises to 2."""
        answer = await self.answer(accounts.EnrolAuthenticator(name="phone"))
        offered = of_type(answer.message, accounts.AuthenticatorOffered)
        secret = self.desk.portal.open(answer, "secret")
        self._totp = totp_of(secret)
        await self.ask(
            accounts.ConfirmAuthenticator(
                authenticator_id=offered.authenticator_id,
                code=self.desk.sealed(await self._code(), "accounts"),
            ),
            accounts.AuthenticatorConfirmed,
        )

    async def _code(self) -> str:
        """A code that was not used yet: each works once, so the story waits for the next step if need be."""
        if self._totp is None:
            raise DemoError(f"{self.name} has no authenticator")
        if _step(self.desk.now()) <= self._last_step:
            await clock.forward(self.desk.story, self.desk.now() + timedelta(seconds=TOTP_STEP_SECONDS))
        self._last_step = _step(self.desk.now())
        return self._totp.generate(int(self.desk.now().timestamp())).decode()

    async def _answer(self, message: Message) -> Answer:
        """Ask; while passwords are being checked in a crowd, ask again."""
        for _ in range(BUSY_TRIES):
            answer = await self.desk.portal.ask(message)
            if not isinstance(answer.message, accounts.Busy):
                return answer
            await asyncio.sleep(answer.message.retry_after_seconds)
        raise DemoError(f"{message.message_name()}: busy {BUSY_TRIES} times")


def totp_of(secret: str) -> TOTP:
    """An authenticator for a base32 secret (RFC 6238: SHA-1, 6 digits, 30 s)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return TOTP(key, 6, SHA1(), TOTP_STEP_SECONDS, enforce_key_length=False)  # noqa: S303


def of_type(message: Message, expected: type[M]) -> M:
    """The message, if it is what the story expects."""
    if not isinstance(message, expected):
        raise DemoError(f"expected {expected.__name__} and got {message}")
    return message


@asynccontextmanager
async def open_desk(story: Story) -> AsyncIterator[Desk]:
    """A desk with connections as the portal and as the operator."""
    parties = {
        party: Requests(story.broker_url(party), story.seals(party), story.clock, name=f"demo {party}")
        for party in ("portal", "operator")
    }
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(keep_running(requests.keep_open, name=name))
            for name, requests in parties.items()
        ]
        yield Desk(story=story, portal=parties["portal"], operator=parties["operator"])
        for task in tasks:
            task.cancel()


def _step(instant: datetime) -> int:
    return int(instant.timestamp()) // TOTP_STEP_SECONDS

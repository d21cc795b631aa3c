"""A workplace for tests: one service on a real database, asked as through the broker, but without one."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.assertion import Asserted, Assertion, CourtAssertion, sign_assertion, sign_court_assertion
from shared.database import Pool
from shared.messages.base import Event, Message
from shared.messaging.bench import Bench
from shared.messaging.envelope import Envelope
from shared.messaging.ids import new_id
from shared.messaging.judge import Judgement, Verdict, judge, reply_id
from shared.messaging.registry import Service, decode
from shared.messaging.wakeup import Wakeup
from shared.sealed import Seals

M = TypeVar("M", bound=Message)
PARTIES = ("accounts", "linking", "paa_billing", "notify", "portal", "operator")
NOON = datetime(2024, 2, 1, 18, 0, tzinfo=UTC)


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Move on by so many `days`, `minutes` and so on."""
        self.now += timedelta(**by)


@cache
def sealing_keys() -> dict[str, X25519PrivateKey]:
    """A sealing key for each party, the same for the whole test run."""
    return {party: X25519PrivateKey.generate() for party in PARTIES}


@cache
def signing_key() -> Ed25519PrivateKey:
    """The key that assertions are signed with in tests; its key id is `test`."""
    return Ed25519PrivateKey.generate()


def seals_of(party: str) -> Seals:
    """What a party seals with and opens with."""
    public = {name: key.public_key() for name, key in sealing_keys().items()}
    return Seals(sealing_keys()[party], public)


@dataclass
class Workplace:
    """One service at work. `send` goes through the same judge as a delivery from the broker."""

    service: Service[Any]
    pool: Pool
    resources: Any
    clock: HandClock = field(default_factory=HandClock)

    @property
    def bench(self) -> Bench[Any]:
        """What the service's checks and jobs work with."""
        return Bench(
            pool=self.pool,
            clock=self.clock,
            service=self.service,
            seals=seals_of(self.service.name),
            resources=self.resources,
            outbox_filled=Wakeup(),
            assertion_keys={"test": signing_key().public_key()},
        )

    async def judge(
        self,
        message: Message,
        *,
        by: Asserted | None = None,
        sender: str = "portal",
        message_id: UUID | None = None,
        deadline: datetime | None = None,
        is_captured: bool = False,
        reply_to: str | None = "test",
        attempt: int = 1,
    ) -> tuple[Judgement, Envelope]:
        """Deliver a message once; secrets made with `to_be_sealed` are sealed on the way.

        Who asks resolves the session for this one message, unless the assertion `is_captured`: then it is
        sent as it was made.
        """
        message_id = message_id or new_id(self.clock())
        if by is not None and not is_captured:
            by = made_for(by, message, message_id)
        sealed = seals_of("portal").seal_fields(message, message_id)
        envelope = Envelope(
            message_id=message_id,
            type=message.message_name(),
            sender=message.message_owner() if isinstance(message, Event) else sender,
            time=self.clock(),
            correlation_id=message_id,
            deadline=deadline,
            assertion=None if by is None else signed(by),
            reply_to=reply_to,
            attempt=attempt,
        )
        queue = self.service.queue_of(type(message))
        return await judge(self.bench, queue, envelope, msgspec.json.encode(sealed)), envelope

    async def send(self, message: Message, **how: Any) -> Any:
        """Deliver a message that must be acknowledged, and answer the decoded reply (None for an event)."""
        judgement, envelope = await self.judge(message, **how)
        assert judgement.verdict is Verdict.ACKNOWLEDGE, judgement
        if judgement.reply is None:
            return None
        self.last_reply_id = reply_id(envelope)
        return decode(judgement.reply.type, judgement.reply.body)

    def open_reply(self, reply: Message, secret_field: str) -> str:
        """A secret in the last reply, as the portal opens it."""
        return seals_of("portal").open(reply, self.last_reply_id, secret_field, self.clock())

    async def emitted(self, kind: type[M]) -> list[M]:
        """The events of a type that wait in the outbox, in the order in which they were stored."""
        rows = await self.pool.fetch(
            "SELECT type, body FROM outbox WHERE type = $1 ORDER BY stored_at, message_id",
            kind.message_name(),
        )
        return [msgspec.json.decode(row["body"], type=kind) for row in rows]

    async def open_emitted(self, kind: type[Message], secret_field: str, reader: str = "notify") -> list[str]:
        """A secret in the emitted events of a type, as its reader opens it."""
        rows = await self.pool.fetch(
            "SELECT message_id, type, body FROM outbox WHERE type = $1 ORDER BY stored_at, message_id",
            kind.message_name(),
        )
        return [
            seals_of(reader).open(decode(r["type"], r["body"]), r["message_id"], secret_field, self.clock())
            for r in rows
        ]

    async def work_off(self, job: str, *, at_most: int = 1000) -> int:
        """Do a job's steps until none is left; answers how many there were."""
        for done in range(at_most):
            if not await self.service.jobs[job](self.bench):
                return done
        raise AssertionError(f"{job} does not come to an end")


def an_assertion(audience: str, now: datetime = NOON, **changes: Any) -> Assertion:
    """Who asks: an upgraded, active individual who proved both factors just now; name what differs."""
    usual: Mapping[str, Any] = {
        "audience": audience,
        "account_id": uuid4(),
        "account_number": f"{secrets.randbelow(10**7):07}",
        "kind": "individual",
        "generation": "upgraded",
        "status": "active",
        "email_verified": True,
        "account_version": 1,
        "session_id_hash": secrets.token_hex(32),
        "level": 2,
        "proved_at": now,
        "issued_at": now,
        "expires_at": now + timedelta(seconds=60),
        "roles": (),
    }
    return Assertion(**{**usual, **changes})


def an_assertion_of_a_court(
    audience: str, now: datetime = NOON, court_id: str = "ncwbk", **changes: Any
) -> CourtAssertion:
    """A court's machine, with a credential of its own, asking for some message; name what differs."""
    usual: Mapping[str, Any] = {
        "audience": audience,
        "court_id": court_id,
        "credential_id": uuid4(),
        "issued_at": now,
        "expires_at": now + timedelta(seconds=60),
        "for_message_id": new_id(now),
        "for_message_name": "paa_billing.report_usage.v1",
    }
    return CourtAssertion(**{**usual, **changes})


def signed(asserted: Asserted) -> str:
    """The assertion as `accounts` signs it, a person's or a court's."""
    if isinstance(asserted, CourtAssertion):
        return sign_court_assertion(asserted, signing_key(), "test")
    return sign_assertion(asserted, signing_key(), "test")


A = TypeVar("A", Assertion, CourtAssertion)


def made_for(asserted: A, message: Message, message_id: UUID) -> A:
    """The assertion that the same session, or credential, gets for this one message."""
    return msgspec.structs.replace(
        asserted, for_message_id=message_id, for_message_name=message.message_name()
    )


def plain(message: Message) -> Any:
    """A message as plain values, for comparing."""
    return json.loads(msgspec.json.encode(message))

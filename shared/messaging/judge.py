"""How a delivery ends: the one place that decides to acknowledge, try again, hold or park."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Any

import msgspec

from shared.database import Connection, Pool, connected, is_unavailable, transaction
from shared.errors import (
    BadEnvelopeError,
    PoisonError,
    UnavailableError,
    UndecodableError,
    UnknownTypeError,
)
from shared.logs import describe
from shared.messages.base import (
    Command,
    Event,
    Failed,
    IdReused,
    Malformed,
    Message,
    Query,
)
from shared.messaging import ids, inbox
from shared.messaging.admission import LateError, admit, refuse_if_late, too_late
from shared.messaging.bench import Bench
from shared.messaging.envelope import Envelope
from shared.messaging.registry import MAXIMUM_BODY_BYTES, Handler, decode
from shared.messaging.unit_of_work import UndeclaredEventError, UnitOfWork
from shared.sealed import without_secrets

REPLY_INDEX = 0
OpenOn = Callable[[Pool], AbstractAsyncContextManager[Connection]]


class Verdict(Enum):
    """What the broker, or the consumer, must do with a delivery."""

    ACKNOWLEDGE = "acknowledge"
    RETRY = "retry"
    HOLD = "hold"
    """A dependency isn't there: keep the delivery, take no new ones; this was no attempt."""
    PARK = "park"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An encoded reply."""

    type: str
    body: bytes


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, the reply to who asked, and for a failure its reason and description without any data."""

    verdict: Verdict
    reply: Reply | None = None
    reason: str = ""
    error: str = ""


async def judge(bench: Bench[Any], queue: str, envelope: Envelope, body: bytes) -> Judgement:
    """Handle one delivery and say what must be done with it; the effect is committed when this returns."""
    try:
        message = read_message(envelope, body)
        outcome = await _handle(bench, queue, envelope, message)
    except UndecodableError as error:
        refusal = encode_reply(bench, envelope, Malformed(problem=error.problem))
        return Judgement(
            verdict=Verdict.PARK,
            reason="undecodable",
            error=f"{describe(error)}: {error.problem}",
            reply=refusal,
        )
    except PoisonError as error:
        refusal = encode_reply(bench, envelope, Failed())
        reason = "bad_envelope" if isinstance(error, BadEnvelopeError) else "poison"
        return Judgement(verdict=Verdict.PARK, reason=reason, error=describe(error), reply=refusal)
    except Exception as error:
        is_away = isinstance(error, UnavailableError) or is_unavailable(error)
        reason = "unknown_type" if isinstance(error, UnknownTypeError) else "failed"
        return Judgement(
            verdict=Verdict.HOLD if is_away else Verdict.RETRY, reason=reason, error=describe(error)
        )
    return Judgement(verdict=Verdict.ACKNOWLEDGE, reply=outcome)


def read_message(envelope: Envelope, body: bytes) -> Message:
    """The message in a body. Raises UnknownTypeError, UndecodableError, or BadEnvelopeError."""
    if len(body) > MAXIMUM_BODY_BYTES:
        raise UndecodableError(f"the body is over {MAXIMUM_BODY_BYTES} bytes")
    message = decode(envelope.type, body)
    _check_sender(message, envelope)
    return message


def _check_sender(message: Message, envelope: Envelope) -> None:
    """The broker refuses these too; that it does is not taken on trust."""
    expected: tuple[str, ...] = (message.message_owner(),)
    if isinstance(message, Command | Query):
        senders = {
            "service": expected,
            "operator": ("operator",),
            "account": ("portal",),
            "anyone": ("portal",),
            "machine": ("portal",),
        }
        expected = senders.get(message.spoken_by, (envelope.sender,))
    elif not isinstance(message, Event):
        raise BadEnvelopeError("a reply can't be delivered to a service")
    if envelope.sender not in expected:
        raise BadEnvelopeError("this login may not send this message")


async def _handle(bench: Bench[Any], queue: str, envelope: Envelope, message: Message) -> Reply | None:
    asker = admit(bench, envelope, message)
    if not isinstance(asker, Bench):
        return encode_reply(bench, envelope, asker)
    kind = type(message)
    if kind in bench.service.checks:
        return encode_reply(bench, envelope, await bench.service.checks[kind](message, asker))
    if kind in bench.service.answers:
        return await _answer(asker, envelope, message, bench.service.answers[kind], transaction)
    if kind in bench.service.lookups:
        return await _answer(asker, envelope, message, bench.service.lookups[kind], connected)
    if kind in bench.service.handles or kind in bench.service.bulk:
        try:
            return await _handle_once(asker, queue, envelope, message)
        except LateError:
            return encode_reply(bench, envelope, too_late(envelope))
    raise UnknownTypeError(envelope.type)


async def _answer(
    bench: Bench[Any], envelope: Envelope, message: Message, answering: Handler, open_on: OpenOn
) -> Reply | None:
    async with open_on(bench.pool) as connection:
        work = unit_of_work(bench, connection, envelope)
        answer = await answering(message, work)
        if work.take_emitted():
            raise UndeclaredEventError("a query announces nothing: make it a check")
        return encode_reply(bench, envelope, answer)


async def _handle_once(bench: Bench[Any], queue: str, envelope: Envelope, message: Message) -> Reply | None:
    digest = digest_of(bench, envelope, message)
    async with transaction(bench.pool) as connection:
        work = unit_of_work(bench, connection, envelope)
        if not await inbox.first_time(connection, queue, envelope, digest, work.now):
            return await _repeat(bench, connection, queue, envelope, digest)
        outcome = await handle(work, message)
        reply = encode_reply(bench, envelope, outcome)
        if outcome is not None and reply is not None:
            await inbox.keep_replies(connection, [kept_reply(queue, envelope, outcome)])
        has_emitted = await work.flush()
        refuse_if_late(bench, envelope)
    if has_emitted:
        bench.outbox_filled.wake()
    return reply


def digest_of(bench: Bench[Any], envelope: Envelope, message: Message) -> bytes:
    """What tells this message from another of the same id: sender, acting account or court, and content."""
    acting = bench.asserted.acting if bench.asserted else ""
    return bench.seals.digest(message, envelope.message_id, f"{envelope.sender} {acting}")


async def handle(work: UnitOfWork[Any], message: Message) -> Message | None:
    """Call the handler of a message and announce its outcome if the route table says so."""
    kind = type(message)
    if kind in work.service.bulk:
        await work.service.bulk[kind]([(message, work)])
        return None
    outcome = await work.service.handles[kind](message, work)
    if isinstance(outcome, Event) and type(outcome) in work.service.announces:
        work.emit(outcome)
    return outcome


def kept_reply(queue: str, envelope: Envelope, outcome: Message) -> inbox.KeptReply:
    """The outcome as the inbox keeps it for who asks again: without its secrets."""
    kept = msgspec.json.encode(without_secrets(outcome))
    return inbox.KeptReply(
        queue=queue, message_id=envelope.message_id, type=outcome.message_name(), body=kept
    )


async def _repeat(
    bench: Bench[Any], connection: Any, queue: str, envelope: Envelope, digest: bytes
) -> Reply | None:
    """Asked twice, answered twice, done once. Who waits for no answer would never hear: that is parked."""
    before = await inbox.get_handled(connection, queue, envelope)
    if before.digest != digest and envelope.reply_to is None:
        raise PoisonError("this message id was used before for something else")
    if before.digest != digest:
        return encode_reply(bench, envelope, IdReused())
    if before.reply is None or before.reply_type is None:
        return None
    return Reply(type=before.reply_type, body=before.reply)


def unit_of_work(bench: Bench[Any], connection: Any, envelope: Envelope) -> UnitOfWork[Any]:
    """The unit of work of one message on a connection in a transaction."""
    return UnitOfWork(
        connection=connection,
        cause=envelope,
        now=bench.now(),
        clock=bench.clock,
        service=bench.service,
        seals=bench.seals,
        resources=bench.resources,
        consumer=bench.service.name,
        asserted=bench.asserted,
    )


def encode_reply(bench: Bench[Any], envelope: Envelope, outcome: Message | None) -> Reply | None:
    """The reply to who asked; None where nobody waits for one, or there is no outcome."""
    if outcome is None or envelope.reply_to is None:
        return None
    sealed = bench.seals.seal_fields(outcome, reply_id(envelope))
    return Reply(type=outcome.message_name(), body=msgspec.json.encode(sealed))


def reply_id(request: Envelope) -> Any:
    """The id of the reply to a request: secrets in it are sealed under this id."""
    return ids.child_id(request.message_id, "reply", REPLY_INDEX)

"""Admission: who asks, whether that can be believed, and whether it comes in time."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.assertion import Asserted, Assertion, CourtAssertion, verify_assertion, verify_court_assertion
from shared.errors import BadEnvelopeError, NextgenError
from shared.messages.base import AssertionNotForThis, Command, Message, Query, ScopeMissing, TooLate
from shared.messaging import ids
from shared.messaging.bench import Bench
from shared.messaging.envelope import Envelope


class LateError(NextgenError):
    """The deadline, or the assertion's life, ended while it was handled: nothing of it may stay."""


def admit(
    bench: Bench[Any], envelope: Envelope, message: Message
) -> Bench[Any] | TooLate | AssertionNotForThis | ScopeMissing:
    """The bench of who asks, or why it has no effect. Raises BadEnvelopeError for what can't be believed."""
    now = bench.now()
    asserted = _who_asks(bench, envelope, message)
    if _is_late(envelope, asserted, now):
        return too_late(envelope)
    if (refused := _refuse_scopes(asserted, envelope, message)) is not None:
        return refused
    if _must_be_made_anew(asserted, envelope, message):
        return AssertionNotForThis()
    if isinstance(message, Command) and envelope.sender != message.message_owner():
        _check_id(message, envelope, arrived_at=envelope.parked_at or now)
    return replace(bench, cause=envelope, asserted=asserted)


def _check_id(message: Command, envelope: Envelope, arrived_at: datetime) -> None:
    """Who waits for a reply sends now. What a court sent, or had sent, may have waited as long
    as its service was away.
    """
    oldest = ids.LONGEST_WAIT if message.spoken_by in ("court", "machine") else ids.OUTSIDE_TOLERANCE
    if not ids.is_acceptable_from_outside(envelope.message_id, arrived_at, oldest):
        raise BadEnvelopeError("the message id is no UUIDv7, too old, or more than 24 hours ahead")


def _is_late(envelope: Envelope, asserted: Asserted | None, now: datetime) -> bool:
    """What a court's machine has sent, and nobody waits for, doesn't age in the queue.

    Its assertion is good for one message, which is handled once, so that it had to hold when it was sent.
    """
    waits_in_queue = isinstance(asserted, CourtAssertion) and envelope.reply_to is None
    used_at = envelope.time if waits_in_queue else now
    is_expired = asserted is not None and used_at >= asserted.expires_at
    return is_expired or (envelope.deadline is not None and now >= envelope.deadline)


def too_late(envelope: Envelope) -> TooLate:
    """The answer; what nobody waits for is parked, since it may not vanish without a word."""
    if envelope.reply_to is None:
        raise BadEnvelopeError("it came too late, and nobody can be told")
    return TooLate()


def refuse_if_late(bench: Bench[Any], envelope: Envelope) -> None:
    """The last look before a commit: who was told that it was too late must be right. Raises LateError."""
    if _is_late(envelope, bench.asserted, bench.now()):
        raise LateError(envelope.type)


def _who_asks(bench: Bench[Any], envelope: Envelope, message: Message) -> Asserted | None:
    if not isinstance(message, Command | Query) or message.spoken_by not in ("account", "machine"):
        return None
    if envelope.assertion is None:
        raise BadEnvelopeError("the assertion is missing")
    verify = verify_court_assertion if message.spoken_by == "machine" else verify_assertion
    return verify(envelope.assertion, bench.assertion_keys, bench.service.name)


def _refuse_scopes(asserted: Asserted | None, envelope: Envelope, message: Message) -> ScopeMissing | None:
    """Why a personal token doesn't carry this message, or None; who can't be told is parked.

    It asks within its scopes, and never for a sensitive act: whoever finds it in some file can't do one.
    """
    if not isinstance(asserted, Assertion) or asserted.scopes is None:
        return None
    is_command = isinstance(message, Command)
    needed = f"{message.message_owner()}:{'write' if is_command else 'read'}"
    is_sensitive = isinstance(message, Command) and message.is_sensitive
    if needed in asserted.scopes and not is_sensitive:
        return None
    if envelope.reply_to is None:
        raise BadEnvelopeError("the personal token doesn't reach so far")
    return ScopeMissing(scope=None if is_sensitive else needed)


def _must_be_made_anew(asserted: Asserted | None, envelope: Envelope, message: Message) -> bool:
    """Does a sensitive act, or a court's machine, come with an assertion that serves other messages?

    Who can't be told is parked.
    """
    is_sensitive = isinstance(message, Command) and message.is_sensitive
    if asserted is None or not (is_sensitive or isinstance(asserted, CourtAssertion)):
        return False
    is_refused = not asserted.is_made_for(envelope.message_id, message.message_name())
    if is_refused and envelope.reply_to is None:
        raise BadEnvelopeError("the assertion was not made for this message")
    return is_refused

"""Groups: many deliveries in one transaction, for as long as nothing is wrong with any of them.

A commit and the statements around a handler cost more than most handlers; a group pays them once. Whatever
goes wrong undoes the whole group, and then each is judged alone (`judge`), which says what is wrong with it:
so one bad message holds up no other, and the verdicts stay in one place.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.database import transaction
from shared.errors import NextgenError
from shared.logs import describe
from shared.messages.base import Message
from shared.messaging import inbox, outbox
from shared.messaging.admission import admit, refuse_if_late
from shared.messaging.bench import Bench
from shared.messaging.envelope import Envelope
from shared.messaging.judge import (
    Judgement,
    Verdict,
    digest_of,
    encode_reply,
    handle,
    kept_reply,
    read_message,
    unit_of_work,
)
from shared.messaging.unit_of_work import UnitOfWork

GROUP_SIZE = 50


class GroupUndoneError(NextgenError):
    """Something in the group went wrong and nothing of it has happened; its text is a description only."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A delivery that may share a transaction with others."""

    queue: str
    envelope: Envelope
    message: Message
    asker: Bench[Any]
    digest: bytes


def read_member(bench: Bench[Any], queue: str, envelope: Envelope, body: bytes) -> Member | None:
    """A delivery that may share a transaction, or None for one that `judge` must answer, hold or park."""
    try:
        message = read_message(envelope, body)
        asker = admit(bench, envelope, message)
        if not isinstance(asker, Bench) or type(message) not in (*bench.service.handles, *bench.service.bulk):
            return None
        digest = digest_of(asker, envelope, message)
    except NextgenError:
        return None
    return Member(queue=queue, envelope=envelope, message=message, asker=asker, digest=digest)


async def judge_group(bench: Bench[Any], members: Sequence[Member]) -> list[Judgement | None]:
    """Handle deliveries in one transaction; the effects are committed when this returns.

    In the same order: a judgement, or None for one that was handled before and must be judged alone. Raises
    GroupUndoneError when anything went wrong with any of them.
    """
    try:
        is_mass = all(type(member.message) in bench.service.bulk for member in members)
        handle_all = _handle_mass if is_mass else _handle_together
        judgements, has_emitted = await handle_all(bench, members)
    except Exception as error:
        raise GroupUndoneError(describe(error)) from None
    if has_emitted:
        bench.outbox_filled.wake()
    return judgements


async def _handle_together(
    bench: Bench[Any], members: Sequence[Member]
) -> tuple[list[Judgement | None], bool]:
    judgements: list[Judgement | None] = []
    emitted, kept = [], []
    async with transaction(bench.pool) as connection:
        noted = [(member.queue, member.envelope, member.digest) for member in members]
        new = await inbox.first_times(connection, noted, bench.now())
        for member in members:
            key = (member.queue, member.envelope.message_id)
            if key not in new:
                judgements.append(None)
                continue
            new.discard(key)  # its twin in the same group is not the first
            refuse_if_late(member.asker, member.envelope)
            work = unit_of_work(member.asker, connection, member.envelope)
            outcome = await handle(work, member.message)
            emitted += work.take_emitted()
            reply = encode_reply(member.asker, member.envelope, outcome)
            if outcome is not None and reply is not None:
                kept.append(kept_reply(member.queue, member.envelope, outcome))
            judgements.append(Judgement(verdict=Verdict.ACKNOWLEDGE, reply=reply))
        if kept:
            await inbox.keep_replies(connection, kept)
        if emitted:
            await outbox.insert_messages(connection, emitted)
        for member in members:  # those handled first have waited for all the others
            refuse_if_late(member.asker, member.envelope)
    return judgements, bool(emitted)


async def _handle_mass(bench: Bench[Any], members: Sequence[Member]) -> tuple[list[Judgement | None], bool]:
    """Give each handler all of its messages at once; nobody waits for a reply to them."""
    judgements: list[Judgement | None] = []
    works: dict[type[Message], list[tuple[Message, UnitOfWork[Any]]]] = defaultdict(list)
    async with transaction(bench.pool) as connection:
        noted = [(member.queue, member.envelope, member.digest) for member in members]
        new = await inbox.first_times(connection, noted, bench.now())
        for member in members:
            key = (member.queue, member.envelope.message_id)
            judgements.append(Judgement(verdict=Verdict.ACKNOWLEDGE) if key in new else None)
            if key in new:
                new.discard(key)  # its twin in the same group is not the first
                work = unit_of_work(member.asker, connection, member.envelope)
                works[type(member.message)].append((member.message, work))
        for kind, mass in works.items():
            await bench.service.bulk[kind](mass)
        emitted = [each for mass in works.values() for _, work in mass for each in work.take_emitted()]
        if emitted:
            await outbox.insert_messages(connection, emitted)
        for member in members:
            refuse_if_late(member.asker, member.envelope)
    return judgements, bool(emitted)

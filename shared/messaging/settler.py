"""Settling a delivery: judged, answered, and then acknowledged, sent to wait, or parked; never dropped."""

import asyncio
import math
import random
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from shared.database import DatabaseError, is_answering
from shared.errors import BadEnvelopeError, PublishError, UnavailableError
from shared.logs import describe
from shared.messages.base import Failed
from shared.messaging.bench import Bench
from shared.messaging.broker import Delivery, acknowledge_all
from shared.messaging.envelope import Envelope, Outgoing
from shared.messaging.groups import GroupUndoneError, Member, judge_group, read_member
from shared.messaging.judge import Judgement, Reply, Verdict, judge, reply_id
from shared.messaging.parking import park
from shared.messaging.publishing import Publishing
from shared.messaging.recording import record_settlement
from shared.messaging.topology import ASKERS, WAIT_TIERS
from shared.metrics import (
    GROUP_SIZE,
    GROUPS_UNDONE,
    PARKED,
    RETRIES,
)

QUICK_TRIES = 3
QUICK_PAUSE_SECONDS = 0.05
HOLD_AT_MOST_SECONDS = 600.0
FIRST_HOLD_SECONDS, LONGEST_HOLD_SECONDS = 0.2, 10.0
TIERS = tuple(WAIT_TIERS)
SUSPECT = 3
"""Delivered so often before without an end, a message may be what kills the process: it is handled while no
other suspect is, in a random order, so that those that only came with it get through."""


def read_envelope(delivery: Delivery) -> Envelope:
    """The metadata; only who can get a reply may set a deadline or ask for one. Raises BadEnvelopeError."""
    envelope = delivery.read_envelope()
    if envelope.sender in ASKERS:
        return envelope
    return msgspec.structs.replace(envelope, deadline=None, reply_to=None)


def _may_be_tried_at_once(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.RETRY and judgement.reason == "failed"


class Settler:
    """Settles deliveries of one service, several at a time."""

    def __init__(self, bench: Bench[Any], publishing: Publishing) -> None:
        self._bench = bench
        self._publishing = publishing
        self._log = structlog.get_logger()
        self._alone = asyncio.Lock()
        self._is_database_away = False

    async def settle_all(self, deliveries: Sequence[Delivery]) -> None:
        """Bring deliveries to their ends: in one transaction where that goes, else one by one."""
        try:
            if self._is_database_away:
                await self._wait_for_database(HOLD_AT_MOST_SECONDS)
            suspects = [delivery for delivery in deliveries if delivery.earlier_deliveries >= SUSPECT]
            if len(deliveries) - len(suspects) > 1:
                await self._settle_together([each for each in deliveries if each not in suspects])
            await self._settle_one_by_one(
                [each for each in deliveries if not each.is_settled and each not in suspects]
            )
            for delivery in random.sample(suspects, len(suspects)):
                async with self._alone:
                    await self._settle(delivery)
        finally:
            for delivery in deliveries:
                if not delivery.is_settled:
                    await delivery.give_back()
        if self._is_database_away:  # all that was held is in the last tier; nothing new is begun
            await self._wait_for_database()

    async def _settle_one_by_one(self, deliveries: Sequence[Delivery]) -> None:
        """Try each once before any is tried again: what fails slowly holds up the others for one try only."""
        failed = [delivery for delivery in deliveries if not await self._settle(delivery, last_try=1)]
        for delivery in failed:
            await asyncio.sleep(QUICK_PAUSE_SECONDS)
            await self._settle(delivery, first_try=2)

    async def _settle(self, delivery: Delivery, first_try: int = 1, last_try: int = QUICK_TRIES) -> bool:
        """Bring one delivery to its end; no if it failed and quick tries are left for later.

        Whatever else goes wrong, or is cut short, it comes again.
        """
        started = time.monotonic()
        envelope: Envelope | None = None
        try:
            envelope = read_envelope(delivery)
            judgement = await self._judge_patiently(delivery, envelope, first_try, last_try)
        except BadEnvelopeError as error:
            judgement = Judgement(verdict=Verdict.PARK, reason="bad_envelope", error=describe(error))
        if _may_be_tried_at_once(judgement) and last_try < QUICK_TRIES:
            return False
        is_settled = await self._carry_out(delivery, envelope, judgement)
        record_settlement(self._bench, delivery, envelope, judgement, is_settled, time.monotonic() - started)
        return True

    async def _settle_together(self, deliveries: Sequence[Delivery]) -> None:
        """Settle those that one transaction can handle; the others stay as they are."""
        started = time.monotonic()
        found = [(delivery, self._read_member(delivery)) for delivery in deliveries]
        members = [(delivery, member) for delivery, member in found if member is not None]
        if len(members) < 2:
            return
        try:
            judged = await judge_group(self._bench, [member for _, member in members])
        except GroupUndoneError as error:
            GROUPS_UNDONE.inc()
            self._log.info("group_undone", size=len(members), error=str(error))
            return
        settled = [
            (delivery, member.envelope, judgement)
            for (delivery, member), judgement in zip(members, judged, strict=True)
            if judgement is not None
        ]
        for _, envelope, judgement in settled:
            await self._answer(envelope, judgement.reply)
        is_settled = await acknowledge_all([delivery for delivery, _, _ in settled])
        GROUP_SIZE.observe(len(settled))
        seconds = time.monotonic() - started
        for delivery, envelope, judgement in settled:
            record_settlement(self._bench, delivery, envelope, judgement, is_settled, seconds)

    def _read_member(self, delivery: Delivery) -> Member | None:
        try:
            envelope = read_envelope(delivery)
        except BadEnvelopeError:
            return None
        return read_member(self._bench, delivery.queue, envelope, delivery.body)

    async def park_dead(self, deliveries: Sequence[Delivery]) -> None:
        """Park what killed its process, or was refused by its queue, so often that the broker gave it up."""
        for delivery in deliveries:
            await self._park_dead(delivery)

    async def _park_dead(self, delivery: Delivery) -> None:
        try:
            envelope: Envelope | None = delivery.read_envelope()
        except BadEnvelopeError:
            envelope = None
        judgement = Judgement(verdict=Verdict.PARK, reason="delivery_limit")
        try:
            is_settled = await self._park(delivery, envelope, judgement)
        finally:
            if not delivery.is_settled:
                await delivery.give_back()
        record_settlement(self._bench, delivery, envelope, judgement, is_settled, 0.0)

    async def _judge_patiently(
        self, delivery: Delivery, envelope: Envelope, first_try: int, last_try: int
    ) -> Judgement:
        """Judge; at once again a few times if it failed, and for minutes if the database is away."""
        tries, pause = first_try, FIRST_HOLD_SECONDS
        give_up_at = time.monotonic() + HOLD_AT_MOST_SECONDS
        while True:
            judgement = await judge(self._bench, delivery.queue, envelope, delivery.body)
            is_held = judgement.verdict is Verdict.HOLD and not self._is_database_away
            if is_held and time.monotonic() < give_up_at:
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 (jitter is no secret)
                pause = min(pause * 2, LONGEST_HOLD_SECONDS)
            elif _may_be_tried_at_once(judgement) and tries < last_try:
                await asyncio.sleep(QUICK_PAUSE_SECONDS * tries)
                tries += 1
            else:
                return judgement

    async def _carry_out(self, delivery: Delivery, envelope: Envelope | None, judgement: Judgement) -> bool:
        if envelope is None or judgement.verdict is Verdict.PARK:
            await self._answer(envelope, judgement.reply)
            return await self._park(delivery, envelope, judgement)
        if judgement.verdict is Verdict.ACKNOWLEDGE:
            await self._answer(envelope, judgement.reply)
            return await delivery.acknowledge()
        # A request lives for seconds, and no wait queue returns to the queue of queries.
        is_request = envelope.deadline is not None or delivery.queue.endswith(".queries")
        if judgement.verdict is Verdict.HOLD and not is_request:
            self._is_database_away = True
            return await self._send_to_wait(delivery, envelope, TIERS[-1], envelope.attempt)
        if is_request:
            reply = Reply(type=Failed.message_name(), body=msgspec.json.encode(Failed()))
            await self._answer(envelope, reply)
            if judgement.verdict is Verdict.HOLD and envelope.reply_to is not None:
                return await delivery.acknowledge()  # who asked knows it, and nobody else can ask again
            return await self._park(delivery, envelope, judgement)
        if envelope.attempt > len(TIERS):
            return await self._park(delivery, envelope, judgement)
        tier = TIERS[envelope.attempt - 1]
        return await self._send_to_wait(delivery, envelope, tier, envelope.attempt + 1)

    async def _send_to_wait(self, delivery: Delivery, envelope: Envelope, tier: str, attempt: int) -> bool:
        """Publish it to a wait queue, which returns it to exactly this queue; only then acknowledge."""
        service = self._bench.service.name
        outgoing = Outgoing(
            message_id=envelope.message_id,
            type=envelope.type,
            exchange=f"{service}.wait",
            routing_key=f"{tier}.{delivery.queue}",
            body=delivery.body,
            time=envelope.time,
            correlation_id=envelope.correlation_id,
            causation_id=envelope.causation_id,
            traceparent=envelope.traceparent,
            attempt=attempt,
            deadline=envelope.deadline,
            assertion=envelope.assertion,
            reply_to=envelope.reply_to,
            original_sender=envelope.sender,
            parked_at=envelope.parked_at,
        )
        try:
            await self._publishing.publish(outgoing)
        except PublishError:
            return False
        RETRIES.labels(tier).inc()
        return await delivery.acknowledge()

    async def _park(self, delivery: Delivery, envelope: Envelope | None, judgement: Judgement) -> bool:
        """Keep it in the table, then acknowledge; while the database is away it is held."""
        while True:
            try:
                await park(self._bench, delivery, envelope, judgement)
                break
            except UnavailableError:
                await self._wait_for_database()
            except DatabaseError as error:
                return await self._put_off(delivery, envelope, describe(error))
        PARKED.labels(judgement.reason).inc()
        return await delivery.acknowledge()

    async def _put_off(self, delivery: Delivery, envelope: Envelope | None, error: str) -> bool:
        """What the table doesn't take is tried again later, for as long as it takes."""
        self._log.error("parking_failed", queue=delivery.queue, error=error)
        if envelope is None or delivery.queue.endswith((".queries", ".dead")):
            await asyncio.sleep(LONGEST_HOLD_SECONDS)  # no wait queue leads back there
            return await delivery.give_back()
        return await self._send_to_wait(delivery, envelope, TIERS[-1], envelope.attempt)

    async def _wait_for_database(self, at_most_seconds: float = math.inf) -> None:
        """Come back once the database answers, or when the time is over."""
        pause, give_up_at = FIRST_HOLD_SECONDS, time.monotonic() + at_most_seconds
        while not await is_answering(self._bench.pool):
            if time.monotonic() >= give_up_at:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_HOLD_SECONDS)
        self._is_database_away = False

    async def _answer(self, envelope: Envelope | None, reply: Reply | None) -> None:
        if envelope is None or envelope.reply_to is None or reply is None:
            return
        outgoing = Outgoing(
            message_id=reply_id(envelope),
            type=reply.type,
            exchange="replies",
            routing_key=envelope.reply_to,
            body=reply.body,
            time=self._bench.now(),
            correlation_id=envelope.correlation_id,
            causation_id=envelope.message_id,
            traceparent=envelope.traceparent,
            is_persistent=False,
            is_mandatory=False,
        )
        try:
            await self._publishing.reply(outgoing)
        except PublishError as error:
            self._log.warning("reply_lost", message_id=str(envelope.message_id), error=describe(error))

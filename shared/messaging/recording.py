"""Recording how a delivery ended: the metrics, and the one line in the log; ids only, never what was said."""

from functools import cache
from typing import Any

import structlog
from prometheus_client import Counter, Histogram

from shared.messaging.bench import Bench
from shared.messaging.broker import Delivery
from shared.messaging.envelope import Envelope
from shared.messaging.judge import Judgement, Verdict
from shared.messaging.registry import messages_by_name
from shared.metrics import CRITICAL_SECONDS, DELIVERIES, HANDLING_SECONDS, INBOX_LAG_SECONDS


def record_settlement(
    bench: Bench[Any],
    delivery: Delivery,
    envelope: Envelope | None,
    judgement: Judgement,
    is_settled: bool,
    seconds: float,
) -> None:
    """Count and time one delivery, and write its line."""
    log = structlog.get_logger()
    kind = delivery.type if delivery.type in messages_by_name() else "unknown"
    _deliveries(delivery.queue, kind, judgement.verdict.value).inc()
    _of_queue(HANDLING_SECONDS, delivery.queue).observe(seconds)
    fields: dict[str, Any] = {}
    if envelope is not None:
        age = max(0.0, (bench.now() - envelope.time).total_seconds())
        _of_queue(CRITICAL_SECONDS, delivery.queue).observe(age)
        if envelope.attempt == 1:
            _of_queue(INBOX_LAG_SECONDS, delivery.queue).observe(max(0.0, age - seconds))
        fields = {
            "message_id": str(envelope.message_id),
            "correlation_id": str(envelope.correlation_id),
            "causation_id": str(envelope.causation_id) if envelope.causation_id else None,
            "sender": envelope.sender,
            "attempt": envelope.attempt,
        }
    if judgement.reason:
        fields |= {"reason": judgement.reason, "error": judgement.error}
    if judgement.reply is not None:
        fields["reply"] = judgement.reply.type
    level = log.info if judgement.verdict is Verdict.ACKNOWLEDGE else log.warning
    level(
        "message_settled",
        verdict=judgement.verdict.value,
        seconds=round(seconds, 4),
        type=kind,
        queue=delivery.queue,
        is_settled=is_settled,
        **fields,
    )


@cache
def _deliveries(queue: str, kind: str, verdict: str) -> Counter:
    """Kept, as those of a queue: looking labels up costs more than counting."""
    return DELIVERIES.labels(queue, kind, verdict)


@cache
def _of_queue(histogram: Histogram, queue: str) -> Histogram:
    return histogram.labels(queue)

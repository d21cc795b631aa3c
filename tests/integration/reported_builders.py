"""Batches as courts' machines report them over HTTP, and what they are told of them."""

from typing import Any
from uuid import UUID

import msgspec

from shared.messages.paa_billing.reporting import ReportUsage, UsageBatchShown, WhatBecameOfBatch
from shared.messaging.ids import child_id, new_id
from shared.messaging.parked import Parked
from tests.billing import COURT, a_batch
from tests.messaging import NOON, Workplace, an_assertion_of_a_court

OTHER_COURT = "gubk"


def a_report(*records: dict[str, Any] | bytes, batch_id: UUID | None = None) -> ReportUsage:
    """A batch of a court's machine."""
    batch = a_batch(*records)
    return ReportUsage(court_id=COURT, batch_id=batch_id or new_id(NOON), records=batch.records)


def of_a_court(place: Workplace, court_id: str = COURT, **changes: Any) -> Any:
    """What a court's credential is resolved to."""
    return an_assertion_of_a_court("paa_billing", place.clock(), court_id, **changes)


async def report(place: Workplace, batch: ReportUsage, **how: Any) -> Any:
    """Deliver a batch as the edge sends it; answers how the delivery ended."""
    message_id = child_id(batch.batch_id, f"usage of {batch.court_id}", 0)
    by = how.pop("by", None) or of_a_court(place)
    judgement, _ = await place.judge(batch, by=by, message_id=message_id, reply_to=None, **how)
    return judgement


async def shown(place: Workplace, batch_id: UUID, court_id: str = COURT) -> UsageBatchShown:
    """What the court is told when it asks."""
    answer = await place.send(WhatBecameOfBatch(batch_id=batch_id), by=of_a_court(place, court_id))
    assert isinstance(answer, UsageBatchShown), answer
    return answer


def as_parked(batch: ReportUsage, reason: str) -> Parked:
    """The batch as it was given up."""
    return Parked(
        id=new_id(NOON),
        queue="paa_billing.bulk",
        message_id=new_id(NOON),
        type=ReportUsage.message_name(),
        sender="portal",
        correlation_id=None,
        headers={},
        body=msgspec.json.encode(batch),
        reason=reason,
        error="",
        attempts=1,
        parked_at=NOON,
    )

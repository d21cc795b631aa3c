"""What a court's machine reports to `paa_billing` through the web edge, and what it is told of it."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.messages.base import CourtId, Query, Reply, Speaker
from shared.messages.paa_billing.usage import RecordUsage, UsageQuarantined


class ReportUsage(RecordUsage, frozen=True, kw_only=True, tag="paa_billing.report_usage.v1"):
    """The batch of `record_usage`, from a court's machine that speaks HTTP; nobody waits for a reply.

    The message's id is made of the court and the batch's id, so that a batch sent again is the same message.
    """

    spoken_by: ClassVar[Speaker] = "machine"


class WhatBecameOfBatch(Query, frozen=True, kw_only=True, tag="paa_billing.what_became_of_batch.v1"):
    """What became of a batch that the asking court's machine has reported through the edge?"""

    spoken_by: ClassVar[Speaker] = "machine"
    batch_id: UUID


class UsageBatchShown(Reply, frozen=True, kw_only=True, tag="paa_billing.usage_batch_shown.v1"):
    """What became of a batch until now; `waiting` uses are booked or put into quarantine later.

    `not_settled`: it is on its way, or was never accepted. `parked`: it was given up whole, for `reason`, and
    nothing of it is booked. `other_content_at`: another batch came later under this id, and was set aside.
    """

    court_id: CourtId
    batch_id: UUID
    state: Literal["not_settled", "settled", "parked"]
    since: datetime | None = None
    booked: int = 0
    duplicate: int = 0
    waiting: int = 0
    quarantined: tuple[UsageQuarantined, ...] = ()
    reason: str = ""
    other_content_at: datetime | None = None

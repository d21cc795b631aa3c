"""What a court is told of the uses it reported."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import msgspec

from services.paa_billing.model.intake import Booking, Unbookable
from shared.messages.paa_billing import RecordUsage, UsageBatchSettled, UsageQuarantined
from shared.messages.paa_billing.reporting import ReportUsage


def settle(command: RecordUsage, booking: Booking) -> UsageBatchSettled:
    """The answer to a batch."""
    return UsageBatchSettled(
        court_id=command.court_id,
        batch_id=command.batch_id,
        booked=booking.booked,
        duplicate=booking.duplicate,
        waiting=booking.waiting,
        quarantined=tuple(_quarantined(each) for each in booking.unbookable),
    )


def settle_after_waiting(court_id: str, refused: Iterable[Unbookable]) -> tuple[UsageBatchSettled, ...]:
    """One more answer to each batch of which uses had waited and were set aside in the end."""
    batches: dict[UUID, list[Unbookable]] = defaultdict(list)
    for each in refused:
        batches[each.batch_id].append(each)
    return tuple(
        UsageBatchSettled(
            court_id=court_id,
            batch_id=batch_id,
            booked=0,
            duplicate=0,
            waiting=0,
            quarantined=tuple(_quarantined(each) for each in sorted(group, key=lambda e: e.position)),
            is_after_waiting=True,
        )
        for batch_id, group in batches.items()
    )


def read_batch(body: bytes) -> ReportUsage | None:
    """The batch in a message that was given up, if there is one to be read."""
    try:
        return ReportUsage.from_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _quarantined(each: Unbookable) -> UsageQuarantined:
    return UsageQuarantined(index=each.position, usage_id=each.usage_id, field=each.field, reason=each.reason)

"""What of an envelope is believed, and from whom."""

from datetime import UTC, datetime
from typing import cast

import msgspec
import pytest

from shared.messaging.broker import Delivery
from shared.messaging.envelope import Envelope
from shared.messaging.ids import new_id
from shared.messaging.settler import read_envelope

NOON = datetime(2024, 2, 1, 18, 0, tzinfo=UTC)


class Arrived:
    """A delivery of which only the envelope matters."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def read_envelope(self) -> Envelope:
        return self._envelope


@pytest.mark.parametrize(
    ("sender", "is_believed"), [("portal", True), ("operator", True), ("ncwbk", False), ("linking", False)]
)
def test_only_who_can_get_a_reply_sets_a_deadline_or_asks_for_one(sender: str, is_believed: bool) -> None:
    """A court's batch with a deadline would else be acknowledged and gone, and nobody told."""
    message_id = new_id(NOON)
    envelope = Envelope(
        message_id=message_id,
        type="paa_billing.record_usage.v1",
        sender=sender,
        time=NOON,
        correlation_id=message_id,
        deadline=NOON,
        reply_to="replies.x",
    )

    read = read_envelope(cast(Delivery, Arrived(envelope)))

    without = msgspec.structs.replace(envelope, deadline=None, reply_to=None)
    assert read == (envelope if is_believed else without)

"""The security history as it is shown."""

import json
from datetime import timedelta

from services.accounts.model import HistoryEntry
from shared.messages.accounts import ActShown
from shared.messages.linking.staff import StaffUsedData

STAFF_USE = "staff_used_data"
ONCE_A_DAY = timedelta(days=1)


def act_shown(entry: HistoryEntry) -> ActShown:
    """An act with its details; those of an erased account are gone."""
    details = {} if entry.content is None else json.loads(entry.content)
    return ActShown(sequence=entry.sequence, at=entry.at, kind=entry.kind, details=details)


def court_staff_use(event: StaffUsedData) -> dict[str, str]:
    """What a history says of a use by court staff; without the instant if one stands for a day's."""
    content = {
        "service": event.message_owner(),
        "court_id": event.court_id,
        "used_for": event.used_for,
        "actor_account_id": str(event.actor_account_id),
    }
    return content if event.is_in_list else {**content, "used_at": event.used_at.isoformat()}

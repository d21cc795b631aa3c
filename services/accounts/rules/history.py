"""The security history as it is shown."""

import json

from services.accounts.model import HistoryEntry
from shared.messages.accounts import ActShown


def act_shown(entry: HistoryEntry) -> ActShown:
    """An act with its details; those of an erased account are gone."""
    details = {} if entry.content is None else json.loads(entry.content)
    return ActShown(sequence=entry.sequence, at=entry.at, kind=entry.kind, details=details)

"""What is kept about a person: an erasure that was asked for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.messages.accounts import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedErasure:
    """An erasure until it is final or taken back: then the account has this status and privilege again."""

    account_id: UUID
    asked_at: datetime
    final_at: datetime
    status: Status
    is_search_active: bool

"""One-time tokens that are mailed, as they are kept: by their hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Purpose = Literal[
    "unlock",
    "recovery",
    "email_change",
    "email_undo",
    "factor_reset_stop",
    "strangers_reset_stop",
    "erasure_stop",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeToken:
    """A token for one purpose, until it is used, replaced, overtaken by something else, or too old.

    `email` is the address that it is about: where it was sent, or, of a change, the new address, and of its
    undoing the old one.
    """

    token_hash: bytes
    account_id: UUID
    purpose: Purpose
    email: str
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        """Is it open and not too old? Late by nothing is late."""
        return self.closed_at is None and now < self.expires_at

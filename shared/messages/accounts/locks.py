"""Unlocking an account that too many failures have locked."""

from typing import ClassVar
from uuid import UUID

from shared.messages.base import Command, Event, Speaker
from shared.sealed import Sealed


class UnlockAccount(Command, frozen=True, kw_only=True, tag="accounts.unlock_account.v1"):
    """End a lock of passwords before its time, by the one-time token that was mailed when it began."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class AccountUnlocked(Event, frozen=True, kw_only=True, tag="accounts.account_unlocked.v1"):
    """The lock was ended by its mailed token; earlier failures count no more."""

    account_id: UUID

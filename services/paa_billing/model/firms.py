"""Accounts as billing knows them, firms, invitations and memberships."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.money import Cents

AccountKind = Literal["individual", "paa"]
Generation = Literal["legacy", "upgraded"]
Status = Literal["pending_verification", "held_for_review", "active", "locked", "deactivated"]
InvitationState = Literal["open", "accepted", "declined", "withdrawn", "expired"]
EndedBy = Literal["person", "firm", "deactivation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The copy of an account's public state."""

    account_id: UUID
    version: int
    account_number: str
    first_name: str
    last_name: str
    kind: AccountKind
    generation: Generation
    status: Status
    is_search_active: bool
    has_second_factor: bool

    @property
    def name(self) -> str:
        """As it is written: first name, last name; a firm's account may have only the last."""
        return f"{self.first_name} {self.last_name}".strip()


class AccountOfUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What must be known of an account to book its uses."""

    account_id: UUID
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks, in the newest state that is known, and how this session was proved."""

    account_id: UUID
    kind: AccountKind
    generation: Generation
    status: Status
    level: int
    proved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """A firm and its administrators; `registered_at` is None for one taken over with a legacy account."""

    paa_id: UUID
    name: str
    registered_at: datetime | None
    administrator_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A firm's question to a person; it is answered once."""

    invitation_id: UUID
    paa_id: UUID
    account_id: UUID
    remark: str
    expires_at: datetime
    state: InvitationState


class Membership(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The time in which a firm pays for a person: from `joined_at` on, without `left_at`."""

    membership_id: UUID
    paa_id: UUID
    account_id: UUID
    joined_at: datetime
    left_at: datetime | None

    def holds_at(self, instant: datetime) -> bool:
        """Does the firm pay for a use at this instant?"""
        return self.joined_at <= instant and (self.left_at is None or instant < self.left_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What is known when a person answers an invitation: whose it is, who pays now, what would move."""

    invitation: Invitation | None
    firm: Firm | None
    present: Membership | None
    moving_cents: Cents

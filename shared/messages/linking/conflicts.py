"""Conflicts: two people claim one filing account, and the court's staff say whose it is."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, CourtId, Event, Reply
from shared.messages.linking.links import FilingLogin, FilingRole, Remark
from shared.messages.linking.staff import PageSize, PersonSeen

ConflictDecision = Literal["keep_holder", "unlink_holder"]


class Conflicts(Command, frozen=True, kw_only=True, tag="linking.conflicts.v1"):
    """The open conflicts at a court, the oldest first (court staff; a check).

    For the next page ask with `after` the last conflict's id while `has_more`.
    """

    court_id: CourtId
    after: UUID | None = None
    limit: PageSize = 20


class ConflictSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict as the court's staff see it: the filing account, and both who claim it."""

    conflict_id: UUID
    filing_account_id: UUID
    login: FilingLogin
    name: str
    role: FilingRole
    holder: PersonSeen
    claimant: PersonSeen
    linked_at: datetime
    found_at: datetime


class ConflictsSeen(Reply, frozen=True, kw_only=True, tag="linking.conflicts_seen.v1"):
    """A page of the open conflicts at a court."""

    conflicts: tuple[ConflictSeen, ...]
    has_more: bool


class SettleConflict(Command, frozen=True, kw_only=True, tag="linking.settle_conflict.v1"):
    """Court staff leave the filing account with its holder, or end that link, so that the other may link."""

    is_sensitive: ClassVar[bool] = True
    conflict_id: UUID
    decision: ConflictDecision
    remark: Remark


class ConflictSettled(Event, frozen=True, kw_only=True, tag="linking.conflict_settled.v1"):
    """A conflict is out of the court's queue; the link's end, if that was decided, is an event of its own."""

    conflict_id: UUID
    court_id: CourtId
    filing_account_id: UUID
    role: FilingRole
    holder_account_id: UUID
    claimant_account_id: UUID
    decision: ConflictDecision
    settled_at: datetime
    actor_account_id: UUID


class ConflictNotSettled(Reply, frozen=True, kw_only=True, tag="linking.conflict_not_settled.v1"):
    """Nothing was decided."""

    reason: Literal["conflict_not_found", "already_settled", "remark_missing"]

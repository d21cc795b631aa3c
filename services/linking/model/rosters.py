"""What `linking` knows of rosters: their rows, and a court's whole one on its way in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.messages.linking import FilingRole, RosterCounts

RosterState = Literal["open", "finished", "replaced"]
RowOutcome = Literal["added", "changed", "unchanged", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """A roster row that is right in itself; `verifier` as the court gave it."""

    line: int
    login: str
    name: str
    email: str
    role: FilingRole
    verifier: str

    @property
    def has_fast_verifier(self) -> bool:
        """Is it one that is wrapped before it may rest?"""
        return not self.verifier.startswith("$argon2id$")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """What is kept of a login that a roster names again; one made on request has no address."""

    id: UUID
    login: str
    name: str
    email: str | None
    role: FilingRole
    roster_digest: bytes
    is_linked: bool
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A court's whole roster, loaded in pieces; without an account the operator began it."""

    id: UUID
    court_id: str
    begun_at: datetime
    begun_by_account_id: UUID | None
    remark: str
    state: RosterState
    ended_at: datetime | None
    counts: RosterCounts | None
    gone_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A roster row that isn't taken, and the login it is about, if that is known.

    `is_repeated`: the login stands on another line, which counts.
    """

    line: int
    field: str
    reason: str
    login: str | None = None
    is_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRow:
    """What a roster's row has become of which the login is known."""

    login: str
    line: int
    outcome: RowOutcome
    is_wrapped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedLogin:
    """An open link of a filing account that a roster drops, or names again."""

    link_id: UUID
    account_id: UUID
    filing_account_id: UUID
    role: FilingRole

"""What court staff help with: linking codes, attempts to link, filing requests, conflicts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.linking.model import AccountState
from shared.messages.linking import FilingRole
from shared.messages.linking.codes import CodeWay
from shared.messages.linking.requests import RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSubject:
    """A filing account that a linking code is asked for."""

    filing_account_id: UUID
    name: str
    email: str | None
    is_linked: bool
    court_go_live_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkingCode:
    """A code that stands for the password of a filing account, as it is kept."""

    id: UUID
    court_id: str
    filing_account_id: UUID
    code_digest: bytes
    way: CodeWay
    issued_by_account_id: UUID
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    died_at: datetime | None = None

    def is_usable(self, now: datetime) -> bool:
        """Has it made no proof yet, and is it the newest and in time?"""
        return self.used_at is None and self.died_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How an attempt at a filing login ended: `proved`, `linked`, or why it was refused."""

    court_id: str
    login_digest: bytes
    account_id: UUID
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRequest:
    """What somebody asked a court for."""

    id: UUID
    court_id: str
    account_id: UUID
    role: FilingRole
    state: RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCase:
    """What counts when a request is accepted: who asked, and what they hold at the court."""

    request: FilingRequest
    known: AccountState | None
    name: str
    court_go_live_at: datetime | None
    roles_linked_at_court: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two people claim a filing account."""

    id: UUID
    court_id: str
    filing_account_id: UUID
    holder_account_id: UUID
    claimant_account_id: UUID
    settled_at: datetime | None

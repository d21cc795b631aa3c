"""What `linking` knows: the frozen values that its rules read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.assertion import Assertion
from shared.messages.linking import Filer, FilingRole

CourtType = Literal["appellate", "appellate_bap", "bankruptcy", "district", "national"]
Scope = Literal["account", "login", "court"]
"""What attempts are counted for."""
VerifierScheme = Literal["plain", "sha256", "sha1", "md5"]


def is_live(go_live_at: datetime | None, now: datetime) -> bool:
    """Has the instant come? From the very instant on."""
    return go_live_at is not None and now >= go_live_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """A court; the two flags say that the court itself, not the shipped file, set its go-live or contact."""

    id: str
    cmecf_code: str
    type: CourtType
    name: str
    time_zone: str
    go_live_at: datetime | None
    help_desk: str
    contact_email: str
    version: int
    is_go_live_set_by_court: bool
    is_contact_set_by_court: bool

    def is_live(self, now: datetime) -> bool:
        """Do only PACER logins file here? From the very instant on."""
        return is_live(self.go_live_at, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedCourt:
    """A court as the shipped files give it."""

    id: str
    cmecf_code: str
    type: CourtType
    name: str
    time_zone: str
    go_live_local_time: str | None
    help_desk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What counts of an account when it links or files."""

    version: int
    kind: str
    generation: str
    status: str
    email_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks: as `accounts` signed it, and as our copy knows the account, if it does."""

    assertion: Assertion
    known: AccountState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """How a password is checked: through the scheme, then argon2id (a PHC string)."""

    scheme: VerifierScheme
    phc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingAccount:
    """A login of a court's CM/ECF."""

    id: UUID
    court_id: str
    login: str
    name: str
    role: FilingRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A filing account bound to a PACER account, now or in the past."""

    id: UUID
    account_id: UUID
    court_id: str
    filing_account_id: UUID
    role: FilingRole
    linked_at: datetime
    unlinked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a session showed the right password of a filing account."""

    id: UUID
    account_id: UUID
    session_id_hash: str
    filing_account_id: UUID
    expires_at: datetime
    used_at: datetime | None
    died_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """One count of attempts, and how many may fail in a window."""

    scope: Scope
    subject: bytes
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A filing account that someone wants to link: who holds it, and what else the claimant has there."""

    filing_account: FilingAccount
    court_go_live_at: datetime | None
    holder_account_id: UUID | None
    roles_linked_at_court: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingHere:
    """What counts when an account wants to file at a court: our copy of it, the court, its links there."""

    known: AccountState | None
    is_court_known: bool
    court_go_live_at: datetime | None
    filers: tuple[Filer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistanceSession:
    """Where a court helps people with upgrading; `booked_count` places are taken."""

    id: UUID
    court_id: str
    time_zone: str
    starts_at: datetime
    place: str
    capacity: int
    booked_count: int
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A place that somebody took, and the instant at which its session begins."""

    id: UUID
    account_id: UUID
    assistance_session_id: UUID
    court_id: str
    starts_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRound:
    """One round through a court's roster: what it is for, what caused it, and how far it has come."""

    id: UUID
    court_id: str
    go_live_at: datetime
    days_from_go_live: int
    cause_id: UUID
    correlation_id: UUID
    after_login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterMember:
    """A filing account as a round through the roster meets it, perhaps without address."""

    id: UUID
    login: str
    name: str
    email: str | None
    role: FilingRole
    is_linked: bool

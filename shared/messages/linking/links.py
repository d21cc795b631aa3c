"""Links: proving a filing account, confirming, unlinking."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import CLEAN, Command, CourtId, Event, LongText, Reply
from shared.sealed import Sealed

FilingRole = Literal["attorney", "trustee", "us_trustee", "filing_agent", "creditor", "party", "transcriber"]
FilingLogin = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=CLEAN)]
Remark = LongText


class ProveFilingAccount(Command, frozen=True, kw_only=True, tag="linking.prove_filing_account.v1"):
    """Show that a filing account is mine, by its CM/ECF login and password (a check)."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    login: FilingLogin
    password: Sealed


class FilingAccountProved(Reply, frozen=True, kw_only=True, tag="linking.filing_account_proved.v1"):
    """The proof, single-use, and the masked name on the filing account, to look at before confirming."""

    proof_id: UUID
    court_id: CourtId
    masked_name: str
    role: FilingRole
    expires_at: datetime


RefusalReason = Literal[
    "account_not_known_yet",
    "account_not_active",
    "email_not_verified",
    "upgrade_first",
    "not_an_individual",
    "session_level_too_low",
    "proof_too_old",
    "court_not_known",
    "court_not_live",
    "login_or_password_wrong",
    "too_many_attempts",
    "filing_account_already_linked",
    "role_already_linked_at_court",
    "proof_not_valid",
]


class LinkRefused(Reply, frozen=True, kw_only=True, tag="linking.link_refused.v1"):
    """The link was not made; nothing has changed."""

    court_id: CourtId | None
    reason: RefusalReason
    is_own: bool = False
    """Is it the asker who holds the filing account that is linked already? Then no court is told."""


class ProvingBusy(Reply, frozen=True, kw_only=True, tag="linking.proving_busy.v1"):
    """Too many passwords are being checked; this attempt did not count: ask again later."""

    retry_after_seconds: int


class ConfirmLink(Command, frozen=True, kw_only=True, tag="linking.confirm_link.v1"):
    """Make the link that a proof allows."""

    is_sensitive: ClassVar[bool] = True
    proof_id: UUID


class FilingAccountLinked(Event, frozen=True, kw_only=True, tag="linking.filing_account_linked.v1"):
    """A filing account is bound to a PACER account; its CM/ECF login has stopped working."""

    link_id: UUID
    account_id: UUID
    court_id: CourtId
    filing_account_id: UUID
    role: FilingRole
    linked_at: datetime


class UnlinkFilingAccount(Command, frozen=True, kw_only=True, tag="linking.unlink_filing_account.v1"):
    """End a link: by its holder, or by the court's staff with a remark."""

    is_sensitive: ClassVar[bool] = True
    link_id: UUID
    remark: Remark = ""


class FilingAccountUnlinked(Event, frozen=True, kw_only=True, tag="linking.filing_account_unlinked.v1"):
    """A link has ended; its history stays. `actor_account_id` is None when the holder was erased."""

    link_id: UUID
    account_id: UUID
    court_id: CourtId
    filing_account_id: UUID
    role: FilingRole
    unlinked_at: datetime
    unlinked_by: Literal["holder", "court"]
    remark: str = ""
    actor_account_id: UUID | None = None


class UnlinkRefused(Reply, frozen=True, kw_only=True, tag="linking.unlink_refused.v1"):
    """The link stays as it was."""

    reason: Literal[
        "link_not_found", "already_unlinked", "remark_missing", "proof_too_old", "session_level_too_low"
    ]


class LinkConflictFound(Event, frozen=True, kw_only=True, tag="linking.link_conflict_found.v1"):
    """A second person claimed a linked filing account; it waits in the court's queue."""

    conflict_id: UUID
    court_id: CourtId
    filing_account_id: UUID
    claimant_account_id: UUID

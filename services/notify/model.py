"""The values that notify works with: whom it knows, what it writes, and how sending a mail can end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal
from uuid import UUID

import msgspec

from shared.errors import NotYetKnownError
from shared.sealed import Sealed

MailClass = Literal["security", "billing", "service"]
Standing = Literal["verified", "unverified", "unknown", "erased"]
"""What is known of an account's address: its holder proved it; it was taken over from a legacy file and never
proved; nothing was ever heard of it; it is blanked."""
Details = Mapping[str, str | tuple[str, ...]]

CLASS_OF: Mapping[str, MailClass] = {
    "verify_email": "security",
    "account_upgraded": "security",
    "account_deactivated": "security",
    "erasure_asked": "security",
    "erasure_stopped": "security",
    "export_ready": "security",
    "password_changed": "security",
    "email_change": "security",
    "email_changed": "security",
    "email_taken_into_use": "security",
    "email_put_back": "security",
    "email_withdrawn": "security",
    "profile_changed": "security",
    "user_name_changed": "security",
    "new_sign_in_place": "security",
    "account_held": "security",
    "account_locked": "security",
    "account_unlocked": "security",
    "sessions_ended": "security",
    "second_factor_changed": "security",
    "second_factor_required": "security",
    "authenticator_renamed": "security",
    "backup_codes_replaced": "security",
    "personal_token_added": "security",
    "backup_code_used": "security",
    "recovery_link": "security",
    "recovery_referred": "security",
    "account_recovered": "security",
    "user_name_reminder": "security",
    "role_granted": "security",
    "role_ended": "security",
    "account_released": "security",
    "account_deactivated_by_staff": "security",
    "account_unlocked_by_staff": "security",
    "search_activated": "security",
    "search_inactivated": "security",
    "factor_reset_asked": "security",
    "factor_reset_stopped": "security",
    "factor_was_reset": "security",
    "filing_account_gone": "security",
    "filing_account_returned": "security",
    "filing_account_linked": "security",
    "filing_account_unlinked": "security",
    "filing_account_unlinked_court": "security",
    "link_conflict_court": "security",
    "roster_loaded_court": "security",
    "conflict_kept_holder": "security",
    "conflict_kept_claimant": "security",
    "conflict_unlinked_claimant": "security",
    "linking_code": "security",
    "linking_code_given": "security",
    "firm_registered": "billing",
    "invitation_received": "billing",
    "invitation_declined_person": "billing",
    "invitation_declined_firm": "billing",
    "member_joined_person": "billing",
    "member_joined_firm": "billing",
    "member_left_person": "billing",
    "member_left_firm": "billing",
    "statement_ready": "billing",
    "payment_received": "billing",
    "usage_quarantined_court": "billing",
    "usage_given_up_court": "billing",
    "usage_parked_court": "billing",
    "court_credential_issued": "security",
    "court_credential_ended": "security",
    "welcome": "service",
    "court_went_live": "service",
    "go_live_ahead": "service",
    "go_live_come": "service",
    "assistance_booked": "service",
    "assistance_booking_cancelled": "service",
    "assistance_session_changed": "service",
    "assistance_session_cancelled": "service",
    "filing_request_court": "service",
    "filing_request_accepted": "service",
    "filing_request_refused": "service",
}
"""Every kind of mail: the name of its folder of templates, and its class."""

ASKED_FOR = (
    "assistance_booked",
    "assistance_booking_cancelled",
    "assistance_session_changed",
    "assistance_session_cancelled",
)
"""Mail on what its recipient has booked: it goes to an address that was never proved too (decision 41)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person as mail needs them; there is an address only if it is `verified` or `unverified`."""

    account_id: UUID
    name: str
    email: str | None
    standing: Standing = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """A court as mail needs it; `contact_email` may be empty."""

    court_id: str
    name: str
    time_zone: str
    help_desk: str
    contact_email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """Whom an event names."""

    account_ids: tuple[UUID, ...]
    court_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What is known of those whom an event names; what isn't may come yet: NotYetKnownError.

    `is_waited_out`: contacts were waited for as long as messages wait at all.
    """

    contacts: Mapping[UUID, Contact]
    found_court: Court | None
    business_zone: tzinfo
    is_waited_out: bool = False

    def contact(self, account_id: UUID) -> Contact:
        """An account's contact; one that never came, since no address was ever proved, is `unknown`."""
        if account_id in self.contacts:
            return self.contacts[account_id]
        if not self.is_waited_out:
            raise NotYetKnownError(f"contact of account {account_id}")
        return Contact(account_id=account_id, name="", email=None, standing="unknown")

    def court(self) -> Court:
        """The court that the event names."""
        if self.found_court is None:
            raise NotYetKnownError("the court of this event")
        return self.found_court


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail to be: its kind, whom it goes to, the facts in it, and secrets as they came, sealed.

    `recipient` is `account:<id>`, `court:<id>` or `filing_account:<id>`. Without `email` the address is in
    the sealed `recipient`.
    """

    kind: str
    recipient: str
    account_id: UUID | None
    name: str
    email: str | None
    details: Details
    sealed: Mapping[str, Sealed] = field(default_factory=dict)
    expires_at: datetime | None = None
    standing: Standing = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A mail claimed for sending. `attempts` counts this claim and tells it apart from any later one."""

    id: UUID
    event_id: UUID
    correlation_id: UUID
    account_id: UUID | None
    kind: str
    recipient_name: str
    email: str | None
    subject: str
    details: Details
    sealed: Mapping[str, Sealed] | None
    expires_at: datetime | None
    attempts: int


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """Name and address of someone without a verified contact, as they come sealed."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The mail server took it."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now; when the outcome is unknown, the mail may have arrived."""

    reason: str
    is_outcome_unknown: bool = False


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Never: refused for good, too late, unsafe, or tried too often."""

    reason: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The address gets no mail for now."""

    reason: str


Outcome = Sent | Postponed | GivenUp | Suppressed

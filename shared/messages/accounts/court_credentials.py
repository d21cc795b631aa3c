"""Credentials of courts' machines: issued, listed and ended, and which court it is that shows one."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.values import Network
from shared.messages.base import FILLED, Command, CourtId, Event, Query, Reply, ShortText, Speaker
from shared.sealed import Sealed

CredentialName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=80, pattern=FILLED, description="one line, not blank")
]
End = Annotated[datetime, msgspec.Meta(tz=True)]


class IssueCourtCredential(Command, frozen=True, kw_only=True, tag="accounts.issue_court_credential.v1"):
    """Issue a credential for a machine of a court (the court's staff); those issued before stay in force."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    name: CredentialName
    ends_at: End | None = None


class IssueCourtCredentialByOperator(
    Command, frozen=True, kw_only=True, tag="accounts.issue_court_credential_by_operator.v1"
):
    """The same by the operator's login."""

    spoken_by: ClassVar[Speaker] = "operator"
    court_id: CourtId
    name: CredentialName
    ends_at: End | None = None


class CourtCredentialIssued(Reply, frozen=True, kw_only=True, tag="accounts.court_credential_issued.v1"):
    """A credential is in force; it is readable by the asker alone, and never shown again."""

    credential_id: UUID
    court_id: CourtId
    name: CredentialName
    credential: Sealed | None
    ends_at: End | None = None
    secret_shown_once: bool = False


class EndCourtCredential(Command, frozen=True, kw_only=True, tag="accounts.end_court_credential.v1"):
    """End a credential of a court at once (the court's staff, and PSC for a court that calls)."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    credential_id: UUID


class EndCourtCredentialByOperator(
    Command, frozen=True, kw_only=True, tag="accounts.end_court_credential_by_operator.v1"
):
    """The same by the operator's login."""

    spoken_by: ClassVar[Speaker] = "operator"
    court_id: CourtId
    credential_id: UUID


class CourtCredentialRefused(Reply, frozen=True, kw_only=True, tag="accounts.court_credential_refused.v1"):
    """Nothing has changed: the end isn't ahead, as many as may be are in force, or none like it is."""

    reason: Literal["end_not_ahead", "too_many", "not_in_force"]


class CourtCredentialChanged(Event, frozen=True, kw_only=True, tag="accounts.court_credential_changed.v1"):
    """A credential of a court was issued or ended (mail to the court); no actor: the operator did it."""

    credential_id: UUID
    court_id: CourtId
    name: CredentialName
    change: Literal["issued", "ended"]
    changed_at: datetime
    ends_at: datetime | None = None
    actor_account_id: UUID | None = None


class ListCourtCredentials(Command, frozen=True, kw_only=True, tag="accounts.list_court_credentials.v1"):
    """The credentials of a court, those in force first (the court's staff, and PSC)."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId


class ListCourtCredentialsByOperator(
    Query, frozen=True, kw_only=True, tag="accounts.list_court_credentials_by_operator.v1"
):
    """The same by the operator's login."""

    spoken_by: ClassVar[Speaker] = "operator"
    court_id: CourtId


class CourtCredentialShown(msgspec.Struct, frozen=True, kw_only=True):
    """A credential without what is secret of it; `last_used_at` to the minute; no issuer: the operator."""

    credential_id: UUID
    name: CredentialName
    issued_at: datetime
    issued_by: UUID | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    last_used_at: datetime | None = None


class CourtCredentialsListed(Reply, frozen=True, kw_only=True, tag="accounts.court_credentials_listed.v1"):
    """The last 50 credentials of a court, newest first, those that have ended too."""

    court_id: CourtId
    credentials: tuple[CourtCredentialShown, ...]


class ResolveCourt(Query, frozen=True, kw_only=True, tag="accounts.resolve_court.v1"):
    """Which court's machine shows this credential? Answers with an assertion for one message (a check).

    Without a message it only says which court it is.
    """

    spoken_by: ClassVar[Speaker] = "anyone"
    credential: Sealed
    network: Network = ""
    """Where the request came from, as the edge saw it: an address prefix, for throttling."""
    audience: Literal["accounts", "linking", "paa_billing", "notify"] | None = None
    for_message_id: UUID | None = None
    for_message_name: ShortText | None = None


class CourtResolved(Reply, frozen=True, kw_only=True, tag="accounts.court_resolved.v1"):
    """The court, and the assertion to send with that one message, good for 60 seconds at most."""

    court_id: CourtId
    credential_id: UUID
    assertion: str = ""


class CourtNotResolved(Reply, frozen=True, kw_only=True, tag="accounts.court_not_resolved.v1"):
    """The same answer for every failure: no such credential, ended, or expired."""

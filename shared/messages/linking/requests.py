"""Filing requests: a person without a filing account asks a court for one, and its staff decide."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, CourtId, Event, Query, Reply
from shared.messages.linking.links import FilingLogin, FilingRole, RefusalReason, Remark
from shared.messages.linking.staff import PageSize, PersonSeen

RequestState = Literal["open", "accepted", "refused", "withdrawn"]


class AskFilingPrivileges(Command, frozen=True, kw_only=True, tag="linking.ask_filing_privileges.v1"):
    """Ask a court for a filing account in a role, in which I have no link there."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    role: FilingRole
    remark: Remark = ""


class FilingRequestMade(Event, frozen=True, kw_only=True, tag="linking.filing_request_made.v1"):
    """Somebody asks a court for filing privileges; it waits in the court's queue."""

    request_id: UUID
    account_id: UUID
    court_id: CourtId
    role: FilingRole
    asked_at: datetime


class FilingRequestNotMade(Reply, frozen=True, kw_only=True, tag="linking.filing_request_not_made.v1"):
    """Nothing was asked; `already_asked`: a request for this court and role is open."""

    court_id: CourtId
    reason: Literal[RefusalReason, "already_asked"]


class WithdrawFilingRequest(Command, frozen=True, kw_only=True, tag="linking.withdraw_filing_request.v1"):
    """Take back what I asked a court for."""

    request_id: UUID


class FilingRequestWithdrawn(Reply, frozen=True, kw_only=True, tag="linking.filing_request_withdrawn.v1"):
    """The request is out of the court's queue."""

    request_id: UUID


class AcceptFilingRequest(Command, frozen=True, kw_only=True, tag="linking.accept_filing_request.v1"):
    """Court staff make the filing account, under a login that the court doesn't use yet, already linked."""

    is_sensitive: ClassVar[bool] = True
    request_id: UUID
    login: FilingLogin


class RefuseFilingRequest(Command, frozen=True, kw_only=True, tag="linking.refuse_filing_request.v1"):
    """Court staff refuse a request; the person reads the reason."""

    is_sensitive: ClassVar[bool] = True
    request_id: UUID
    reason: Remark


class FilingRequestDecided(Event, frozen=True, kw_only=True, tag="linking.filing_request_decided.v1"):
    """Staff accepted a request, which has made a link, or refused it with a reason."""

    request_id: UUID
    account_id: UUID
    court_id: CourtId
    role: FilingRole
    decision: Literal["accepted", "refused"]
    decided_at: datetime
    actor_account_id: UUID
    reason: str = ""


class FilingRequestKept(Reply, frozen=True, kw_only=True, tag="linking.filing_request_kept.v1"):
    """The request stays as it was: nothing was decided or withdrawn."""

    reason: Literal[
        RefusalReason,
        "request_not_found",
        "already_decided",
        "login_taken",
        "login_unusable",
        "reason_missing",
    ]


class FilingRequests(Command, frozen=True, kw_only=True, tag="linking.filing_requests.v1"):
    """The open requests at a court, the oldest first (court staff; a check).

    For the next page ask with `after` the last request's id while `has_more`.
    """

    court_id: CourtId
    after: UUID | None = None
    limit: PageSize = 20


class FilingRequestSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An open request as the court's staff see it."""

    request_id: UUID
    person: PersonSeen
    role: FilingRole
    remark: str
    asked_at: datetime


class FilingRequestsSeen(Reply, frozen=True, kw_only=True, tag="linking.filing_requests_seen.v1"):
    """A page of the open requests at a court."""

    requests: tuple[FilingRequestSeen, ...]
    has_more: bool


class MyFilingRequests(Query, frozen=True, kw_only=True, tag="linking.my_filing_requests.v1"):
    """What did I ask courts for, and what became of it? The newest first, at most as many as asked for."""

    limit: PageSize = 50


class MyFilingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request of the asker's; `reason` is the court's word where it refused."""

    request_id: UUID
    court_id: CourtId
    court_name: str
    role: FilingRole
    remark: str
    asked_at: datetime
    state: RequestState
    decided_at: datetime | None = None
    reason: str = ""


class MyFilingRequestsShown(Reply, frozen=True, kw_only=True, tag="linking.my_filing_requests_shown.v1"):
    """The asker's requests."""

    requests: tuple[MyFilingRequest, ...]

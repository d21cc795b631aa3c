"""Linking codes: what court staff give to who has forgotten the CM/ECF login."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.messages.base import Command, CourtId, Event, Reply
from shared.messages.linking.links import FilingLogin
from shared.sealed import Sealed

CodeWay = Literal["mailed", "in_person"]


class IssueLinkingCode(Command, frozen=True, kw_only=True, tag="linking.issue_linking_code.v1"):
    """Court staff have a one-time code made for a filing account; an earlier one stops working.

    It is mailed to the address on the filing account, or shown once to be given in person.
    """

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    login: FilingLogin
    way: CodeWay


class LinkingCodeMade(Reply, frozen=True, kw_only=True, tag="linking.linking_code_made.v1"):
    """The code works once, until it expires; `code` is there only for one given in person, and only once."""

    court_id: CourtId
    login: FilingLogin
    way: CodeWay
    expires_at: datetime
    code: Sealed | None = None
    secret_shown_once: bool = False


class LinkingCodeRefused(Reply, frozen=True, kw_only=True, tag="linking.linking_code_refused.v1"):
    """No code was made; an earlier one works as before."""

    reason: Literal[
        "filing_account_not_found", "filing_account_already_linked", "court_not_live", "address_missing"
    ]


class LinkingCodeIssued(Event, frozen=True, kw_only=True, tag="linking.linking_code_issued.v1"):
    """A code was made for a filing account: mailed to its address, or given in person, which is told there.

    `recipient` is name and address on the filing account, `code` the code if it is to be mailed.
    """

    code_id: UUID
    court_id: CourtId
    filing_account_id: UUID
    way: CodeWay
    issued_at: datetime
    expires_at: datetime
    actor_account_id: UUID
    recipient: Sealed
    code: Sealed | None = None


class ProveByLinkingCode(Command, frozen=True, kw_only=True, tag="linking.prove_by_linking_code.v1"):
    """Show that a filing account is mine, by a code from its court instead of login and password.

    Answered as `ProveFilingAccount` is; a code that is wrong, used or late as a wrong password.
    """

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    code: Sealed

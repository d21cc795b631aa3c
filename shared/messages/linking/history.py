"""The history of links: a person's own, and those of one filing account for its court's staff."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, CourtId, Query, Reply
from shared.messages.linking.filing import FilingRight
from shared.messages.linking.links import FilingLogin, FilingRole, RefusalReason
from shared.messages.linking.staff import PageSize, PersonSeen

EndedBy = Literal["holder", "court"]


class MyLinks(Query, frozen=True, kw_only=True, tag="linking.my_links.v1"):
    """My links, present and past, the newest first.

    For the next page ask with `before` the last link's id while `has_more`.
    """

    before: UUID | None = None
    limit: PageSize = 50


class MyLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the asker's; where it has ended, by whom and with which remark."""

    link_id: UUID
    court_id: CourtId
    court_name: str
    login: FilingLogin
    name: str
    role: FilingRole
    linked_at: datetime
    unlinked_at: datetime | None = None
    unlinked_by: EndedBy | None = None
    remark: str = ""


class MyLinksShown(Reply, frozen=True, kw_only=True, tag="linking.my_links_shown.v1"):
    """A page of the asker's links."""

    links: tuple[MyLink, ...]
    has_more: bool


class MyCourts(Query, frozen=True, kw_only=True, tag="linking.my_courts.v1"):
    """Where may I file now, and which of my last links have ended? All of the page in one answer."""


class MyCourtsShown(Reply, frozen=True, kw_only=True, tag="linking.my_courts_shown.v1"):
    """Where the asker may file now, or why their links don't count; the ended links, the newest first."""

    rights: tuple[FilingRight, ...]
    ended: tuple[MyLink, ...]
    reason: RefusalReason | None = None


class LinksOf(Command, frozen=True, kw_only=True, tag="linking.links_of.v1"):
    """Who has held a filing account, the newest link first (court staff; a check).

    For the next page ask with `before` the last link's id while `has_more`.
    """

    court_id: CourtId
    login: FilingLogin
    before: UUID | None = None
    limit: PageSize = 50


class LinkOfFilingAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One link of a filing account; `unlinked_by_account_id` is who ended it."""

    link_id: UUID
    person: PersonSeen
    role: FilingRole
    linked_at: datetime
    unlinked_at: datetime | None = None
    unlinked_by: EndedBy | None = None
    unlinked_by_account_id: UUID | None = None
    remark: str = ""


class LinksOfFilingAccount(Reply, frozen=True, kw_only=True, tag="linking.links_of_filing_account.v1"):
    """A page of the links of a filing account; none for a login that the court doesn't have."""

    court_id: CourtId
    login: FilingLogin
    links: tuple[LinkOfFilingAccount, ...]
    has_more: bool

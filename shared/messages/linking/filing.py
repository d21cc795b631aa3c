"""Filing: at which courts an account may file, and as whom it files at one of them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.messages.base import CourtId, Query, Reply
from shared.messages.linking.links import FilingRole, RefusalReason


class WhatMayIFile(Query, frozen=True, kw_only=True, tag="linking.what_may_i_file.v1"):
    """At which courts, in which roles, may I file now?"""


class FilingRight(msgspec.Struct, frozen=True, kw_only=True):
    """One court and role in which an account may file now."""

    link_id: UUID
    court_id: CourtId
    court_name: str
    login: str
    name: str
    role: FilingRole
    linked_at: datetime


class FilingRights(Reply, frozen=True, kw_only=True, tag="linking.filing_rights.v1"):
    """All courts and roles in which the account may file now; `reason` says why its links don't count."""

    account_id: UUID
    rights: tuple[FilingRight, ...]
    reason: RefusalReason | None = None


class WhoFilesHere(Query, frozen=True, kw_only=True, tag="linking.who_files_here.v1"):
    """As whom may I file at this court now?

    The edge asks it for the court's machine, which was shown the session that the assertion is made from.
    """

    court_id: CourtId


class Filer(msgspec.Struct, frozen=True, kw_only=True):
    """The filing account of one link: as whom its holder files at the court."""

    link_id: UUID
    login: str
    name: str
    role: FilingRole
    linked_at: datetime


class FilersFound(Reply, frozen=True, kw_only=True, tag="linking.filers_found.v1"):
    """As whom the account may file at the court now, by role; at least one."""

    account_id: UUID
    court_id: CourtId
    filers: tuple[Filer, ...]


FilingRefusal = Literal[
    "account_not_active",
    "email_not_verified",
    "upgrade_first",
    "not_an_individual",
    "court_not_known",
    "court_not_live",
    "not_linked",
]


class FilingRefused(Reply, frozen=True, kw_only=True, tag="linking.filing_refused.v1"):
    """The account may not file at the court now, and why; `not_linked` only if nothing else is in the way."""

    court_id: CourtId
    reason: FilingRefusal

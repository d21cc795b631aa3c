"""What is asked of `linking`, and what it announces of courts and links."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, CourtId, Event, LongText, Query, Reply, ShortText, Speaker
from shared.sealed import Sealed

FilingRole = Literal["attorney", "trustee", "us_trustee", "filing_agent", "creditor", "party", "transcriber"]
FilingLogin = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class SetGoLive(Command, frozen=True, kw_only=True, tag="linking.set_go_live.v1"):
    """Court staff set the date and time, in the court's own zone, from which only PACER logins file."""

    court_id: CourtId
    local_time: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$")]
    help_desk: ShortText | None = None


class GoLiveRefused(Reply, frozen=True, kw_only=True, tag="linking.go_live_refused.v1"):
    """The date stays as it was."""

    reason: Literal["court_not_known", "already_live", "time_does_not_exist", "in_the_past"]


class CourtChanged(Event, frozen=True, kw_only=True, tag="linking.court_changed.v1"):
    """The whole public state of a court; a copy applies only a higher version. Instants in UTC."""

    court_id: CourtId
    version: int
    name: str
    time_zone: str
    go_live_at: datetime | None
    help_desk: str
    contact_email: str


class RosterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One filing account as a court's roster file gives it, unchecked: each field is text."""

    line: int
    login: str
    name: str
    email: str
    role: str
    verifier: str
    """`scheme$hex`, as `sha256$9f86...`, or a PHC string that begins with `$argon2id$`."""


class LoadRoster(Command, frozen=True, kw_only=True, tag="linking.load_roster.v1"):
    """Court staff load filing accounts; loading the same rows again changes nothing."""

    court_id: CourtId
    rows: Annotated[tuple[RosterRow, ...], msgspec.Meta(max_length=500)]


class RosterRowRefused(msgspec.Struct, frozen=True, kw_only=True):
    """One row that was not taken: its line in the file, the field, the reason."""

    line: int
    field: str
    reason: str


class RosterLoaded(Reply, frozen=True, kw_only=True, tag="linking.roster_loaded.v1"):
    """What the rows did; each refused one is named, the others are loaded."""

    court_id: CourtId
    added: int
    changed: int
    unchanged: int
    refused: tuple[RosterRowRefused, ...] = ()


class RosterRefused(Reply, frozen=True, kw_only=True, tag="linking.roster_refused.v1"):
    """No row was loaded."""

    reason: Literal["court_not_known"]


class ProveFilingAccount(Command, frozen=True, kw_only=True, tag="linking.prove_filing_account.v1"):
    """Show that a filing account is mine, by its CM/ECF login and password (a check)."""

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


class ConfirmLink(Command, frozen=True, kw_only=True, tag="linking.confirm_link.v1"):
    """Make the link that a proof allows."""

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

    link_id: UUID
    remark: LongText = ""


class FilingAccountUnlinked(Event, frozen=True, kw_only=True, tag="linking.filing_account_unlinked.v1"):
    """A link has ended; its history stays."""

    link_id: UUID
    account_id: UUID
    court_id: CourtId
    filing_account_id: UUID
    role: FilingRole
    unlinked_at: datetime
    unlinked_by: Literal["holder", "court"]
    remark: str = ""


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


class CourtWentLive(Event, frozen=True, kw_only=True, tag="linking.court_went_live.v1"):
    """From this instant only PACER logins file at the court."""

    court_id: CourtId
    went_live_at: datetime


class AnnounceGoLive(Command, frozen=True, kw_only=True, tag="linking.announce_go_live.v1"):
    """Due work: the go-live instant that was planned has come, unless it was moved since."""

    spoken_by: ClassVar[Speaker] = "service"
    court_id: CourtId
    go_live_at: datetime


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
    """All courts and roles in which the account may file now."""

    account_id: UUID
    rights: tuple[FilingRight, ...]


class ShowCourt(Query, frozen=True, kw_only=True, tag="linking.show_court.v1"):
    """What is publicly known of a court."""

    spoken_by: ClassVar[Speaker] = "anyone"
    court_id: CourtId


class CourtShown(Reply, frozen=True, kw_only=True, tag="linking.court_shown.v1"):
    """A court's public data; `is_live` as of now."""

    court_id: CourtId
    name: str
    time_zone: str
    go_live_at: datetime | None
    is_live: bool
    help_desk: str


class CourtNotFound(Reply, frozen=True, kw_only=True, tag="linking.court_not_found.v1"):
    """No court has this id."""

    court_id: CourtId

"""Rosters: the filing accounts that a court loads, and those that it drops."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import CLEAN, Command, CourtId, Event, Query, Reply, ShortText, Speaker
from shared.messages.linking.links import FilingRole
from shared.sealed import Sealed

ROWS_A_LOAD, ROWS_A_LOAD_BY_OPERATOR, ROWS_A_PAGE = 200, 1000, 500
Count = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class RosterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A filing account as a court's roster gives it, without its verifier, unchecked: each field is text.

    `login` counts as written, capitals too. `role` may be in any case, its words joined by space, `-` or `_`.
    """

    line: int
    login: str
    name: str
    email: str
    role: str


class UnreadableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that whoever read the file could not send: on which line, which field, and why; nothing of it.

    `is_login_known`: its login stands on another line of the file too.
    """

    line: Count
    field: Annotated[str, msgspec.Meta(max_length=40, pattern=CLEAN)]
    reason: ShortText
    is_login_known: bool = False


class BeginRoster(Command, frozen=True, kw_only=True, tag="linking.begin_roster.v1"):
    """Court staff begin to load a whole roster; what was begun at the court before is at an end."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId


class BeginRosterByOperator(Command, frozen=True, kw_only=True, tag="linking.begin_roster_by_operator.v1"):
    """The operator begins to load a file that a court has handed over; `remark` says who did, and how."""

    spoken_by: ClassVar[Speaker] = "operator"
    court_id: CourtId
    remark: ShortText


class RosterBegun(Reply, frozen=True, kw_only=True, tag="linking.roster_begun.v1"):
    """Load its rows under this id, in any order, then finish it."""

    roster_id: UUID
    court_id: CourtId


class LoadRoster(Command, frozen=True, kw_only=True, tag="linking.load_roster.v1"):
    """Court staff load filing accounts (a check); loading the same rows again changes nothing.

    `verifiers` holds a JSON list of texts, one for each row in the same order: `scheme$hex` with the scheme
    `sha256`, `sha1` or `md5`, or a PHC string that begins with `$argon2id$`. They travel sealed, since a
    fast hash is as good as the password to who finds it. With a `roster_id` the rows are part of a whole
    roster, and `unreadable` are those of its file that can't be sent.
    """

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    rows: Annotated[tuple[RosterRow, ...], msgspec.Meta(max_length=ROWS_A_LOAD)]
    verifiers: Sealed
    roster_id: UUID | None = None
    unreadable: Annotated[tuple[UnreadableRow, ...], msgspec.Meta(max_length=ROWS_A_LOAD)] = ()


class LoadRosterByOperator(Command, frozen=True, kw_only=True, tag="linking.load_roster_by_operator.v1"):
    """As `LoadRoster`, of a whole roster that the operator has begun."""

    spoken_by: ClassVar[Speaker] = "operator"
    court_id: CourtId
    roster_id: UUID
    rows: Annotated[tuple[RosterRow, ...], msgspec.Meta(max_length=ROWS_A_LOAD_BY_OPERATOR)]
    verifiers: Sealed
    unreadable: Annotated[tuple[UnreadableRow, ...], msgspec.Meta(max_length=ROWS_A_LOAD_BY_OPERATOR)] = ()


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

    reason: Literal["court_not_known", "not_one_verifier_for_each_row"]


class RosterNotOpen(Reply, frozen=True, kw_only=True, tag="linking.roster_not_open.v1"):
    """This court has begun no such roster, or it is at an end; nothing has changed."""

    roster_id: UUID
    reason: Literal["not_found", "finished", "replaced"]


class RosterBusy(Reply, frozen=True, kw_only=True, tag="linking.roster_busy.v1"):
    """As many rosters as may be are being loaded at this moment: no row was loaded, send the same again."""

    retry_after_seconds: int


class FinishRoster(Command, frozen=True, kw_only=True, tag="linking.finish_roster.v1"):
    """Court staff say that the whole file of so many rows was sent: whom it doesn't name any more is gone.

    `is_large_removal_meant`: also if that are more than a policy lets go unasked.
    """

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    roster_id: UUID
    row_count: Count
    is_large_removal_meant: bool = False


class FinishRosterByOperator(Command, frozen=True, kw_only=True, tag="linking.finish_roster_by_operator.v1"):
    """As `FinishRoster`, of a roster that the operator has begun."""

    spoken_by: ClassVar[Speaker] = "operator"
    court_id: CourtId
    roster_id: UUID
    row_count: Count
    is_large_removal_meant: bool = False


class RosterNotFinished(Reply, frozen=True, kw_only=True, tag="linking.roster_not_finished.v1"):
    """The roster stays open and nobody is marked as gone."""

    roster_id: UUID
    reason: Literal["no_rows", "rows_missing", "too_many_gone"]
    rows_seen: int
    would_be_gone: int


class RosterCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows seen so far. `wrapped`: fast hashes that were wrapped in argon2id.

    `unnamed`: refused ones of which not even the login is known, so that whose rows they are isn't, either.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    unnamed: int = 0
    wrapped: int = 0


class RosterFinished(Event, frozen=True, kw_only=True, tag="linking.roster_finished.v1"):
    """A court's whole roster was loaded. `gone` are filing accounts that it named before and doesn't now.

    With rows that are `unnamed` nobody is marked as gone. Without `actor_account_id` it was the operator.
    """

    roster_id: UUID
    court_id: CourtId
    counts: RosterCounts
    gone: int
    gone_while_linked: int
    finished_at: datetime
    actor_account_id: UUID | None = None
    remark: str = ""


class FilingAccountGone(Event, frozen=True, kw_only=True, tag="linking.filing_account_gone.v1"):
    """The court's roster names a linked filing account no more: its link stays, but it files nothing now."""

    link_id: UUID
    account_id: UUID
    court_id: CourtId
    filing_account_id: UUID
    role: FilingRole
    gone_at: datetime
    actor_account_id: UUID | None = None


class FilingAccountReturned(Event, frozen=True, kw_only=True, tag="linking.filing_account_returned.v1"):
    """The court's roster names a linked filing account again: its holder may file with it as before."""

    link_id: UUID
    account_id: UUID
    court_id: CourtId
    filing_account_id: UUID
    role: FilingRole
    returned_at: datetime
    actor_account_id: UUID | None = None


class RosterProgress(Query, frozen=True, kw_only=True, tag="linking.roster_progress.v1"):
    """Court staff ask how far a roster is."""

    court_id: CourtId
    roster_id: UUID


class RosterShown(Reply, frozen=True, kw_only=True, tag="linking.roster_shown.v1"):
    """How far a roster is; `gone` once it is finished."""

    roster_id: UUID
    court_id: CourtId
    state: Literal["open", "finished", "replaced"]
    begun_at: datetime
    counts: RosterCounts
    gone: int | None


class RosterRefusals(Query, frozen=True, kw_only=True, tag="linking.roster_refusals.v1"):
    """Court staff ask which rows of their newest roster were refused, from the line after this one."""

    court_id: CourtId
    roster_id: UUID
    after_line: Count = 0


class RosterRefusalPage(Reply, frozen=True, kw_only=True, tag="linking.roster_refusal_page.v1"):
    """A page of refused rows, by line."""

    roster_id: UUID
    refused: tuple[RosterRowRefused, ...]
    has_more: bool

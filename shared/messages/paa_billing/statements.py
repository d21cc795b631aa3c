"""The close of a quarter and the statements that come of it."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, Event, Query, Reply, Speaker
from shared.messages.paa_billing.values import Quarter


class CloseQuarter(Command, frozen=True, kw_only=True, tag="paa_billing.close_quarter.v1"):
    """Close a quarter that is over and issue its statements; said again, its parked payers are taken up."""

    spoken_by: ClassVar[Speaker] = "operator"
    quarter: Quarter


class QuarterClosing(Reply, frozen=True, kw_only=True, tag="paa_billing.quarter_closing.v1"):
    """The cut-off stands; settling, sealing and issuing go on in the background."""

    quarter: Quarter
    cut_off_at: datetime


class QuarterRefused(Reply, frozen=True, kw_only=True, tag="paa_billing.quarter_refused.v1"):
    """The quarter stays as it was.

    `schedule_effective_on` names the fee schedule whose waiver is yearly: such a quarter can be priced only.
    """

    quarter: Quarter
    reason: Literal[
        "not_over", "nothing_known", "an_earlier_one_is_open", "no_schedule_in_force", "yearly_waiver"
    ]
    schedule_effective_on: date | None = None


class ShowClose(Query, frozen=True, kw_only=True, tag="paa_billing.show_close.v1"):
    """How far is a quarter's close?"""

    spoken_by: ClassVar[Speaker] = "operator"
    quarter: Quarter


class CloseShown(Reply, frozen=True, kw_only=True, tag="paa_billing.close_shown.v1"):
    """A quarter's state and how many payers stand at each stage."""

    quarter: Quarter
    state: Literal["open", "closing", "settled", "sealed", "closed"]
    payers: int
    settled: int
    sealed: int
    issued: int
    parked: int


class StatementIssued(Event, frozen=True, kw_only=True, tag="paa_billing.statement_issued.v1"):
    """A payer's statement for a quarter exists, immutable (mail to the payer alone).

    Statements are numbered 1, 2, 3 without gaps; `total_cents` is what the quarter's uses are charged.
    """

    statement_id: UUID
    number: int
    kind: Literal["invoice", "statement_of_account"]
    payer_id: UUID
    quarter: Quarter
    total_cents: int
    due_cents: int
    due_on: date | None
    sha256: str
    recipient_ids: tuple[UUID, ...]


class MyStatements(Query, frozen=True, kw_only=True, tag="paa_billing.my_statements.v1"):
    """The statements of the asker, or of the firm that the asker administers.

    A firm is told of no files here: who downloads them looks at its members' uses (`MyStatementFiles`).
    """


class MyStatementFiles(Query, frozen=True, kw_only=True, tag="paa_billing.my_statement_files.v1"):
    """Where do the files of a statement lie, mine or my firm's? A firm's look is recorded (a check)."""

    statement_id: UUID


class StatementFile(msgspec.Struct, frozen=True, kw_only=True):
    """Where a statement's file lies in the object store, and its SHA-256."""

    form: Literal["json", "csv", "pdf"]
    key: str
    sha256: str


class StatementShown(msgspec.Struct, frozen=True, kw_only=True):
    """One statement; its files appear as they are made, shortly after issue.

    `total_cents` is what the quarter's uses are charged, `due_cents` what was to be paid at issue, older
    debts included; `open_cents` is what is unpaid of this quarter's own fees now: money pays the oldest
    first.
    """

    statement_id: UUID
    number: int
    kind: Literal["invoice", "statement_of_account"]
    payer_id: UUID
    payer_name: str
    quarter: Quarter
    total_cents: int
    waived_cents: int
    credited_cents: int = 0
    """What of the charges was met by credit: what was paid beforehand, or too much."""
    due_cents: int
    open_cents: int = 0
    due_on: date | None
    issued_at: datetime
    files: tuple[StatementFile, ...]


class StatementList(Reply, frozen=True, kw_only=True, tag="paa_billing.statement_list.v1"):
    """All statements, newest first."""

    statements: tuple[StatementShown, ...]


class StatementFiles(Reply, frozen=True, kw_only=True, tag="paa_billing.statement_files.v1"):
    """The files of a statement; none while they aren't made, nor of a statement that isn't the asker's."""

    files: tuple[StatementFile, ...]

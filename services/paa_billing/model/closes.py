"""A quarter's close on its way: what it was begun with, and where each payer stands."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.paa_billing.model.quarters import Quarter
from services.paa_billing.model.settlements import CourtTotal, PayerKind, Settlement
from shared.money import Cents

NOTHING = Cents(0)
QuarterState = Literal["open", "closing", "settled", "sealed", "closed"]
Stage = Literal["listed", "settled", "sealed", "issued"]
ParkReason = Literal[
    "courts_and_people_disagree",
    "lines_and_settlement_disagree",
    "balances_disagree",
    "earlier_statement_missing",
    "statement_not_verified",
    "account_not_known",
    "failed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A close that was begun; `policies` are those of its beginning, encoded, for all of its statements."""

    quarter: Quarter
    state: QuarterState
    command_id: UUID
    correlation_id: UUID
    cut_off_at: datetime
    waiver_schedule_on: date
    policies: bytes
    listed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingPayer:
    """A payer on the way to a statement; from `settled` on with what the quarter comes to.

    Each time that a parked payer is taken up again is another attempt.
    """

    payer_id: UUID
    payer_kind: PayerKind
    attempt: int = 0
    settlement: Settlement | None = None
    carried_cents: Cents = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A payer set aside alone, because two figures that must be equal aren't, or a step fails each time.

    Only this attempt is set aside: who was taken up anew meanwhile goes on.
    """

    payer_id: UUID
    attempt: int
    reason: ParkReason
    expected: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterSums:
    """What one payer's lines of a quarter come to, once by court and once by person charged."""

    line_count: int = 0
    courts: tuple[CourtTotal, ...] = ()
    people: tuple[tuple[UUID, Cents], ...] = ()

    def with_court(self, court: CourtTotal, line_count: int) -> "QuarterSums":
        """The sums with one more court."""
        return replace(self, courts=(*self.courts, court), line_count=self.line_count + line_count)

    def with_person(self, account_id: UUID, charged_cents: Cents) -> "QuarterSums":
        """The sums with one more person."""
        return replace(self, people=(*self.people, (account_id, charged_cents)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerBalances:
    """What the ledger says of a payer before a quarter's fees, and what the last statement said.

    `carried_cents` is the balance of all earlier quarters, `before_cents` has this quarter's payments and
    corrections too.
    """

    carried_cents: Cents
    before_cents: Cents
    stated_cents: Cents
    is_earlier_unissued: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseProgress:
    """How many payers of a quarter have reached each stage."""

    state: QuarterState
    payers: int
    settled: int
    sealed: int
    issued: int
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerNamed:
    """How a payer is called on a statement; a firm by its first administrator's account number."""

    account_number: str
    name: str

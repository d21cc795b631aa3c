"""What a quarter comes to for one payer, and why a payer can't be settled."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from services.paa_billing.model.quarters import Quarter
from shared.money import Cents

PayerKind = Literal["person", "paa"]
WaiverSubject = Literal["payer", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtTotal:
    """One court's part of what a payer's lines of a quarter come to."""

    court_id: str
    gross_cents: Cents
    exempt_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTotal:
    """One person's charges billed in a quarter: to the payer in question, and to all payers together."""

    account_id: UUID
    charged_cents: Cents
    charged_to_all_payers_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerTotals:
    """What a payer's lines billed in a quarter come to, once by court and once by person."""

    payer_id: UUID
    payer_kind: PayerKind
    quarter: Quarter
    line_count: int
    courts: tuple[CourtTotal, ...]
    people: tuple[PersonTotal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One look at the waiver: what was held against the limit, and what was given up for it.

    `account_id` names the person whose threshold it was; None is the threshold of a PAA as a whole.
    """

    account_id: UUID | None
    charged_cents: Cents
    looked_at_cents: Cents
    limit_cents: Cents
    waived_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a quarter comes to for one payer.

    Every cent is exempt, waived, credited or due: `gross = exempt + waived + credited + newly_due`.
    `balance_before_cents` is what the payer owed just before (negative: a credit), corrections and payments
    since the last statement included.
    """

    payer_id: UUID
    payer_kind: PayerKind
    quarter: Quarter
    line_count: int
    courts: tuple[CourtTotal, ...]
    waivers: tuple[Waiver, ...]
    waiver_schedule_on: date
    balance_before_cents: Cents

    @property
    def gross_cents(self) -> Cents:
        return Cents(sum(court.gross_cents for court in self.courts))

    @property
    def exempt_cents(self) -> Cents:
        return Cents(sum(court.exempt_cents for court in self.courts))

    @property
    def charged_cents(self) -> Cents:
        return Cents(self.gross_cents - self.exempt_cents)

    @property
    def waived_cents(self) -> Cents:
        return Cents(sum(waiver.waived_cents for waiver in self.waivers))

    @property
    def billed_cents(self) -> Cents:
        """The new fees: charged and not waived."""
        return Cents(self.charged_cents - self.waived_cents)

    @property
    def credited_cents(self) -> Cents:
        """The part of the new fees that an earlier credit pays."""
        return Cents(min(self.billed_cents, max(-self.balance_before_cents, 0)))

    @property
    def newly_due_cents(self) -> Cents:
        """The part of the new fees that no credit pays."""
        return Cents(self.billed_cents - self.credited_cents)

    @property
    def balance_cents(self) -> Cents:
        """What the payer owes after it, older debts included; negative: a credit."""
        return Cents(self.balance_before_cents + self.billed_cents)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRefused:
    """This payer's sums don't agree to the cent; the payer is set aside alone, nothing is posted."""

    payer_id: UUID
    reason: Literal["courts_and_people_disagree", "lines_and_settlement_disagree", "balances_disagree"]
    expected_cents: Cents
    found_cents: Cents

"""Uses, what they cost and by which schedule, and the lines that they become."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from services.paa_billing.model.quarters import Quarter
from shared.money import Cents

UsageKind = Literal[
    "document",
    "docket_report",
    "case_report",
    "list_of_creditors",
    "claims_register",
    "transcript",
    "name_search",
    "non_case_report",
    "case_locator",
    "audio",
    "opinion",
    "free_look",
    "courthouse_terminal",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """What a use costs from a date on; it never changes once a usage was priced by it."""

    effective_on: date
    page_cents: Cents
    document_cap_pages: int
    audio_file_cents: Cents | None
    waiver_cents: Cents
    waiver_period: Literal["quarter", "year"]
    note: str = ""


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The part of a reported use that its price depends on: its kind, and its size in one measure."""

    kind: UsageKind
    page_count: int | None = None
    byte_count: int | None = None
    record_count: int | None = None


class Price(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one use costs; `reasons` names the pricing rules that led to it, in order."""

    gross_cents: Cents
    exempt_cents: Cents
    reasons: tuple[str, ...]

    @property
    def charged_cents(self) -> Cents:
        """What counts towards the waiver and may become due."""
        return Cents(self.gross_cents - self.exempt_cents)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPriced:
    """A use that no price can be given to, and the field that is to blame: the caller quarantines it."""

    reason: Literal[
        "kind_not_in_schedule", "size_missing", "size_given_twice", "size_not_of_this_kind", "size_too_small"
    ]
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A person's freedom from charges: at one court or all, for a time, perhaps only when claimed.

    A CJA exemption must be claimed on each use (the person switches it on at login); others need no claim.
    """

    id: UUID
    account_id: UUID
    court_id: str | None
    starts_at: datetime
    ends_at: datetime | None
    must_be_claimed: bool
    reason: str


class UsageLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A usage once priced, with its payer, its quarter of use and the quarter that it is billed in."""

    court_id: str
    usage_id: str
    account_id: UUID
    payer_id: UUID
    used_at: datetime
    kind: UsageKind
    page_count: int | None
    byte_count: int | None
    record_count: int | None
    description: str
    case_number: str | None
    client_code: str | None
    schedule_effective_on: date
    gross_cents: Cents
    exempt_cents: Cents
    exemption_id: UUID | None
    reasons: tuple[str, ...]
    used_quarter: Quarter
    billed_quarter: Quarter

    @property
    def usage(self) -> Usage:
        """The part of it that the price depends on."""
        return Usage(
            kind=self.kind,
            page_count=self.page_count,
            byte_count=self.byte_count,
            record_count=self.record_count,
        )

    @property
    def charged_cents(self) -> Cents:
        """What counts towards the waiver and may become due."""
        return Cents(self.gross_cents - self.exempt_cents)

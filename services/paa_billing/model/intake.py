"""A reported use on its way into the books, and why one doesn't get there.

What is made for each use is a msgspec struct, which the garbage collector needn't look at: a frozen dataclass
takes ten times as long to make.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from services.paa_billing.model.firms import AccountOfUse, Membership
from services.paa_billing.model.quarters import Quarter
from services.paa_billing.model.usage import Exemption, FeeSchedule, NotPriced, Price, UsageKind

Size = tuple[UsageKind, int | None, int | None, int | None]
"""Kind, pages, bytes, records: all of a use that its price depends on."""


class ReportedUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A record that is well formed: its checked values, its own bytes, the digest of its content."""

    position: int
    batch_id: UUID
    raw: bytes
    digest: bytes
    usage_id: str
    account_number: str
    used_at: datetime
    kind: UsageKind
    page_count: int | None
    byte_count: int | None
    record_count: int | None
    description: str
    case_number: str
    client_code: str
    is_exemption_claimed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbookable:
    """A record that can't be booked: the field to blame and the reason; `usage_id` if it is readable."""

    position: int
    batch_id: UUID
    raw: bytes
    usage_id: str | None
    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a court has reported at once, record by record as it was read."""

    court_id: str
    read: Sequence[ReportedUse | Unbookable]


class BusinessDay(msgspec.Struct, frozen=True, kw_only=True):
    """What is equal for all uses of one day of the business calendar; before the first schedule, none.

    `prices` are those found so far, without exemption: few sizes make up most of the uses.
    """

    schedule: FeeSchedule | None
    quarter: Quarter
    prices: dict[Size, Price | NotPriced] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingFacts:
    """What the price of a use, and who pays for it, depend on beside the record.

    Accounts by number; exemptions and memberships by account; the business days seen so far by their date.
    """

    zone: ZoneInfo
    schedules: tuple[FeeSchedule, ...]
    accounts: Mapping[str, AccountOfUse]
    exemptions: Mapping[UUID, tuple[Exemption, ...]]
    memberships: Mapping[UUID, tuple[Membership, ...]]
    days: dict[date, BusinessDay] = field(default_factory=dict)


class PricedUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A use with its price and payer; `paa_id` is None where the person pays."""

    use: ReportedUse
    account_id: UUID
    paa_id: UUID | None
    schedule_effective_on: date
    price: Price
    exemption_id: UUID | None
    used_quarter: Quarter


class BookedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A priced use that becomes a line: the line's id, its court, and the quarter it is billed in."""

    id: UUID
    court_id: str
    priced: PricedUse
    billed_quarter: Quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What became of a batch."""

    booked: int = 0
    duplicate: int = 0
    waiting: int = 0
    unbookable: tuple[Unbookable, ...] = ()


@dataclass(slots=True, kw_only=True)
class Sorted:
    """The uses of one report: those with a price, those whose account isn't known, and the others."""

    court_id: str
    priced: list[PricedUse] = field(default_factory=list)
    waiting: list[ReportedUse] = field(default_factory=list)
    duplicates: int = 0
    unbookable: list[Unbookable] = field(default_factory=list)

    @property
    def taken(self) -> dict[str, bytes]:
        """The digests of those that take their ids."""
        taking = chain((priced.use for priced in self.priced), self.waiting)
        return {use.usage_id: use.digest for use in taking}

    @property
    def booking(self) -> Booking:
        """What became of the report, once all is kept."""
        return Booking(
            booked=len(self.priced),
            duplicate=self.duplicates,
            waiting=len(self.waiting),
            unbookable=tuple(sorted(self.unbookable, key=lambda each: each.position)),
        )

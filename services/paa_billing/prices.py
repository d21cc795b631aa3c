"""What one use costs, which fee schedule says so, and up to what amount a quarter is waived."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal
from uuid import UUID

import msgspec

from services.paa_billing.model import Exemption, FeeSchedule, NotPriced, Price, Usage, UsageKind, in_zone
from shared.money import Cents

BYTES_PER_PAGE = 4_320
RECORDS_PER_PAGE = 54

SizeField = Literal["page_count", "byte_count", "record_count"]


@dataclass(frozen=True, slots=True)
class Paged:
    """How a kind that is paid by the page is counted."""

    sizes: tuple[SizeField, ...]
    is_capped: bool = False
    is_search: bool = False


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """The billable pages of a use, before any cap, and the rules that counted them."""

    count: int
    reasons: tuple[str, ...] = ()


FREE: frozenset[UsageKind] = frozenset({"opinion", "free_look", "courthouse_terminal"})
PAGED: dict[UsageKind, Paged] = {
    "document": Paged(("page_count",), is_capped=True),
    "docket_report": Paged(("page_count", "byte_count"), is_capped=True),
    "case_report": Paged(("page_count", "byte_count"), is_capped=True),
    "list_of_creditors": Paged(("page_count", "byte_count"), is_capped=True),
    "claims_register": Paged(("page_count", "byte_count"), is_capped=True),
    "transcript": Paged(("page_count",)),
    "name_search": Paged(("page_count", "byte_count"), is_search=True),
    "non_case_report": Paged(("page_count", "byte_count")),
    "case_locator": Paged(("page_count", "record_count"), is_search=True),
}
UNITS: dict[SizeField, tuple[int, tuple[str, ...]]] = {
    "page_count": (1, ()),
    "byte_count": (BYTES_PER_PAGE, ("bytes_as_pages",)),
    "record_count": (RECORDS_PER_PAGE, ("records_as_pages",)),
}


def price(usage: Usage, schedule: FeeSchedule, exemption: UUID | None = None) -> Price | NotPriced:
    """What a use costs under a schedule; `exemption` is the id of the exemption in force for it, if any.

    Source: the Electronic Public Access Fee Schedule and its policy notes. A started page counts as a page.
    """
    gross = _gross(usage, schedule)
    if isinstance(gross, NotPriced) or exemption is None or gross.gross_cents == 0:
        return gross
    cents = gross.gross_cents
    return Price(gross_cents=cents, exempt_cents=cents, reasons=(*gross.reasons, "exempt"))


def count_pages(usage: Usage) -> Pages | NotPriced | None:
    """The billable pages of a use before any cap; None for a kind that isn't paid by the page."""
    paged = PAGED.get(usage.kind)
    return None if paged is None else _count(usage, paged)


def schedule_in_force(
    schedules: Iterable[FeeSchedule], instant: datetime, business_zone: tzinfo
) -> FeeSchedule | None:
    """The schedule by which a use at this instant is priced; None before the first."""
    today = in_zone(instant, business_zone).date()
    begun = (schedule for schedule in schedules if schedule.effective_on <= today)
    return max(begun, key=lambda schedule: schedule.effective_on, default=None)


def exemption_in_force(
    exemptions: Iterable[Exemption], *, account_id: UUID, court_id: str, at: datetime, is_claimed: bool
) -> Exemption | None:
    """The exemption under which a use is free of charge; of several the oldest, so that the answer is one."""
    applying = (
        exemption
        for exemption in exemptions
        if exemption.account_id == account_id
        and exemption.court_id in (None, court_id)
        and exemption.starts_at <= at
        and (exemption.ends_at is None or at < exemption.ends_at)
        and (is_claimed or not exemption.must_be_claimed)
    )
    return min(applying, key=lambda exemption: (exemption.starts_at, exemption.id), default=None)


def is_waived(charged_cents: Cents, schedule: FeeSchedule) -> bool:
    """Does a quarter with these charges cost nothing? A cliff: with one cent over the amount all is due.

    Under a yearly waiver no quarter has an answer; asking for one is a ValueError.
    """
    if schedule.waiver_period != "quarter":
        raise ValueError("a yearly waiver can't be looked at by the quarter")
    return charged_cents <= schedule.waiver_cents


def _gross(usage: Usage, schedule: FeeSchedule) -> Price | NotPriced:
    if usage.kind in FREE:
        return Price(gross_cents=Cents(0), exempt_cents=Cents(0), reasons=("free_kind",))
    if usage.kind == "audio":
        if schedule.audio_file_cents is None:
            return NotPriced(reason="kind_not_in_schedule", field="kind")
        return Price(gross_cents=schedule.audio_file_cents, exempt_cents=Cents(0), reasons=("per_file",))
    paged = PAGED[usage.kind]
    pages = _count(usage, paged)
    return pages if isinstance(pages, NotPriced) else _by_the_page(pages, paged, schedule)


def _by_the_page(pages: Pages, paged: Paged, schedule: FeeSchedule) -> Price:
    count, cap, reasons = pages.count, schedule.document_cap_pages, (*pages.reasons, "per_page")
    if paged.is_capped and count > cap:
        count, reasons = cap, (*reasons, f"capped_at_{cap}_pages")
    return Price(gross_cents=Cents(count * schedule.page_cents), exempt_cents=Cents(0), reasons=reasons)


def _count(usage: Usage, paged: Paged) -> Pages | NotPriced:
    size = _size_of(usage, paged)
    if isinstance(size, NotPriced):
        return size
    field, amount = size
    if amount == 0 and paged.is_search:
        return Pages(count=1, reasons=("empty_search_is_one_page",))
    if amount <= 0:
        return NotPriced(reason="size_too_small", field=field)
    per_page, reasons = UNITS[field]
    return Pages(count=-(-amount // per_page), reasons=reasons)


def _size_of(usage: Usage, paged: Paged) -> tuple[SizeField, int] | NotPriced:
    sizes: dict[SizeField, int | None] = {
        "page_count": usage.page_count,
        "byte_count": usage.byte_count,
        "record_count": usage.record_count,
    }
    given = [(field, amount) for field, amount in sizes.items() if amount is not None]
    if not given:
        return NotPriced(reason="size_missing", field=paged.sizes[0])
    if len(given) > 1:
        return NotPriced(reason="size_given_twice", field=given[1][0])
    if given[0][0] not in paged.sizes:
        return NotPriced(reason="size_not_of_this_kind", field=given[0][0])
    return given[0]

"""What a reported use costs, who pays for it, and in which quarter it is billed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.paa_billing.model import Exemption, FeeSchedule, NotPriced, Price, Quarter, Usage, in_zone
from services.paa_billing.model.firms import Membership
from services.paa_billing.model.intake import (
    BillingFacts,
    BusinessDay,
    PricedUse,
    ReportedUse,
    Sorted,
    Unbookable,
)
from services.paa_billing.prices import exemption_in_force, price, schedule_in_force

REPORTED_FIELDS = {"page_count": "pages", "byte_count": "bytes", "record_count": "records"}
"""How the record calls what the price calls otherwise."""


def sort_out(
    uses: Iterable[ReportedUse], kept: Mapping[str, bytes], court_id: str, facts: BillingFacts
) -> Sorted:
    """What becomes of a court's uses: one whose id is taken is a duplicate, or in conflict.

    `kept` holds the digests of the ids that are taken already. Of two in one batch the first counts that gets
    a price or waits; what is refused takes no id, so that a court can report it again, corrected.
    """
    taken = dict(kept)
    found = Sorted(court_id=court_id)
    for use in uses:
        digest = taken.get(use.usage_id)
        if digest is not None and digest == use.digest:
            found.duplicates += 1
        elif digest is not None:
            found.unbookable.append(refuse_use(use, "usage_id", "id_used_for_another_use"))
        elif use.account_number not in facts.accounts:
            taken[use.usage_id] = use.digest
            found.waiting.append(use)
        else:
            outcome = price_use(use, court_id, facts, _business_day(use, facts))
            if isinstance(outcome, PricedUse):
                taken[use.usage_id] = use.digest
                found.priced.append(outcome)
            else:
                found.unbookable.append(outcome)
    return found


def _business_day(use: ReportedUse, facts: BillingFacts) -> BusinessDay:
    today = in_zone(use.used_at, facts.zone).date()
    day = facts.days.get(today)
    if day is None:
        day = facts.days[today] = BusinessDay(
            schedule=schedule_in_force(facts.schedules, use.used_at, facts.zone),
            quarter=Quarter.of(use.used_at, facts.zone),
        )
    return day


def price_use(
    use: ReportedUse, court_id: str, facts: BillingFacts, day: BusinessDay
) -> PricedUse | Unbookable:
    """The price and payer of a use of a known account."""
    account = facts.accounts[use.account_number]
    if account.kind != "individual":
        return refuse_use(use, "account_number", "not_an_individual")
    schedule = day.schedule
    if schedule is None:
        return refuse_use(use, "used_at", "no_schedule_in_force")
    exemption = _exemption_of(use, account.account_id, court_id, facts)
    cost = _cost_of(use, schedule, day) if exemption is None else price(_size_of(use), schedule, exemption.id)
    if isinstance(cost, NotPriced):
        return refuse_use(use, REPORTED_FIELDS.get(cost.field, cost.field), cost.reason)
    return PricedUse(
        use=use,
        account_id=account.account_id,
        paa_id=who_pays(facts.memberships.get(account.account_id, ()), use.used_at),
        schedule_effective_on=schedule.effective_on,
        price=cost,
        exemption_id=exemption.id if exemption is not None and cost.exempt_cents > 0 else None,
        used_quarter=day.quarter,
    )


def _cost_of(use: ReportedUse, schedule: FeeSchedule, day: BusinessDay) -> Price | NotPriced:
    """What a use costs that isn't exempt."""
    size = (use.kind, use.page_count, use.byte_count, use.record_count)
    cost = day.prices.get(size)
    if cost is None:
        cost = day.prices[size] = price(_size_of(use), schedule)
    return cost


def _exemption_of(use: ReportedUse, account_id: UUID, court_id: str, facts: BillingFacts) -> Exemption | None:
    granted = facts.exemptions.get(account_id)
    if granted is None:
        return None
    return exemption_in_force(
        granted,
        account_id=account_id,
        court_id=court_id,
        at=use.used_at,
        is_claimed=use.is_exemption_claimed,
    )


def who_pays(memberships: Sequence[Membership], used_at: datetime) -> UUID | None:
    """The firm that pays for a use at this instant; None: the person."""
    return next((each.paa_id for each in memberships if each.holds_at(used_at)), None)


def billed_in(used_quarter: Quarter, open_quarters: Sequence[Quarter]) -> Quarter:
    """The quarter of use while that is open, else the oldest open one."""
    return used_quarter if used_quarter in open_quarters else min(open_quarters)


def quarters_to_begin(latest: Quarter | None, needed: Quarter) -> list[Quarter]:
    """The quarters between the last one begun and the one that is needed now, that one too."""
    if latest is None:
        return [needed]
    begun: list[Quarter] = []
    while latest < needed:
        latest = latest.following
        begun.append(latest)
    return begun


def refuse_use(use: ReportedUse, field: str, reason: str) -> Unbookable:
    """A well formed use that can't be booked for all that."""
    return Unbookable(
        position=use.position,
        batch_id=use.batch_id,
        raw=use.raw,
        usage_id=use.usage_id,
        field=field,
        reason=reason,
    )


def _size_of(use: ReportedUse) -> Usage:
    return Usage(
        kind=use.kind,
        page_count=use.page_count,
        byte_count=use.byte_count,
        record_count=use.record_count,
    )

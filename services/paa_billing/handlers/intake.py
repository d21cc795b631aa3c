"""Books reported uses: prices them, decides who pays, and keeps each once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from services.paa_billing.handlers.books import begin_quarters, hold_business_zone, hold_open_quarters
from services.paa_billing.model import Exemption, Quarter
from services.paa_billing.model.firms import Membership
from services.paa_billing.model.intake import (
    BillingFacts,
    BookedLine,
    Booking,
    PricedUse,
    Report,
    ReportedUse,
    Unbookable,
)
from services.paa_billing.rules.booking import billed_in, price_uses, sort_out
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts, memberships, schedules, unbooked, usage
from shared.errors import NotYetKnownError
from shared.messaging.unit_of_work import UnitOfWork

OfAccount = TypeVar("OfAccount", Exemption, Membership)


@dataclass(kw_only=True)
class Sorted:
    """The uses of one report, and what is known of them by now."""

    court_id: str
    fresh: list[ReportedUse]
    duplicates: list[ReportedUse]
    unbookable: list[Unbookable]
    priced: list[PricedUse] = field(default_factory=list)
    unknown: list[ReportedUse] = field(default_factory=list)
    late: list[ReportedUse] = field(default_factory=list)

    @property
    def booking(self) -> Booking:
        """What became of the report, once all is kept."""
        return Booking(
            booked=len(self.priced),
            duplicate=len(self.duplicates),
            waiting=len(self.unknown),
            unbookable=tuple(sorted(self.unbookable, key=lambda each: each.position)),
        )


async def book(work: UnitOfWork[Resources], reports: Sequence[Report]) -> list[Booking]:
    """Book the uses of all reports in one pass and keep what can't be booked, all in this transaction."""
    sorting = await _sort_out(work, reports)
    fresh = [use for each in sorting for use in each.fresh]
    facts = await _gather_facts(work, fresh)
    for each in sorting:
        _price(each, facts)
    await _keep_lines(work, sorting)
    await _keep_waiting(work, sorting)
    await _settle_late(work, sorting)
    for court_id in sorted({each.court_id for each in sorting}):
        of_court = [u for each in sorting if each.court_id == court_id for u in each.unbookable]
        await quarantine(work, court_id, of_court)
    return [each.booking for each in sorting]


async def quarantine(work: UnitOfWork[Resources], court_id: str, records: Sequence[Unbookable]) -> None:
    """Keep records that can't be booked, bytes and all, for PSC."""
    if records:
        rows = [(work.new_id(), each) for each in records]
        await unbooked.insert_quarantined(work.connection, court_id, rows, work.now)


async def _sort_out(work: UnitOfWork[Resources], reports: Sequence[Report]) -> list[Sorted]:
    """New uses, duplicates and conflicts; of two reports in one pass the first counts."""
    uses = [[each for each in report.read if isinstance(each, ReportedUse)] for report in reports]
    kept = await usage.find_digests(
        work.connection,
        [
            (report.court_id, use.usage_id)
            for report, of_report in zip(reports, uses, strict=True)
            for use in of_report
        ],
    )
    sorting: list[Sorted] = []
    for report, of_report in zip(reports, uses, strict=True):
        of_court = kept[report.court_id]
        fresh, duplicates, conflicts = sort_out(of_report, of_court)
        of_court.update((use.usage_id, use.digest) for use in fresh)
        unreadable = [each for each in report.read if isinstance(each, Unbookable)]
        sorting.append(
            Sorted(
                court_id=report.court_id,
                fresh=fresh,
                duplicates=duplicates,
                unbookable=[*unreadable, *conflicts],
            )
        )
    return sorting


def _price(sorting: Sorted, facts: BillingFacts) -> None:
    known = [use for use in sorting.fresh if use.account_number in facts.accounts]
    sorting.unknown = [use for use in sorting.fresh if use.account_number not in facts.accounts]
    sorting.priced, refused = price_uses(known, sorting.court_id, facts)
    sorting.unbookable += refused


async def _gather_facts(work: UnitOfWork[Resources], uses: Sequence[ReportedUse]) -> BillingFacts:
    known = await accounts.share_accounts(work.connection, sorted({use.account_number for use in uses}))
    account_ids = [account.account_id for account in known.values()]
    membered = await memberships.list_memberships(work.connection, account_ids)
    exempted = await schedules.list_exemptions(work.connection, account_ids)
    return BillingFacts(
        zone=work.resources.policies.zone,
        schedules=await schedules.list_schedules(work.connection),
        accounts=known,
        exemptions=_by_account(exempted),
        memberships=_by_account(membered),
    )


def _by_account(found: Iterable[OfAccount]) -> Mapping[UUID, tuple[OfAccount, ...]]:
    by_account: dict[UUID, list[OfAccount]] = defaultdict(list)
    for each in found:
        by_account[each.account_id].append(each)
    return {account_id: tuple(each) for account_id, each in by_account.items()}


async def _keep_lines(work: UnitOfWork[Resources], sorting: Sequence[Sorted]) -> None:
    """Fix each line's quarter and keep those whose id is free."""
    priced = [use for each in sorting for use in each.priced]
    if not priced:
        return
    await hold_business_zone(work)
    present = Quarter.of(work.now, work.resources.policies.zone)
    await begin_quarters(work, max(present, *(use.used_quarter for use in priced)))
    open_quarters = await hold_open_quarters(work)
    if not open_quarters:
        raise NotYetKnownError("every quarter was closed just now")
    while not await usage.insert_lines(work.connection, work.now, _lines(work, sorting, open_quarters)):
        await _set_late_aside(work, sorting)


def _lines(
    work: UnitOfWork[Resources], sorting: Sequence[Sorted], open_quarters: Sequence[Quarter]
) -> list[BookedLine]:
    priced = [(each.court_id, use) for each in sorting for use in each.priced]
    return [
        BookedLine(
            id=line_id,
            court_id=court_id,
            priced=use,
            billed_quarter=billed_in(use.used_quarter, open_quarters),
        )
        for line_id, (court_id, use) in zip(work.new_ids(len(priced)), priced, strict=True)
    ]


async def _set_late_aside(work: UnitOfWork[Resources], sorting: Sequence[Sorted]) -> None:
    """Another transaction has taken some of these ids since they were looked for."""
    ids = [(each.court_id, priced.use.usage_id) for each in sorting for priced in each.priced]
    taken = await usage.find_digests(work.connection, ids)
    if not taken:
        raise NotYetKnownError("an id that was taken is free again")
    for each in sorting:
        of_court = taken.get(each.court_id, {})
        each.late += [priced.use for priced in each.priced if priced.use.usage_id in of_court]
        each.priced = [priced for priced in each.priced if priced.use.usage_id not in of_court]


async def _keep_waiting(work: UnitOfWork[Resources], sorting: Sequence[Sorted]) -> None:
    """Keep what waits for its account and whose id doesn't wait yet."""
    unknown = [(each.court_id, use) for each in sorting for use in each.unknown]
    if not unknown:
        return
    give_up_at = work.now + timedelta(days=work.resources.policies.billing.unknown_account_days)
    added = await unbooked.insert_waiting(work.connection, unknown, work.now, give_up_at)
    for each in sorting:
        each.late += [use for use in each.unknown if (each.court_id, use.usage_id) not in added]
        each.unknown = [use for use in each.unknown if (each.court_id, use.usage_id) in added]


async def _settle_late(work: UnitOfWork[Resources], sorting: Sequence[Sorted]) -> None:
    """Another transaction kept these ids while we worked: is its content the same?"""
    late = [(each.court_id, use.usage_id) for each in sorting for use in each.late]
    if not late:
        return
    kept = await usage.find_digests(work.connection, late)
    for each in sorting:
        fresh, duplicates, conflicts = sort_out(each.late, kept[each.court_id])
        if fresh:
            raise NotYetKnownError("an id that was taken is free again")
        each.duplicates += duplicates
        each.unbookable += conflicts

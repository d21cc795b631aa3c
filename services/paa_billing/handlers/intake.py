"""Books reported uses: prices them, decides who pays, and keeps each once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from services.paa_billing.handlers.books import begin_quarters, hold_business_zone, hold_open_quarters
from services.paa_billing.model import Exemption, Quarter
from services.paa_billing.model.firms import AccountOfUse, Membership
from services.paa_billing.model.intake import (
    BillingFacts,
    BookedLine,
    Booking,
    Report,
    ReportedUse,
    Sorted,
    Unbookable,
)
from services.paa_billing.rules.booking import billed_in, sort_out
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts, memberships, schedules, unbooked, usage
from services.paa_billing.store.intake import insert_uses
from shared.errors import NotYetKnownError
from shared.messaging.unit_of_work import UnitOfWork

OfAccount = TypeVar("OfAccount", Exemption, Membership)
TRIES = 5


async def book(work: UnitOfWork[Resources], reports: Sequence[Report]) -> list[Booking]:
    """Book the uses of all reports in one pass and keep what can't be booked, all in this transaction."""
    sorting = await _sort_out_and_keep(work, reports)
    for court_id in sorted({each.court_id for each in sorting}):
        of_court = [u for each in sorting if each.court_id == court_id for u in each.unbookable]
        await quarantine(work, court_id, of_court)
    return [each.booking for each in sorting]


async def quarantine(work: UnitOfWork[Resources], court_id: str, records: Sequence[Unbookable]) -> None:
    """Keep records that can't be booked, bytes and all, for PSC."""
    if records:
        rows = [(work.new_id(), each) for each in records]
        await unbooked.insert_quarantined(work.connection, court_id, rows, work.now)


async def _sort_out_and_keep(work: UnitOfWork[Resources], reports: Sequence[Report]) -> list[Sorted]:
    """Where another transaction takes an id meanwhile, all is sorted out anew: what follows depends on it."""
    for _ in range(TRIES):
        sorting = await _sort_out(work, reports)
        if await _keep(work, sorting):
            return sorting
    raise NotYetKnownError("other transactions take these ids again and again")


async def _sort_out(work: UnitOfWork[Resources], reports: Sequence[Report]) -> list[Sorted]:
    """What becomes of each use, by what is kept now; of two reports in one pass the first counts."""
    uses = [[each for each in report.read if isinstance(each, ReportedUse)] for report in reports]
    of_reports = list(zip(reports, uses, strict=True))
    ids = [(report.court_id, use.usage_id) for report, of_report in of_reports for use in of_report]
    taken = await usage.find_digests(work.connection, ids)
    new = [use for report, each in of_reports for use in each if use.usage_id not in taken[report.court_id]]
    facts = await _gather_facts(work, new)
    sorting: list[Sorted] = []
    for report, of_report in of_reports:
        found = sort_out(of_report, taken[report.court_id], report.court_id, facts)
        taken[report.court_id].update(found.taken)
        found.unbookable += [each for each in report.read if isinstance(each, Unbookable)]
        sorting.append(found)
    return sorting


async def _gather_facts(work: UnitOfWork[Resources], uses: Sequence[ReportedUse]) -> BillingFacts:
    known = await _share_accounts(work, {use.account_number for use in uses})
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


async def _share_accounts(work: UnitOfWork[Resources], numbers: set[str]) -> dict[str, AccountOfUse]:
    """The known accounts, held; what is unknown stays so until its uses wait where the account will look."""
    known = await accounts.share_accounts(work.connection, sorted(numbers))
    unknown = sorted(numbers - known.keys())
    if unknown:
        await accounts.share_numbers(work.connection, unknown)
        known |= await accounts.share_accounts(work.connection, unknown)
    return known


def _by_account(found: Iterable[OfAccount]) -> Mapping[UUID, tuple[OfAccount, ...]]:
    by_account: dict[UUID, list[OfAccount]] = defaultdict(list)
    for each in found:
        by_account[each.account_id].append(each)
    return {account_id: tuple(each) for account_id, each in by_account.items()}


async def _keep(work: UnitOfWork[Resources], sorting: Sequence[Sorted]) -> bool:
    """Keep what is priced or waits; keeps none and says no if an id isn't free any more."""
    waiting = [(each.court_id, use) for each in sorting for use in each.waiting]
    lines = await _fix_lines(work, sorting)
    if not lines and not waiting:
        return True
    give_up_at = work.now + timedelta(days=work.resources.policies.billing.unknown_account_days)
    return await insert_uses(work.connection, work.now, lines, waiting, give_up_at)


async def _fix_lines(work: UnitOfWork[Resources], sorting: Sequence[Sorted]) -> list[BookedLine]:
    """The lines of the priced uses, each in its quarter."""
    priced = [use for each in sorting for use in each.priced]
    if not priced:
        return []
    await hold_business_zone(work)
    present = Quarter.of(work.now, work.resources.policies.zone)
    await begin_quarters(work, max(present, *(use.used_quarter for use in priced)))
    open_quarters = await hold_open_quarters(work)
    if not open_quarters:
        raise NotYetKnownError("every quarter was closed just now")
    return _lines(work, sorting, open_quarters)


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

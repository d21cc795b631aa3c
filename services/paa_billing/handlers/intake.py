"""Books reported uses: prices them, decides who pays, and keeps each once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    PricedUse,
    ReportedUse,
    Unbookable,
)
from services.paa_billing.rules.booking import billed_in, price_uses, sort_out
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts, memberships, schedules, unbooked, usage
from shared.errors import NotYetKnownError
from shared.messaging.unit_of_work import UnitOfWork

OfAccount = TypeVar("OfAccount", Exemption, Membership)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How many were kept, and which ids another transaction had kept just before."""

    count: int
    late: tuple[ReportedUse, ...]


async def book(
    work: UnitOfWork[Resources], court_id: str, read: Sequence[ReportedUse | Unbookable]
) -> Booking:
    """Book one court's uses and keep what can't be booked, all in this transaction."""
    uses = [each for each in read if isinstance(each, ReportedUse)]
    before = await usage.find_digests(work.connection, court_id, [use.usage_id for use in uses])
    fresh, duplicates, conflicts = sort_out(uses, before)
    known = await accounts.share_accounts(work.connection, sorted({use.account_number for use in fresh}))
    facts = await _gather_facts(work, known)
    priced, refused = price_uses([use for use in fresh if use.account_number in known], court_id, facts)
    booked = await _keep_lines(work, court_id, priced)
    waiting = await _keep_waiting(work, court_id, [u for u in fresh if u.account_number not in known])
    more_duplicates, more_conflicts = await _compare_late(work, court_id, [*booked.late, *waiting.late])
    unbookable = [each for each in read if isinstance(each, Unbookable)]
    unbookable += [*refused, *conflicts, *more_conflicts]
    await quarantine(work, court_id, unbookable)
    return Booking(
        booked=booked.count,
        duplicate=len(duplicates) + len(more_duplicates),
        waiting=waiting.count,
        unbookable=tuple(sorted(unbookable, key=lambda each: each.position)),
    )


async def quarantine(work: UnitOfWork[Resources], court_id: str, records: Sequence[Unbookable]) -> None:
    """Keep records that can't be booked, bytes and all, for PSC."""
    if records:
        rows = [(work.new_id(), each) for each in records]
        await unbooked.insert_quarantined(work.connection, court_id, rows, work.now)


async def _gather_facts(work: UnitOfWork[Resources], known: Mapping[str, AccountOfUse]) -> BillingFacts:
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


async def _keep_lines(work: UnitOfWork[Resources], court_id: str, priced: Sequence[PricedUse]) -> Kept:
    """Fix each line's quarter and keep those whose id is free."""
    if not priced:
        return Kept(count=0, late=())
    await hold_business_zone(work)
    present = Quarter.of(work.now, work.resources.policies.zone)
    await begin_quarters(work, max(present, *(each.used_quarter for each in priced)))
    open_quarters = await hold_open_quarters(work)
    if not open_quarters:
        raise NotYetKnownError("every quarter was closed just now")
    lines = [
        BookedLine(id=line_id, priced=each, billed_quarter=billed_in(each.used_quarter, open_quarters))
        for line_id, each in zip(work.new_ids(len(priced)), priced, strict=True)
    ]
    taken = await usage.insert_lines(work.connection, court_id, work.now, lines)
    late = tuple(each.use for each in priced if each.use.usage_id in taken)
    return Kept(count=len(lines) - len(late), late=late)


async def _keep_waiting(work: UnitOfWork[Resources], court_id: str, uses: Sequence[ReportedUse]) -> Kept:
    if not uses:
        return Kept(count=0, late=())
    give_up_at = work.now + timedelta(days=work.resources.policies.billing.unknown_account_days)
    added = await unbooked.insert_waiting(work.connection, court_id, uses, work.now, give_up_at)
    return Kept(count=len(added), late=tuple(use for use in uses if use.usage_id not in added))


async def _compare_late(
    work: UnitOfWork[Resources], court_id: str, late: Sequence[ReportedUse]
) -> tuple[list[ReportedUse], list[Unbookable]]:
    """Another transaction kept these ids while we worked: is its content the same?"""
    if not late:
        return [], []
    before = await usage.find_digests(work.connection, court_id, [use.usage_id for use in late])
    fresh, duplicates, conflicts = sort_out(late, before)
    if fresh:
        raise NotYetKnownError("an id that was taken is free again")
    return duplicates, conflicts

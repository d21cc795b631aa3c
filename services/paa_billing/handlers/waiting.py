"""Uses that wait for their account: tried again when it becomes known, and hourly until they are given up."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.paa_billing.handlers.intake import book, quarantine
from services.paa_billing.model.intake import Report, ReportedUse, Unbookable
from services.paa_billing.rules.answers import settle_after_waiting
from services.paa_billing.rules.booking import refuse_use
from services.paa_billing.rules.records import read_record
from services.paa_billing.settings import Resources
from services.paa_billing.store import batches, unbooked
from services.paa_billing.store.unbooked import WaitingUse
from shared.messages.paa_billing import RetryWaitingUsage
from shared.messaging.due_work import plan
from shared.messaging.unit_of_work import UnitOfWork

AT_ONCE = 500
"""As many as a court's batch may hold: so large a transaction is known to be short."""


async def retry_waiting_usage(command: RetryWaitingUsage, work: UnitOfWork[Resources]) -> None:
    taken = await unbooked.take_bookable(work.connection, command.account_number, AT_ONCE)
    given_up = await unbooked.take_given_up(work.connection, work.now, AT_ONCE)

    reports = [
        Report(court_id=court_id, read=_read_again(uses, work)) for court_id, uses in _by_court(taken).items()
    ]
    for report, booking in zip(reports, await book(work, reports), strict=True):
        await _tell_court(work, report.court_id, booking.unbookable)
    for court_id, uses in _by_court(given_up).items():
        refused = [_given_up(each) for each in _read_again(uses, work)]
        await quarantine(work, court_id, refused)
        await _tell_court(work, court_id, refused)
    await _plan_next(command, work, has_more=AT_ONCE in (len(taken), len(given_up)))


async def plan_retry_for(work: UnitOfWork[Resources], account_number: str) -> None:
    """Try again at once what waits for an account that has become known."""
    await _plan(work, RetryWaitingUsage(account_number=account_number), occasion="known", due_at=work.now)


async def plan_hourly_retry(work: UnitOfWork[Resources]) -> None:
    """Try again, and give up what waited too long, at the next full hour."""
    due_at = work.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    await _plan(work, RetryWaitingUsage(), occasion=due_at.isoformat(), due_at=due_at)


async def _plan_next(command: RetryWaitingUsage, work: UnitOfWork[Resources], *, has_more: bool) -> None:
    if has_more:
        await _plan(work, command, occasion=f"after {work.cause.message_id}", due_at=work.now)
    elif await unbooked.is_any_waiting(work.connection):
        await plan_hourly_retry(work)


async def _plan(
    work: UnitOfWork[Resources], command: RetryWaitingUsage, occasion: str, due_at: datetime
) -> None:
    await plan(work, command, subject=command.account_number or "any", occasion=occasion, due_at=due_at)


async def _tell_court(work: UnitOfWork[Resources], court_id: str, refused: Sequence[Unbookable]) -> None:
    """On the results queue of the court, unless it reported the batch over HTTP: then it asks."""
    for settled in settle_after_waiting(court_id, refused):
        is_asked_for = await batches.add_quarantined(
            work.connection, court_id, settled.batch_id, settled.quarantined
        )
        work.emit(settled, addressee=None if is_asked_for else court_id)


def _by_court(uses: Sequence[WaitingUse]) -> dict[str, list[WaitingUse]]:
    courts: dict[str, list[WaitingUse]] = defaultdict(list)
    for use in sorted(uses, key=lambda each: (each.court_id, each.batch_id, each.position)):
        courts[use.court_id].append(use)
    return courts


def _read_again(uses: Sequence[WaitingUse], work: UnitOfWork[Resources]) -> list[ReportedUse | Unbookable]:
    ahead = timedelta(minutes=work.resources.policies.billing.usage_ahead_minutes)
    return [read_record(use.raw, use.position, use.batch_id, work.now, ahead) for use in uses]


def _given_up(read: ReportedUse | Unbookable) -> Unbookable:
    if isinstance(read, Unbookable):
        return read
    return refuse_use(read, "account_number", "account_not_known")

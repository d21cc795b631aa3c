"""Batches of usage from courts, and what a person sees of their own."""

from datetime import timedelta

from services.paa_billing.handlers.intake import book
from services.paa_billing.handlers.waiting import plan_hourly_retry
from services.paa_billing.rules.answers import settle
from services.paa_billing.rules.records import read_records
from services.paa_billing.settings import Resources
from services.paa_billing.store import lines
from shared.errors import PoisonError
from shared.messages.paa_billing import (
    LooksShown,
    MyUsage,
    RecordUsage,
    UsageList,
    WhoLooked,
)
from shared.messaging.unit_of_work import UnitOfWork

MOST_LOOKS = 200


async def record_usage(command: RecordUsage, work: UnitOfWork[Resources]) -> None:
    """The answer goes to the court's own results queue; a court speaks for itself only."""
    if command.court_id != work.cause.sender:
        raise PoisonError("the login of another court")
    ahead = timedelta(minutes=work.resources.policies.billing.usage_ahead_minutes)
    read = read_records([bytes(raw) for raw in command.records], command.batch_id, work.now, ahead)

    booking = await book(work, command.court_id, read)

    if booking.waiting:
        await plan_hourly_retry(work)
    work.emit(settle(command, booking), addressee=command.court_id)


async def my_usage(query: MyUsage, work: UnitOfWork[Resources]) -> UsageList:
    found = await lines.list_lines_of_account(
        work.connection, work.assertion.account_id, query.quarter, query.after, query.limit + 1
    )
    return UsageList(lines=tuple(found[: query.limit]), has_more=len(found) > query.limit)


async def who_looked(query: WhoLooked, work: UnitOfWork[Resources]) -> LooksShown:
    looks = await lines.list_looks(work.connection, work.assertion.account_id, MOST_LOOKS)
    return LooksShown(looks=tuple(looks))

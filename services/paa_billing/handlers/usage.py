"""Batches of usage from courts, and what a person sees of their own."""

from collections.abc import Sequence
from datetime import timedelta

from services.paa_billing.handlers.intake import book
from services.paa_billing.handlers.waiting import plan_hourly_retry
from services.paa_billing.model.intake import Report
from services.paa_billing.rules.answers import settle
from services.paa_billing.rules.records import read_records
from services.paa_billing.settings import Resources
from services.paa_billing.store import batches as reported
from services.paa_billing.store import lines
from shared.errors import BadEnvelopeError
from shared.messages.paa_billing import (
    LooksShown,
    MyUsage,
    RecordUsage,
    UsageBatchSettled,
    UsageList,
    WhoLooked,
)
from shared.messages.paa_billing.reporting import ReportUsage, UsageBatchShown, WhatBecameOfBatch
from shared.messaging.unit_of_work import UnitOfWork

MOST_LOOKS = 200


Batches = Sequence[tuple[RecordUsage, UnitOfWork[Resources]]]


async def record_usage(batches: Batches) -> None:
    """Book batches in one pass; each answer goes to its court's own results queue."""
    for (command, work), settled in zip(batches, await _settle(batches), strict=True):
        work.emit(settled, addressee=command.court_id)


async def report_usage(batches: Batches) -> None:
    """The same for batches of courts' machines, which ask for their answers and read no queue."""
    answers = await _settle(batches)
    first = batches[0][1]
    await reported.insert_settled(first.connection, answers, first.now)
    for (_, work), settled in zip(batches, answers, strict=True):
        work.emit(settled)


async def what_became_of_batch(query: WhatBecameOfBatch, work: UnitOfWork[Resources]) -> UsageBatchShown:
    court_id = work.court_assertion.court_id
    found = await reported.find_batch(work.connection, court_id, query.batch_id)
    return found or UsageBatchShown(court_id=court_id, batch_id=query.batch_id, state="not_settled")


async def _settle(batches: Batches) -> list[UsageBatchSettled]:
    """Book batches in one pass, and answer each.

    They share a transaction, and what is written gets the time and the ids of the first one's work.
    """
    work = batches[0][1]
    reports = [_read(command, each) for command, each in batches]

    bookings = await book(work, reports)

    if any(booking.waiting for booking in bookings):
        await plan_hourly_retry(work)
    return [settle(command, booking) for (command, _), booking in zip(batches, bookings, strict=True)]


def _read(command: RecordUsage, work: UnitOfWork[Resources]) -> Report:
    """A court speaks for itself only."""
    is_by_machine = isinstance(command, ReportUsage)
    sender = work.court_assertion.court_id if is_by_machine else work.cause.sender
    if command.court_id != sender:
        raise BadEnvelopeError("the login or the credential of another court")
    ahead = timedelta(minutes=work.resources.policies.billing.usage_ahead_minutes)
    raws = [bytes(raw) for raw in command.records]
    return Report(court_id=command.court_id, read=read_records(raws, command.batch_id, work.now, ahead))


async def my_usage(query: MyUsage, work: UnitOfWork[Resources]) -> UsageList:
    found = await lines.list_lines_of_account(
        work.connection, work.assertion.account_id, query.quarter, query.after, query.limit + 1
    )
    return UsageList(lines=tuple(found[: query.limit]), has_more=len(found) > query.limit)


async def who_looked(query: WhoLooked, work: UnitOfWork[Resources]) -> LooksShown:
    looks = await lines.list_looks(work.connection, work.assertion.account_id, MOST_LOOKS)
    return LooksShown(looks=tuple(looks))

"""Closing a quarter: the cut-off is drawn here, the rest is the work of the close's jobs."""

from collections.abc import Sequence

from services.paa_billing.handlers.books import begin_quarters
from services.paa_billing.model import FeeSchedule, Quarter
from services.paa_billing.model.closes import Close, ClosingPayer
from services.paa_billing.rules.closing import decide_close, reversal_of, settlement_id
from services.paa_billing.settings import Resources
from services.paa_billing.statements import policies_in_force, write_policies
from services.paa_billing.store import closes, ledger, quarters, schedules
from shared.messages.paa_billing import CloseQuarter, CloseShown, QuarterClosing, QuarterRefused, ShowClose
from shared.messaging.unit_of_work import UnitOfWork


async def close_quarter(
    command: CloseQuarter, work: UnitOfWork[Resources]
) -> QuarterClosing | QuarterRefused:
    quarter = Quarter.parse(command.quarter)
    # What comes after the cut-off needs an open quarter; begun before the lock, as by intake: else both wait.
    await begin_quarters(work, Quarter.of(work.now, work.resources.policies.zone))
    await quarters.lock_quarter(work.connection, quarter)
    begun = await closes.find_close(work.connection, quarter)
    if begun is not None:
        return await _take_up_parked(begun, work)
    books = await closes.list_quarters(work.connection)
    known = await schedules.list_schedules(work.connection)

    outcome = decide_close(quarter, books, known, work.resources.policies, work.now)

    return outcome if isinstance(outcome, QuarterRefused) else await _begin(quarter, outcome, work)


async def show_close(query: ShowClose, work: UnitOfWork[Resources]) -> CloseShown | QuarterRefused:
    found = await closes.find_progress(work.connection, Quarter.parse(query.quarter))
    if found is None:
        return QuarterRefused(quarter=query.quarter, reason="nothing_known")
    return CloseShown(
        quarter=query.quarter,
        state=found.state,
        payers=found.payers,
        settled=found.settled,
        sealed=found.sealed,
        issued=found.issued,
        parked=found.parked,
    )


async def _begin(quarter: Quarter, schedule: FeeSchedule, work: UnitOfWork[Resources]) -> QuarterClosing:
    await closes.cut_off(work.connection, quarter, work.now)
    close = Close(
        quarter=quarter,
        state="closing",
        command_id=work.cause.message_id,
        correlation_id=work.cause.correlation_id,
        cut_off_at=work.now,
        waiver_schedule_on=schedule.effective_on,
        policies=write_policies(policies_in_force(work.resources.policies)),
        listed_at=None,
    )
    await closes.insert_close(work.connection, close)
    return QuarterClosing(quarter=str(quarter), cut_off_at=work.now)


async def _take_up_parked(close: Close, work: UnitOfWork[Resources]) -> QuarterClosing:
    """A quarter's cut-off is drawn once; saying it again lets its parked payers go on."""
    await closes.lock_state(work.connection, close.quarter)
    parked = await closes.list_parked(work.connection, close.quarter)
    if parked:
        await _reverse_settlements(close, parked, work)
        await closes.unpark_payers(work.connection, close.quarter)
        await closes.change_state(work.connection, close.quarter, "closing")
    return QuarterClosing(quarter=str(close.quarter), cut_off_at=close.cut_off_at)


async def _reverse_settlements(
    close: Close, parked: Sequence[ClosingPayer], work: UnitOfWork[Resources]
) -> None:
    """Those set aside while sealing have posted something: each begins anew."""
    await ledger.lock_payers(work.connection, [payer.payer_id for payer in parked])
    operation_ids = {payer: settlement_id(close, payer) for payer in parked}
    posted = await ledger.list_entries(work.connection, list(operation_ids.values()))
    reversals = [
        reversal_of(payer, posted[operation_id], close)
        for payer, operation_id in operation_ids.items()
        if posted[operation_id]
    ]
    await ledger.insert_operations(work.connection, reversals)
    await ledger.insert_entries(work.connection, reversals)

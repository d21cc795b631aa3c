"""Settling: what the quarter comes to for a chunk of payers, posted to the ledger in one transaction."""

from collections.abc import Sequence
from dataclasses import replace

from services.paa_billing.jobs.failures import PayersInHand
from services.paa_billing.model import Settlement
from services.paa_billing.model.closes import Close, ClosingPayer, Parked
from services.paa_billing.rules.closing import settle, settlement_operation
from services.paa_billing.settings import Resources
from services.paa_billing.statements import read_policies
from services.paa_billing.store import closes, ledger, schedules, totals
from shared.messaging.bench import Bench
from shared.messaging.unit_of_work import UnitOfWork


async def settle_chunk(bench: Bench[Resources], close: Close) -> bool:
    """Settle the next payers; no if none is free."""
    async with PayersInHand("settle", bench, close, "listed") as in_hand, bench.transaction() as work:
        in_hand.payers = await _lock_next(work, close)
        if in_hand.payers:
            await ledger.lock_payers(work.connection, [payer.payer_id for payer in in_hand.payers])
            settled, parked = await _settle(work, close, in_hand.payers)
            await _post(work, close, settled)
            await closes.mark_settled(work.connection, close.quarter, settled)
            await closes.park_payers(work.connection, close.quarter, parked)
    return bool(in_hand.payers)


async def _lock_next(work: UnitOfWork[Resources], close: Close) -> list[ClosingPayer]:
    """A chunk of those that never failed; after them the others, each alone."""
    chunk = work.resources.close_chunk_payers
    return await closes.lock_listed(work.connection, close.quarter, chunk) or await closes.lock_listed(
        work.connection, close.quarter, 1, has_failed=True
    )


async def _settle(
    work: UnitOfWork[Resources], close: Close, payers: Sequence[ClosingPayer]
) -> tuple[list[ClosingPayer], list[Parked]]:
    payer_ids = [payer.payer_id for payer in payers]
    sums = await totals.sum_lines(work.connection, close.quarter, payer_ids)
    people = sorted({account_id for each in sums.values() for account_id, _ in each.people})
    charged_by_all = await totals.sum_charged_by_person(work.connection, close.quarter, people)
    balances = await ledger.sum_balances_for_close(work.connection, close.quarter, payer_ids)
    schedule = await schedules.get_schedule(work.connection, close.waiver_schedule_on)
    waiver_subject = read_policies(close.policies).waiver_subject
    settled: list[ClosingPayer] = []
    parked: list[Parked] = []
    for payer in payers:
        mine = balances[payer.payer_id]
        outcome = settle(
            payer, close.quarter, sums[payer.payer_id], charged_by_all, mine, schedule, waiver_subject
        )
        if isinstance(outcome, Settlement):
            settled.append(replace(payer, settlement=outcome, carried_cents=mine.carried_cents))
        else:
            parked.append(outcome)
    return settled, parked


async def _post(work: UnitOfWork[Resources], close: Close, payers: Sequence[ClosingPayer]) -> None:
    standings = await ledger.sum_standings(work.connection, [payer.payer_id for payer in payers])
    operations = [
        settlement_operation(payer.settlement, payer, standings[payer.payer_id], close)
        for payer in payers
        if payer.settlement is not None
    ]
    posted = [each for each in operations if each.entries]
    await ledger.insert_operations(work.connection, posted)
    await ledger.insert_entries(work.connection, posted)

"""Sealing: the canonical JSON of each payer's statement, made off the event loop and checked, then kept."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args
from uuid import UUID

from services.paa_billing.jobs.failures import PayersInHand
from services.paa_billing.ledger import BalanceChange
from services.paa_billing.model import FeeSchedule, SettlementRefused, UsageLine
from services.paa_billing.model.closes import Close, ClosingPayer, Parked, ParkReason, PayerNamed
from services.paa_billing.rules.closing import as_parked
from services.paa_billing.settings import Resources
from services.paa_billing.statements import (
    AccountHolder,
    Adjustment,
    AdjustmentKind,
    Payer,
    SettledQuarter,
    canonical_json,
    digest_of,
    draft_statement,
    has_activity,
    issue_statement,
    read_policies,
    verify,
)
from services.paa_billing.store import closes, leases, ledger, schedules, statements, totals
from shared.messaging.bench import Bench
from shared.messaging.leases import while_extending
from shared.messaging.unit_of_work import UnitOfWork
from shared.money import Cents, dollars

STATED_AS: Mapping[str, AdjustmentKind] = {kind: kind for kind in get_args(AdjustmentKind)}
"""How an operation is called on a statement; a settlement is its own fees, not a correction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A draft as it is kept; without anything to state there is none."""

    payer: ClosingPayer
    canonical: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that is known of a settled payer."""

    payer: ClosingPayer
    named: PayerNamed | None
    lines: tuple[UsageLine, ...]
    names: Mapping[UUID, PayerNamed]
    changes: tuple[BalanceChange, ...]


async def seal_chunk(bench: Bench[Resources], close: Close) -> bool:
    """Seal the next payers; no if none is free."""
    async with PayersInHand("seal", bench, close, "settled") as in_hand:
        in_hand.payers = await _lease_next(bench, close)
        if in_hand.payers:
            outcomes = await while_extending(
                _work_out(bench, close, in_hand.payers),
                partial(_extend, bench, close, [payer.payer_id for payer in in_hand.payers]),
                bench.resources.lease_seconds,
            )
            await _keep(bench, close, outcomes)
    return bool(in_hand.payers)


async def _lease_next(bench: Bench[Resources], close: Close) -> list[ClosingPayer]:
    """A chunk of those that never failed; after them the others, each alone."""
    chunk, seconds = bench.resources.close_chunk_payers, bench.resources.lease_seconds
    async with bench.transaction() as work:
        return await leases.lease_settled(
            work.connection, close.quarter, chunk, seconds
        ) or await leases.lease_settled(work.connection, close.quarter, 1, seconds, has_failed=True)


async def _extend(bench: Bench[Resources], close: Close, payer_ids: Sequence[UUID]) -> None:
    async with bench.transaction() as work:
        await leases.extend_settled(work.connection, close.quarter, payer_ids, bench.resources.lease_seconds)


async def _work_out(
    bench: Bench[Resources], close: Close, payers: Sequence[ClosingPayer]
) -> list[Sealed | Parked]:
    async with bench.transaction() as work:
        known = await schedules.list_schedules(work.connection)
        found = await _find(work, close, payers)
    return await asyncio.to_thread(_seal_all, found, close, known)


async def _keep(bench: Bench[Resources], close: Close, outcomes: Sequence[Sealed | Parked]) -> None:
    sealed = [each for each in outcomes if isinstance(each, Sealed)]
    parked = [each for each in outcomes if isinstance(each, Parked)]
    async with bench.transaction() as work:
        ours = await closes.mark_sealed(work.connection, close.quarter, [each.payer for each in sealed])
        drafts = {
            each.payer.payer_id: (each.canonical, digest_of(each.canonical))
            for each in sealed
            if each.canonical is not None and each.payer.payer_id in ours
        }
        await statements.insert_drafts(work.connection, close.quarter, drafts)
        await closes.park_payers(work.connection, close.quarter, parked)


async def _find(
    work: UnitOfWork[Resources], close: Close, payers: Sequence[ClosingPayer]
) -> tuple[Found, ...]:
    payer_ids = [payer.payer_id for payer in payers]
    lines = await totals.list_lines(work.connection, close.quarter, payer_ids)
    changes = await ledger.list_changes(work.connection, payer_ids)
    people = {line.account_id for group in lines.values() for line in group}
    names = await statements.list_names(work.connection, sorted({*people, *payer_ids}))
    firm_names = await statements.list_firm_names(work.connection, payer_ids)
    return tuple(
        Found(
            payer=payer,
            named=(firm_names if payer.payer_kind == "paa" else names).get(payer.payer_id),
            lines=tuple(lines[payer.payer_id]),
            names=names,
            changes=changes[payer.payer_id],
        )
        for payer in payers
    )


def _seal_all(found: Iterable[Found], close: Close, known: Sequence[FeeSchedule]) -> list[Sealed | Parked]:
    return [_seal(each, close, known) for each in found]


def _seal(found: Found, close: Close, known: Sequence[FeeSchedule]) -> Sealed | Parked:
    """The draft, if lines, settlement, ledger and fee table agree to the cent."""
    payer, settlement = found.payer, found.payer.settlement
    is_known = all(line.account_id in found.names for line in found.lines)
    if found.named is None or settlement is None or not is_known:
        return _parked(payer, "account_not_known", "the names of all accounts", "one without")
    settled = SettledQuarter(
        payer=Payer(
            id=payer.payer_id,
            kind=payer.payer_kind,
            account_number=found.named.account_number,
            name=found.named.name,
        ),
        settlement=settlement,
        lines=found.lines,
        holders=_holders(found),
        carried_cents=payer.carried_cents,
        adjustments=_adjustments(found, close),
        cut_off_at=close.cut_off_at,
        policies=read_policies(close.policies),
    )
    if not has_activity(settled):
        return Sealed(payer=payer, canonical=None)
    draft = draft_statement(settled)
    if isinstance(draft, SettlementRefused):
        return as_parked(draft, payer)
    booked_cents = sum(change.amount_cents for change in found.changes if change.quarter <= close.quarter)
    if booked_cents != draft.totals.balance_cents:
        stated = dollars(Cents(draft.totals.balance_cents))
        return _parked(payer, "balances_disagree", stated, dollars(Cents(booked_cents)))
    problems = verify(canonical_json(issue_statement(draft, 1, close.cut_off_at)), known)
    if problems:
        first = problems[0]
        return _parked(payer, "statement_not_verified", f"{first.where}: {first.expected}", first.found)
    return Sealed(payer=payer, canonical=canonical_json(draft))


def _holders(found: Found) -> dict[UUID, AccountHolder]:
    people = {line.account_id for line in found.lines}
    named = {account_id: found.names[account_id] for account_id in people}
    return {key: AccountHolder(each.account_number, each.name) for key, each in named.items()}


def _adjustments(found: Found, close: Close) -> tuple[Adjustment, ...]:
    return tuple(
        Adjustment(
            id=change.operation_id,
            at=change.at,
            kind=STATED_AS[change.kind],
            amount_cents=change.amount_cents,
            explanation=change.explanation,
        )
        for change in found.changes
        if change.quarter == close.quarter and change.kind != "settlement"
    )


def _parked(payer: ClosingPayer, reason: ParkReason, expected: str, found: str) -> Parked:
    return Parked(
        payer_id=payer.payer_id, attempt=payer.attempt, reason=reason, expected=expected, found=found
    )

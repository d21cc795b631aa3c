"""Closing a quarter: whether it may be closed, and what it comes to for each payer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.paa_billing.ledger import (
    LedgerEntry,
    LedgerOperation,
    OperationKind,
    Standing,
    reverse,
    settlement_entries,
)
from services.paa_billing.model import (
    FeeSchedule,
    PayerTotals,
    PersonTotal,
    Quarter,
    Settlement,
    SettlementRefused,
    WaiverSubject,
)
from services.paa_billing.model.closes import (
    Close,
    ClosingPayer,
    Parked,
    PayerBalances,
    QuarterState,
    QuarterSums,
)
from services.paa_billing.rules.waiver import choose_waiver_schedule, settle_payer
from shared.messages.paa_billing import QuarterRefused
from shared.messaging.ids import child_id
from shared.money import Cents, dollars
from shared.policies import Policies

SETTLEMENT: OperationKind = "settlement"


def decide_close(
    quarter: Quarter,
    books: Mapping[Quarter, QuarterState],
    schedules: tuple[FeeSchedule, ...],
    policies: Policies,
    now: datetime,
) -> FeeSchedule | QuarterRefused:
    """The fee schedule by whose waiver the quarter is closed: one after the other, none before its end."""
    if Quarter.of(now, policies.zone) <= quarter:
        return QuarterRefused(quarter=str(quarter), reason="not_over")
    if quarter not in books:
        return QuarterRefused(quarter=str(quarter), reason="nothing_known")
    if any(each < quarter and state != "closed" for each, state in books.items()):
        return QuarterRefused(quarter=str(quarter), reason="an_earlier_one_is_open")
    return choose_waiver_schedule(schedules, quarter, policies.zone)


def settle(
    payer: ClosingPayer,
    quarter: Quarter,
    sums: QuarterSums,
    charged_by_all: Mapping[UUID, Cents],
    balances: PayerBalances,
    schedule: FeeSchedule,
    waiver_subject: WaiverSubject,
) -> Settlement | Parked:
    """What the quarter comes to for one payer, or which two figures don't agree."""
    if balances.is_earlier_unissued:
        return Parked(
            payer_id=payer.payer_id,
            attempt=payer.attempt,
            reason="earlier_statement_missing",
            expected="a statement of each earlier quarter",
            found="one that is set aside",
        )
    if balances.carried_cents != balances.stated_cents:
        return Parked(
            payer_id=payer.payer_id,
            attempt=payer.attempt,
            reason="balances_disagree",
            expected=dollars(balances.stated_cents),
            found=dollars(balances.carried_cents),
        )
    totals = PayerTotals(
        payer_id=payer.payer_id,
        payer_kind=payer.payer_kind,
        quarter=quarter,
        line_count=sums.line_count,
        courts=sums.courts,
        people=tuple(
            PersonTotal(
                account_id=account_id,
                charged_cents=charged_cents,
                charged_to_all_payers_cents=charged_by_all[account_id],
            )
            for account_id, charged_cents in sums.people
        ),
    )
    outcome = settle_payer(totals, schedule, waiver_subject, balances.before_cents)
    return as_parked(outcome, payer) if isinstance(outcome, SettlementRefused) else outcome


def as_parked(refused: SettlementRefused, payer: ClosingPayer) -> Parked:
    """The payer set aside for a sum that doesn't agree."""
    return Parked(
        payer_id=payer.payer_id,
        attempt=payer.attempt,
        reason=refused.reason,
        expected=dollars(refused.expected_cents),
        found=dollars(refused.found_cents),
    )


def settlement_id(close: Close, payer: ClosingPayer) -> UUID:
    """The id of a payer's settlement; it repeats, so that posting an attempt twice is refused."""
    return child_id(close.command_id, f"settlement of {payer.payer_id}", payer.attempt)


def settlement_operation(
    settlement: Settlement, payer: ClosingPayer, standing: Standing, close: Close
) -> LedgerOperation:
    """What a payer's settlement posts."""
    operation_id = settlement_id(close, payer)
    return LedgerOperation(
        id=operation_id,
        kind=SETTLEMENT,
        quarter=settlement.quarter,
        at=close.cut_off_at,
        explanation=f"Fees of {settlement.quarter}",
        entries=settlement_entries(
            settlement, standing, lambda index: child_id(operation_id, "entry", index)
        ),
    )


def reversal_of(payer: ClosingPayer, posted: Sequence[LedgerEntry], close: Close) -> LedgerOperation:
    """What undoes the settlement of a payer that was set aside after it was posted."""
    operation_id = child_id(close.command_id, f"reversal for {payer.payer_id}", payer.attempt)
    return LedgerOperation(
        id=operation_id,
        kind=SETTLEMENT,
        quarter=close.quarter,
        at=close.cut_off_at,
        explanation=f"Fees of {close.quarter} taken back",
        entries=tuple(
            reverse(entry, child_id(operation_id, "entry", index)) for index, entry in enumerate(posted)
        ),
    )

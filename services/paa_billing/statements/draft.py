"""Makes a payer's statement of a quarter from its settlement and its lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from services.paa_billing.model import Settlement, SettlementRefused, UsageKind, UsageLine, Waiver, in_zone
from services.paa_billing.prices import Pages, count_pages
from services.paa_billing.statements.document import (
    Adjustment,
    BilledQuarter,
    Line,
    Payer,
    PoliciesInForce,
    Statement,
    StatementDraft,
    WaiverLook,
)
from services.paa_billing.statements.sums import in_order, subtotals_of, totals_of
from shared.money import Cents

SEARCHES: frozenset[UsageKind] = frozenset({"name_search", "case_locator"})
"""The kinds whose description says what was searched for."""


@dataclass(frozen=True, slots=True)
class AccountHolder:
    """How a person is called on a statement."""

    account_number: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledQuarter:
    """All that a payer's statement is made of.

    `carried_cents` is the balance of the last statement; the adjustments lead from it to the settlement's
    balance before. `holders` names every account that has a line or a waiver.
    """

    payer: Payer
    settlement: Settlement
    lines: tuple[UsageLine, ...]
    holders: Mapping[UUID, AccountHolder]
    carried_cents: Cents
    adjustments: tuple[Adjustment, ...]
    cut_off_at: datetime
    policies: PoliciesInForce


def has_activity(settled: SettledQuarter) -> bool:
    """Is there anything to state? Without a use or a change of the balance a payer gets no statement."""
    return bool(settled.lines or settled.adjustments)


def draft_statement(settled: SettledQuarter) -> StatementDraft | SettlementRefused:
    """The statement before it has a number; the order of lines and adjustments makes no difference.

    Refused when the lines or the balances don't agree with the settlement to the cent.
    """
    if (refused := _disagreement(settled)) is not None:
        return refused
    settlement, payer = settled.settlement, settled.payer
    lines = in_order((_line(line, settled) for line in settled.lines), payer.kind)
    zone = ZoneInfo(settled.policies.business_zone)
    return StatementDraft(
        kind="invoice" if settlement.balance_cents > 0 else "statement_of_account",
        payer=payer,
        quarter=BilledQuarter(
            name=str(settlement.quarter),
            starts_at=settlement.quarter.starts_at(zone),
            ends_at=settlement.quarter.ends_at(zone),
        ),
        cut_off_at=settled.cut_off_at.astimezone(UTC),
        policies=settled.policies,
        lines=lines,
        subtotals=subtotals_of(lines, payer.kind),
        waiver_schedule_on=settlement.waiver_schedule_on,
        waivers=_waiver_looks(settled),
        adjustments=_in_time(settled.adjustments),
        totals=totals_of(
            lines,
            waived_cents=settlement.waived_cents,
            carried_cents=settled.carried_cents,
            adjustments_cents=sum(adjustment.amount_cents for adjustment in settled.adjustments),
        ),
    )


def issue_statement(draft: StatementDraft, number: int, issued_at: datetime) -> Statement:
    """The draft with its number, the instant of issue and, for an invoice, the date on which it is due."""
    issued_on = in_zone(issued_at, ZoneInfo(draft.policies.business_zone)).date()
    return Statement(
        **msgspec.structs.asdict(draft),
        number=number,
        issued_at=issued_at.astimezone(UTC),
        due_on=issued_on + timedelta(days=draft.policies.due_days) if draft.kind == "invoice" else None,
    )


def _disagreement(settled: SettledQuarter) -> SettlementRefused | None:
    settlement = settled.settlement
    gross_cents = Cents(sum(line.gross_cents for line in settled.lines))
    charged_cents = Cents(sum(line.charged_cents for line in settled.lines))
    adjustments_cents = sum(adjustment.amount_cents for adjustment in settled.adjustments)
    before_cents = Cents(settled.carried_cents + adjustments_cents)
    if settlement.line_count != len(settled.lines) or settlement.gross_cents != gross_cents:
        return _refused(settled, settlement.gross_cents, gross_cents)
    if settlement.charged_cents != charged_cents:
        return _refused(settled, settlement.charged_cents, charged_cents)
    if settlement.balance_before_cents != before_cents:
        return SettlementRefused(
            payer_id=settlement.payer_id,
            reason="balances_disagree",
            expected_cents=settlement.balance_before_cents,
            found_cents=before_cents,
        )
    return None


def _refused(settled: SettledQuarter, expected_cents: Cents, found_cents: Cents) -> SettlementRefused:
    return SettlementRefused(
        payer_id=settled.settlement.payer_id,
        reason="lines_and_settlement_disagree",
        expected_cents=expected_cents,
        found_cents=found_cents,
    )


def _line(line: UsageLine, settled: SettledQuarter) -> Line:
    holder = settled.holders[line.account_id]
    pages = count_pages(line.usage)
    # A firm pays for searches but doesn't see what was searched for, unless the policy says so.
    is_hidden = (
        line.kind in SEARCHES and settled.payer.kind == "paa" and not settled.policies.show_search_terms
    )
    return Line(
        account_number=holder.account_number,
        account_name=holder.name,
        court_id=line.court_id,
        client_code=line.client_code or None,
        used_at=line.used_at.astimezone(UTC),
        usage_id=line.usage_id,
        kind=line.kind,
        page_count=line.page_count,
        byte_count=line.byte_count,
        record_count=line.record_count,
        billed_pages=pages.count if isinstance(pages, Pages) else None,
        description="" if is_hidden else line.description,
        case_number=line.case_number or None,
        schedule_effective_on=line.schedule_effective_on,
        gross_cents=line.gross_cents,
        exempt_cents=line.exempt_cents,
        charged_cents=line.charged_cents,
        exemption_id=line.exemption_id,
        reasons=line.reasons,
        used_quarter=str(line.used_quarter),
        is_prior_period=line.used_quarter != settled.settlement.quarter,
    )


def _waiver_looks(settled: SettledQuarter) -> tuple[WaiverLook, ...]:
    looks = (_waiver_look(waiver, settled) for waiver in settled.settlement.waivers)
    return tuple(sorted(looks, key=lambda look: look.account_number or ""))


def _waiver_look(waiver: Waiver, settled: SettledQuarter) -> WaiverLook:
    is_of_a_member = settled.payer.kind == "paa" and waiver.account_id is not None
    return WaiverLook(
        account_number=None
        if waiver.account_id is None
        else settled.holders[waiver.account_id].account_number,
        limit_cents=waiver.limit_cents,
        looked_at_cents=None if is_of_a_member else waiver.looked_at_cents,
        charged_cents=waiver.charged_cents,
        waived_cents=waiver.waived_cents,
    )


def _in_time(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    in_utc = (msgspec.structs.replace(each, at=each.at.astimezone(UTC)) for each in adjustments)
    return tuple(sorted(in_utc, key=lambda each: (each.at, each.id)))

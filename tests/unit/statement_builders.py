"""Statements for tests: uses priced as intake does, settled as the close does, drafted and issued."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.paa_billing import data
from services.paa_billing.model import (
    CourtTotal,
    FeeSchedule,
    PayerKind,
    PayerTotals,
    PersonTotal,
    Price,
    Quarter,
    Settlement,
    Usage,
    UsageKind,
    UsageLine,
    WaiverSubject,
)
from services.paa_billing.prices import price, schedule_in_force
from services.paa_billing.rules import choose_waiver_schedule, settle_payer
from services.paa_billing.statements import (
    AccountHolder,
    Adjustment,
    Payer,
    PoliciesInForce,
    SettledQuarter,
    StatementDraft,
    canonical_json,
    draft_statement,
    issue_statement,
)
from shared.money import Cents

SCHEDULES = data.load_fee_schedules()
CHICAGO = ZoneInfo("America/Chicago")
QUARTER = Quarter(2026, 1)
JANUARY = datetime(2026, 1, 5, 15, tzinfo=UTC)
CUT_OFF = datetime(2026, 4, 1, 7, tzinfo=UTC)
ISSUED = datetime(2026, 4, 2, 3, tzinfo=UTC)
ADA, BEN, FIRM = UUID(int=11), UUID(int=12), UUID(int=99)
HOLDERS = {ADA: AccountHolder("1000011", "Ada Ärvinen"), BEN: AccountHolder("1000012", "Ben O'Hara")}
PERSON_PAYER = Payer(id=ADA, kind="person", account_number="1000011", name="Ada Ärvinen")
FIRM_PAYER = Payer(id=FIRM, kind="paa", account_number="1000099", name="Smith & Söhne LLP")


def a_line(
    number: int,
    *,
    account_id: UUID = ADA,
    payer_id: UUID = ADA,
    court_id: str = "ncwbk",
    client_code: str | None = None,
    used_at: datetime | None = None,
    kind: UsageKind = "document",
    page_count: int | None = 5,
    byte_count: int | None = None,
    description: str = "Order",
    exemption_id: UUID | None = None,
) -> UsageLine:
    """A line at the price that intake would have stamped on it."""
    at = used_at or JANUARY + timedelta(minutes=number)
    usage = Usage(kind=kind, page_count=page_count, byte_count=byte_count)
    schedule = schedule_in_force(SCHEDULES, at, CHICAGO)
    assert schedule is not None
    outcome = price(usage, schedule, exemption_id)
    assert isinstance(outcome, Price)
    return UsageLine(
        court_id=court_id,
        usage_id=f"use-{number}",
        account_id=account_id,
        payer_id=payer_id,
        used_at=at,
        kind=kind,
        page_count=page_count,
        byte_count=byte_count,
        record_count=None,
        description=description,
        case_number="1:26-cv-00001",
        client_code=client_code,
        schedule_effective_on=schedule.effective_on,
        gross_cents=outcome.gross_cents,
        exempt_cents=outcome.exempt_cents,
        exemption_id=exemption_id,
        reasons=outcome.reasons,
        used_quarter=Quarter.of(at, CHICAGO),
        billed_quarter=QUARTER,
    )


def totals_of_payer(
    lines: Sequence[UsageLine], payer: Payer, elsewhere_cents: int, quarter: Quarter
) -> PayerTotals:
    """What the close's queries sum up; each person is charged `elsewhere_cents` more by other payers."""
    courts = {line.court_id for line in lines}
    people = {line.account_id for line in lines}
    payer_kind: PayerKind = payer.kind
    return PayerTotals(
        payer_id=payer.id,
        payer_kind=payer_kind,
        quarter=quarter,
        line_count=len(lines),
        courts=tuple(
            CourtTotal(
                court_id=court_id,
                gross_cents=Cents(sum(line.gross_cents for line in lines if line.court_id == court_id)),
                exempt_cents=Cents(sum(line.exempt_cents for line in lines if line.court_id == court_id)),
            )
            for court_id in courts
        ),
        people=tuple(person_total(lines, account_id, elsewhere_cents) for account_id in people),
    )


def person_total(lines: Iterable[UsageLine], account_id: UUID, elsewhere_cents: int) -> PersonTotal:
    charged = sum(line.charged_cents for line in lines if line.account_id == account_id)
    return PersonTotal(
        account_id=account_id,
        charged_cents=Cents(charged),
        charged_to_all_payers_cents=Cents(charged + elsewhere_cents),
    )


def a_settled_quarter(
    lines: Sequence[UsageLine],
    *,
    payer: Payer = PERSON_PAYER,
    waiver_subject: WaiverSubject = "payer",
    elsewhere_cents: int = 0,
    carried_cents: int = 0,
    adjustments: Sequence[Adjustment] = (),
    quarter: Quarter = QUARTER,
    show_search_terms: bool = False,
) -> SettledQuarter:
    """The lines settled under the waiver of the quarter."""
    schedule = choose_waiver_schedule(SCHEDULES, quarter, CHICAGO)
    assert isinstance(schedule, FeeSchedule)
    before = Cents(carried_cents + sum(adjustment.amount_cents for adjustment in adjustments))
    totals = totals_of_payer(lines, payer, elsewhere_cents, quarter)
    settlement = settle_payer(totals, schedule, waiver_subject, before)
    assert isinstance(settlement, Settlement)
    return SettledQuarter(
        payer=payer,
        settlement=settlement,
        lines=tuple(lines),
        holders=HOLDERS,
        carried_cents=Cents(carried_cents),
        adjustments=tuple(adjustments),
        cut_off_at=CUT_OFF,
        policies=PoliciesInForce(
            business_zone="America/Chicago",
            due_days=30,
            move_balance_on_join=True,
            show_search_terms=show_search_terms,
            waiver_schedule="quarter_end",
            waiver_subject=waiver_subject,
        ),
    )


def a_credit(number: int, amount_cents: int, explanation: str = "printed twice") -> Adjustment:
    """A change of the balance since the last statement."""
    return Adjustment(
        id=UUID(int=500 + number),
        at=JANUARY + timedelta(days=number),
        kind="credit" if amount_cents < 0 else "debit",
        amount_cents=amount_cents,
        explanation=explanation,
    )


def issued(settled: SettledQuarter, number: int = 1042) -> bytes:
    """The canonical JSON of the statement."""
    draft = draft_statement(settled)
    assert isinstance(draft, StatementDraft)
    return canonical_json(issue_statement(draft, number, ISSUED))


def a_firms_lines() -> list[UsageLine]:
    """Two members, two courts, two client codes, an exemption, a prior period, a cap, bytes and a search."""
    return [
        a_line(1, account_id=ADA, payer_id=FIRM, client_code="ACME-1", page_count=412, kind="transcript"),
        a_line(2, account_id=BEN, payer_id=FIRM, client_code="ACME-1"),
        a_line(3, account_id=BEN, payer_id=FIRM, court_id="nysdc", page_count=31),
        a_line(4, account_id=BEN, payer_id=FIRM, page_count=None, byte_count=4321, kind="docket_report"),
        a_line(5, account_id=ADA, payer_id=FIRM, exemption_id=UUID(int=77), page_count=12),
        a_line(6, account_id=ADA, payer_id=FIRM, used_at=datetime(2025, 12, 31, 12, tzinfo=UTC)),
        a_line(7, account_id=ADA, payer_id=FIRM, kind="name_search", page_count=0, description="DOE, JANE"),
        a_line(8, account_id=ADA, payer_id=FIRM, kind="opinion", page_count=28),
        a_line(9, account_id=ADA, payer_id=FIRM, kind="audio", page_count=None),
    ]

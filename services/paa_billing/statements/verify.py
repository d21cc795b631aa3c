"""Verifies a statement from its JSON alone: prices every line anew and must reach the same sums."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from services.paa_billing.data import load_fee_schedules
from services.paa_billing.model import FeeSchedule, NotPriced, Quarter, Usage, in_zone
from services.paa_billing.prices import Pages, count_pages, is_waived, price, schedule_in_force
from services.paa_billing.statements.document import (
    BilledQuarter,
    Line,
    Statement,
    WaiverLook,
    canonical_json,
    read_statement,
)
from services.paa_billing.statements.sums import in_order, subtotals_of, totals_of
from shared.money import Cents


@dataclass(frozen=True, slots=True)
class Problem:
    """One place in which a statement isn't what its lines and the fee table make it."""

    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a statement is verified against."""

    schedules: Sequence[FeeSchedule]
    zone: ZoneInfo
    quarter: Quarter
    waiver_schedule: FeeSchedule


def verify(canonical: bytes, schedules: Sequence[FeeSchedule] | None = None) -> tuple[Problem, ...]:
    """All that is wrong with a statement's JSON, by the shipped fee table unless another is given."""
    try:
        statement = read_statement(canonical)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return (Problem("document", "a statement", str(error)),)
    try:
        basis = _basis_of(statement, load_fee_schedules() if schedules is None else schedules)
        if isinstance(basis, Problem):
            return (basis,)
        return (
            *_problems_of_form(statement, canonical),
            *_problems_of_lines(statement, basis),
            *_differences("statement", _as_it_should_be(statement, basis), statement),
        )
    except (ValueError, OverflowError) as error:
        return (Problem("document", "times that can be computed with", str(error)),)


def _basis_of(statement: Statement, schedules: Sequence[FeeSchedule]) -> Basis | Problem:
    try:
        zone = ZoneInfo(statement.policies.business_zone)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        return Problem("statement.policies.business_zone", "a time zone", str(error))
    quarter = Quarter.parse(statement.quarter.name)
    schedule = schedule_in_force(schedules, quarter.last_instant(zone), zone)
    if schedule is None or schedule.waiver_period != "quarter":
        return Problem("quarter", "a quarter with a quarterly waiver", str(quarter))
    return Basis(schedules=schedules, zone=zone, quarter=quarter, waiver_schedule=schedule)


def _as_it_should_be(statement: Statement, basis: Basis) -> Statement:
    """The statement with all that can be derived derived anew, its lines in the order found."""
    lines = tuple(_priced_anew(line, basis) for line in statement.lines)
    looks = _looks(statement, lines, basis)
    totals = totals_of(
        lines,
        waived_cents=sum(look.waived_cents for look in looks),
        carried_cents=statement.totals.carried_cents,
        adjustments_cents=sum(adjustment.amount_cents for adjustment in statement.adjustments),
    )
    is_invoice = totals.balance_cents > 0
    due_on = in_zone(statement.issued_at, basis.zone).date() + timedelta(days=statement.policies.due_days)
    return msgspec.structs.replace(
        statement,
        kind="invoice" if is_invoice else "statement_of_account",
        quarter=BilledQuarter(
            name=str(basis.quarter),
            starts_at=basis.quarter.starts_at(basis.zone),
            ends_at=basis.quarter.ends_at(basis.zone),
        ),
        lines=lines,
        subtotals=subtotals_of(in_order(lines, statement.payer.kind), statement.payer.kind),
        waiver_schedule_on=basis.waiver_schedule.effective_on,
        waivers=looks,
        totals=totals,
        due_on=due_on if is_invoice else None,
    )


def _priced_anew(line: Line, basis: Basis) -> Line:
    """The line at the price that the fee table gives it; unchanged if it gives none."""
    usage = _usage_of(line)
    schedule = schedule_in_force(basis.schedules, line.used_at, basis.zone)
    priced = None if schedule is None else price(usage, schedule, line.exemption_id)
    if schedule is None or priced is None or isinstance(priced, NotPriced):
        return line
    pages = count_pages(usage)
    used_quarter = Quarter.of(line.used_at, basis.zone)
    return msgspec.structs.replace(
        line,
        billed_pages=pages.count if isinstance(pages, Pages) else None,
        schedule_effective_on=schedule.effective_on,
        gross_cents=priced.gross_cents,
        exempt_cents=priced.exempt_cents,
        charged_cents=priced.charged_cents,
        reasons=priced.reasons,
        used_quarter=str(used_quarter),
        is_prior_period=used_quarter != basis.quarter,
    )


def _usage_of(line: Line) -> Usage:
    return Usage(
        kind=line.kind,
        page_count=line.page_count,
        byte_count=line.byte_count,
        record_count=line.record_count,
    )


def _looks(statement: Statement, lines: tuple[Line, ...], basis: Basis) -> tuple[WaiverLook, ...]:
    """One look at the waiver for each threshold under which anything was charged."""
    is_of_the_firm = statement.payer.kind == "paa" and statement.policies.waiver_subject == "payer"
    charged: Counter[str] = Counter()
    for line in lines:
        charged["" if is_of_the_firm else line.account_number] += line.charged_cents
    found = {look.account_number or "": look for look in statement.waivers}
    return tuple(
        _look(number, cents, found.get(number), statement, basis)
        for number, cents in sorted(charged.items())
        if cents > 0
    )


def _look(
    account_number: str, charged_cents: int, found: WaiverLook | None, statement: Statement, basis: Basis
) -> WaiverLook:
    """One look, with what only the statement knows taken from it.

    That is what a person was charged at all payers; and on a firm's statement, which doesn't say it, whether
    that was too much.
    """
    looked_at_cents: int | None = charged_cents
    given_up = is_waived(Cents(charged_cents), basis.waiver_schedule)
    if account_number and statement.payer.kind == "paa":
        looked_at_cents = None
        given_up = given_up and found is not None and found.waived_cents > 0
    elif account_number and found is not None and found.looked_at_cents is not None:
        looked_at_cents = max(found.looked_at_cents, charged_cents)
        given_up = is_waived(Cents(looked_at_cents), basis.waiver_schedule)
    return WaiverLook(
        account_number=account_number or None,
        limit_cents=basis.waiver_schedule.waiver_cents,
        looked_at_cents=looked_at_cents,
        charged_cents=charged_cents,
        waived_cents=charged_cents if given_up else 0,
    )


def _problems_of_form(statement: Statement, canonical: bytes) -> Iterator[Problem]:
    if canonical_json(statement) != canonical:
        yield Problem("document", "the canonical form", "another way to write it")
    if statement.issued_at < statement.cut_off_at:
        yield Problem("statement.issued_at", "not before the cut-off", statement.issued_at.isoformat())
    if in_order(statement.lines, statement.payer.kind) != statement.lines:
        yield Problem("statement.lines", "the lines in their order", "another order")
    by_time = tuple(sorted(statement.adjustments, key=lambda each: (each.at, each.id)))
    if by_time != statement.adjustments:
        yield Problem("statement.adjustments", "the adjustments in their order", "another order")


def _problems_of_lines(statement: Statement, basis: Basis) -> Iterator[Problem]:
    times_seen = Counter((line.court_id, line.usage_id) for line in statement.lines)
    for index, line in enumerate(statement.lines):
        where = f"statement.lines[{index}]"
        if times_seen[line.court_id, line.usage_id] > 1:
            yield Problem(f"{where}.usage_id", "each use of a court once", line.usage_id)
        if line.used_at > statement.cut_off_at or line.used_at >= statement.quarter.ends_at:
            yield Problem(
                f"{where}.used_at", "before the quarter's end and cut-off", line.used_at.isoformat()
            )
        if statement.payer.kind == "person" and line.account_number != statement.payer.account_number:
            yield Problem(f"{where}.account_number", statement.payer.account_number, line.account_number)
        if (reason := _why_not_priced(line, basis)) is not None:
            yield Problem(where, "a use with a price", reason)


def _why_not_priced(line: Line, basis: Basis) -> str | None:
    schedule = schedule_in_force(basis.schedules, line.used_at, basis.zone)
    if schedule is None:
        return "no schedule in force"
    priced = price(_usage_of(line), schedule, line.exemption_id)
    return f"{priced.reason} ({priced.field})" if isinstance(priced, NotPriced) else None


def _differences(where: str, expected: object, found: object) -> Iterator[Problem]:
    """The innermost places in which two values of the document differ."""
    if expected == found:
        return
    if isinstance(expected, msgspec.Struct) and isinstance(found, msgspec.Struct):
        for field in expected.__struct_fields__:
            yield from _differences(f"{where}.{field}", getattr(expected, field), getattr(found, field))
    elif isinstance(expected, tuple) and isinstance(found, tuple) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from _differences(f"{where}[{index}]", *pair)
    else:
        yield Problem(where, str(expected), str(found))

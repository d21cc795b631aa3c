"""A statement as CSV: one table whose first column says what each row is."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from services.paa_billing.model import in_zone
from services.paa_billing.statements.document import Line, Statement, digest_of, read_statement
from shared.money import Cents, decimal_text

COLUMNS = (
    "record",
    "name",
    "value",
    "account_number",
    "account_name",
    "court",
    "client_code",
    "used_at",
    "usage_id",
    "kind",
    "pages",
    "bytes",
    "records",
    "billed_pages",
    "description",
    "case_number",
    "schedule_effective_on",
    "gross",
    "exempt",
    "charged",
    "reasons",
    "exemption_id",
    "used_quarter",
    "prior_period",
    "lines",
)
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Amount:
    """Whole cents, written as 12.34; its minus sign isn't taken for the start of a formula."""

    cents: int


Cell = str | int | Amount | None
Record = dict[str, Cell]


def render_csv(canonical: bytes) -> bytes:
    """The statement as UTF-8 CSV (RFC 4180): amounts in dollars, instants with their offset.

    Text that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    statement = read_statement(canonical)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for record in _records(statement, digest_of(canonical)):
        writer.writerow({column: _written(cell) for column, cell in record.items()})
    return text.getvalue().encode()


def _records(statement: Statement, digest: str) -> Iterator[Record]:
    yield from _facts(statement, digest)
    zone = ZoneInfo(statement.policies.business_zone)
    for line in statement.lines:
        yield _line(line, zone)
    for subtotal in statement.subtotals:
        yield {
            "record": "subtotal",
            "name": subtotal.level,
            "account_number": subtotal.account_number,
            "court": subtotal.court_id,
            "client_code": subtotal.client_code,
            "gross": Amount(subtotal.gross_cents),
            "exempt": Amount(subtotal.exempt_cents),
            "charged": Amount(subtotal.charged_cents),
            "lines": subtotal.line_count,
        }
    yield from _looks_at_the_waiver(statement)
    for adjustment in statement.adjustments:
        yield {
            "record": "adjustment",
            "name": adjustment.kind,
            "value": Amount(adjustment.amount_cents),
            "court": adjustment.court_id,
            "used_at": in_zone(adjustment.at, zone).isoformat(),
            "usage_id": adjustment.usage_id,
            "description": adjustment.explanation,
        }
    for name, value in msgspec.structs.asdict(statement.totals).items():
        is_amount = name.endswith("_cents")
        yield {
            "record": "total",
            "name": name.removesuffix("_cents"),
            "value": Amount(value) if is_amount else value,
        }


def _facts(statement: Statement, digest: str) -> Iterator[Record]:
    facts: dict[str, Cell] = {
        "kind": statement.kind,
        "number": statement.number,
        "sha256": digest,
        "payer_id": str(statement.payer.id),
        "payer_kind": statement.payer.kind,
        "payer_account_number": statement.payer.account_number,
        "payer_name": statement.payer.name,
        "quarter": statement.quarter.name,
        "quarter_starts_at": statement.quarter.starts_at.isoformat(),
        "quarter_ends_at": statement.quarter.ends_at.isoformat(),
        "cut_off_at": statement.cut_off_at.isoformat(),
        "issued_at": statement.issued_at.isoformat(),
        "due_on": None if statement.due_on is None else statement.due_on.isoformat(),
        "waiver_schedule_on": statement.waiver_schedule_on.isoformat(),
    }
    for name, value in facts.items():
        yield {"record": "statement", "name": name, "value": value}
    for name, value in msgspec.structs.asdict(statement.policies).items():
        yield {"record": "policy", "name": name, "value": _lower(value)}


def _line(line: Line, zone: ZoneInfo) -> Record:
    return {
        "record": "line",
        "account_number": line.account_number,
        "account_name": line.account_name,
        "court": line.court_id,
        "client_code": line.client_code,
        "used_at": in_zone(line.used_at, zone).isoformat(),
        "usage_id": line.usage_id,
        "kind": line.kind,
        "pages": line.page_count,
        "bytes": line.byte_count,
        "records": line.record_count,
        "billed_pages": line.billed_pages,
        "description": line.description,
        "case_number": line.case_number,
        "schedule_effective_on": line.schedule_effective_on.isoformat(),
        "gross": Amount(line.gross_cents),
        "exempt": Amount(line.exempt_cents),
        "charged": Amount(line.charged_cents),
        "reasons": " ".join(line.reasons),
        "exemption_id": None if line.exemption_id is None else str(line.exemption_id),
        "used_quarter": line.used_quarter,
        "prior_period": _lower(line.is_prior_period),
    }


def _looks_at_the_waiver(statement: Statement) -> Iterator[Record]:
    for look in statement.waivers:
        figures = {
            "limit": look.limit_cents,
            "looked_at": look.looked_at_cents,
            "charged": look.charged_cents,
            "waived": look.waived_cents,
        }
        for name, cents in figures.items():
            value = None if cents is None else Amount(cents)
            yield {"record": "waiver", "name": name, "value": value, "account_number": look.account_number}


def _lower(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _written(cell: Cell) -> str:
    if isinstance(cell, Amount):
        return decimal_text(Cents(cell.cents))
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell
    return "" if cell is None else str(cell)

"""What a statement says in print: every text that stands on its PDF, in reading order."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec

from services.paa_billing.model import UsageKind, in_zone
from services.paa_billing.statements.document import (
    AdjustmentKind,
    Line,
    Statement,
    StatementKind,
    Subtotal,
    WaiverLook,
)
from shared.money import Cents, dollars

TITLES: dict[StatementKind, str] = {"invoice": "Invoice", "statement_of_account": "Statement of Account"}
KINDS: dict[UsageKind, str] = {
    "document": "Document",
    "docket_report": "Docket report",
    "case_report": "Case report",
    "list_of_creditors": "List of creditors",
    "claims_register": "Claims register",
    "transcript": "Transcript",
    "name_search": "Name search",
    "non_case_report": "Report on no single case",
    "case_locator": "Case Locator search",
    "audio": "Audio file",
    "opinion": "Judicial opinion",
    "free_look": "Free look",
    "courthouse_terminal": "Courthouse terminal",
}
ADJUSTMENTS: dict[AdjustmentKind, str] = {
    "credit": "Credit",
    "debit": "Debit",
    "payment": "Payment",
    "returned_payment": "Returned payment",
    "returned_payment_fee": "Fee for a returned payment",
    "refund": "Refund",
    "write_off": "Written off",
    "balance_moved": "Balance moved",
}
USAGE_COLUMNS = (
    "Time",
    "Court",
    "Client code",
    "Use",
    "Case",
    "Priced by",
    "Pages",
    "Gross",
    "Exempt",
    "Charged",
    "Id",
)
NO_CODE = "no client code"
ITEMISED_LINES_LIMIT = 4_000
"""A PDF takes some 0.2 MB of memory a line to make, so that a larger one would endanger the process."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table with its heading; each row has as many texts as there are columns."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """All texts of the PDF; the template adds only the footer."""

    title: str
    paragraphs: tuple[str, ...]
    summary: Table
    tables: tuple[Table, ...]
    usage_heading: str
    usage: tuple[Table, ...]


def lay_out(statement: Statement) -> Printed:
    """The statement in words; times are on the clock of the business zone."""
    zone = ZoneInfo(statement.policies.business_zone)
    return Printed(
        title=f"{TITLES[statement.kind]} {statement.number}",
        paragraphs=tuple(_paragraphs(statement, zone)),
        summary=_summary(statement),
        tables=tuple(table for table in _tables(statement, zone) if table.rows),
        usage_heading="Usage",
        usage=tuple(_usage_tables(statement, zone)),
    )


def _paragraphs(statement: Statement, zone: ZoneInfo) -> Iterator[str]:
    payer, quarter = statement.payer, statement.quarter
    whose = "Firm" if payer.kind == "paa" else "Account holder"
    yield f"{whose}: {payer.name}, account {payer.account_number}"
    starts_at, ends_at = _time(quarter.starts_at, zone), _time(quarter.ends_at, zone)
    yield f"Quarter {quarter.name}, from {starts_at} until {ends_at}"
    yield f"With all that was reported until {_time(statement.cut_off_at, zone)}"
    yield f"Issued {_time(statement.issued_at, zone)}"
    if statement.due_on is None:
        yield "Nothing is due."
    else:
        yield f"{dollars(Cents(statement.totals.due_cents))} is due on {statement.due_on.isoformat()}."
    if len(statement.lines) > ITEMISED_LINES_LIMIT:
        yield (
            f"This form shows the sums of {len(statement.lines)} lines of usage; the CSV and JSON forms "
            "itemise each of them."
        )


def _summary(statement: Statement) -> Table:
    totals = statement.totals
    amounts = {
        "Balance of the last statement": totals.carried_cents,
        "Adjustments and payments since": totals.adjustments_cents,
        "Usage at full price": totals.gross_cents,
        "Exempt usage": totals.exempt_cents,
        "Charged usage": totals.charged_cents,
        "Charges waived": totals.waived_cents,
        "New fees": totals.billed_cents,
        "New fees paid from a credit": totals.credited_cents,
        "New fees to be paid": totals.newly_due_cents,
        "Balance": totals.balance_cents,
        "Amount due": totals.due_cents,
        "Credit": totals.credit_cents,
    }
    rows = tuple((name, dollars(Cents(cents))) for name, cents in amounts.items())
    return Table(heading="Summary", columns=("Item", "Amount"), rows=rows)


def _tables(statement: Statement, zone: ZoneInfo) -> Iterator[Table]:
    yield Table(
        heading="Adjustments and payments",
        columns=("Time", "Kind", "Explanation", "Usage", "Amount"),
        rows=tuple(
            (
                _time(each.at, zone),
                ADJUSTMENTS[each.kind],
                each.explanation,
                " ".join(text for text in (each.court_id, each.usage_id) if text),
                dollars(Cents(each.amount_cents)),
            )
            for each in statement.adjustments
        ),
    )
    yield Table(
        heading=f"Waiver, by the fee schedule of {statement.waiver_schedule_on.isoformat()}",
        columns=("Whose", "Waived up to", "Looked at", "Charged here", "Waived"),
        rows=tuple(_waiver_row(look) for look in statement.waivers),
    )
    names = {line.account_number: line.account_name for line in statement.lines}
    yield Table(
        heading="Subtotals",
        columns=("Member", "Court", "Client code", "Lines", "Gross", "Exempt", "Charged"),
        rows=tuple(_subtotal_row(subtotal, names) for subtotal in statement.subtotals),
    )
    yield Table(
        heading="Policies in force",
        columns=("Policy", "Value"),
        rows=tuple(_policy_row(*policy) for policy in msgspec.structs.asdict(statement.policies).items()),
    )


def _policy_row(name: str, value: bool | int | str) -> tuple[str, ...]:
    words = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return (name.replace("_", " "), words)


def _waiver_row(look: WaiverLook) -> tuple[str, ...]:
    looked_at = "not shown" if look.looked_at_cents is None else dollars(Cents(look.looked_at_cents))
    whose = "All charges of the firm" if look.account_number is None else f"Account {look.account_number}"
    amounts = (dollars(Cents(cents)) for cents in (look.charged_cents, look.waived_cents))
    return (whose, dollars(Cents(look.limit_cents)), looked_at, *amounts)


def _subtotal_row(subtotal: Subtotal, names: dict[str, str]) -> tuple[str, ...]:
    number, level = subtotal.account_number, subtotal.level
    return (
        "" if number is None else f"{names[number]} ({number})",
        "all" if subtotal.court_id is None else subtotal.court_id,
        "all" if level != "client_code" else subtotal.client_code or NO_CODE,
        str(subtotal.line_count),
        dollars(Cents(subtotal.gross_cents)),
        dollars(Cents(subtotal.exempt_cents)),
        dollars(Cents(subtotal.charged_cents)),
    )


def _usage_tables(statement: Statement, zone: ZoneInfo) -> Iterator[Table]:
    """One table a member for a firm (whose lines stand by member), else one in all."""
    if len(statement.lines) > ITEMISED_LINES_LIMIT:
        return
    for (number, name), lines in groupby(
        statement.lines, key=lambda line: (line.account_number, line.account_name)
    ):
        yield Table(
            heading=f"{name} ({number})",
            columns=USAGE_COLUMNS,
            rows=tuple(_usage_row(line, zone) for line in lines),
        )


def _usage_row(line: Line, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        _time(line.used_at, zone),
        line.court_id,
        line.client_code or "",
        f"{KINDS[line.kind]}: {line.description}" if line.description else KINDS[line.kind],
        line.case_number or "",
        "; ".join(_why(line)),
        "" if line.billed_pages is None else str(line.billed_pages),
        dollars(Cents(line.gross_cents)),
        dollars(Cents(line.exempt_cents)),
        dollars(Cents(line.charged_cents)),
        line.usage_id,
    )


def _why(line: Line) -> Iterator[str]:
    if line.byte_count is not None:
        yield f"{line.byte_count} bytes"
    if line.record_count is not None:
        yield f"{line.record_count} records"
    yield from (reason.replace("_", " ") for reason in line.reasons)
    yield f"schedule of {line.schedule_effective_on.isoformat()}"
    if line.is_prior_period:
        yield f"prior period {line.used_quarter}"


def _time(instant: datetime, zone: ZoneInfo) -> str:
    return in_zone(instant, zone).strftime("%Y-%m-%d %H:%M:%S %Z")

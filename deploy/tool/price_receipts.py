"""Prices a file of receipts anew and says where ours and the printed costs part."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from services.paa_billing.data import load_court_ids, load_fee_schedules
from services.paa_billing.data.rows import Row, RowError, read_rows, whole_number
from services.paa_billing.model import FeeSchedule, NotPriced, Usage, UsageKind
from services.paa_billing.prices import price, schedule_in_force
from shared.money import Cents, cents_from, decimal_text

COLUMNS = ("receipt_id", "court", "charged_at", "description", "billable_pages", "cost")
KINDS: dict[str, UsageKind] = {
    "Case Summary": "case_report",
    "Claims Activity Report": "non_case_report",
    "Claims Register": "claims_register",
    "Docket Report": "docket_report",
    "History/Documents": "docket_report",
    "List of Creditors": "list_of_creditors",
    "PDF Document": "document",
    "Search": "name_search",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt, read."""

    charged_at: datetime
    usage: Usage
    cost_cents: Cents


def price_receipts(path: Path, say: Callable[[str], None]) -> int:
    """Price each receipt of a CSV file, one at a time; answers the exit status.

    0: all agree. 1: some don't; the first is named by line, field, expected and found. 2: the file or a row
    can't be read; line and field are named, and nothing after it is looked at.
    """
    schedules, court_ids = load_fee_schedules(), load_court_ids()
    receipt_count = differing_count = 0
    try:
        for row in read_rows(path, COLUMNS):
            receipt_count += 1
            difference = _difference(row, schedules, court_ids)
            if difference and not differing_count:
                say(difference)
            differing_count += difference is not None
    except (OSError, RowError) as error:
        say(f"stopped: {error}")
        return 2
    say(f"{receipt_count - differing_count} of {receipt_count} receipts agree")
    return 1 if differing_count else 0


def _difference(row: Row, schedules: tuple[FeeSchedule, ...], court_ids: dict[str, str]) -> str | None:
    receipt = _read_receipt(row, court_ids)
    # Both the receipt's clock and the schedules' dates are business time, so that no offset comes into it.
    schedule = schedule_in_force(schedules, receipt.charged_at, UTC)
    if schedule is None:
        raise row.error("charged_at", "no fee schedule was in force")
    priced = price(receipt.usage, schedule)
    if isinstance(priced, NotPriced):
        raise row.error("billable_pages", priced.reason)
    if priced.charged_cents == receipt.cost_cents:
        return None
    expected, found = decimal_text(priced.charged_cents), decimal_text(receipt.cost_cents)
    return f"{row.file_name} line {row.line}, field cost: expected {expected}, found {found}"


def _read_receipt(row: Row, court_ids: dict[str, str]) -> Receipt:
    if (court := row.texts["court"]) not in court_ids:
        raise row.error("court", f"{court!r} is no CM/ECF code of a court")
    return Receipt(
        charged_at=row.read("charged_at", _instant),
        usage=Usage(kind=row.read("description", _kind), page_count=row.read("billable_pages", whole_number)),
        cost_cents=row.read("cost", cents_from),
    )


def _kind(description: str) -> UsageKind:
    # Courts print the form of a docket report behind it: "Docket Report (filtered)".
    name = "Docket Report" if description.startswith("Docket Report (") else description
    if name not in KINDS:
        raise ValueError(f"{description!r} is no known description")
    return KINDS[name]


def _instant(text: str) -> datetime:
    found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    if found.strftime("%Y-%m-%dT%H:%M:%S") != text:
        raise ValueError(f"{text!r} is not a time such as 2024-01-31T09:05:00")
    return found

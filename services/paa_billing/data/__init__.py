"""The shipped tables of billing: fee schedules, courts, and what proves the prices: examples and receipts."""

from datetime import date
from pathlib import Path
from typing import Literal

from services.paa_billing.data.rows import Row, RowError, read_rows, whole_number
from services.paa_billing.model import FeeSchedule
from shared.money import Cents

__all__ = ["PRICE_EXAMPLES", "RECEIPTS", "load_court_ids", "load_fee_schedules"]

FOLDER = Path(__file__).parent
FEE_SCHEDULES = FOLDER / "fee-schedules.csv"
COURTS = FOLDER / "courts.csv"
PRICE_EXAMPLES = FOLDER / "price-examples.csv"
RECEIPTS = FOLDER / "receipts.csv"

SCHEDULE_COLUMNS = (
    "effective_on",
    "page_cents",
    "document_cap_pages",
    "audio_file_cents",
    "waiver_cents",
    "waiver_period",
    "note",
)
COURT_COLUMNS = ("pcl_court_id", "cmecf_host_code", "type", "name", "time_zone")

WAIVER_PERIODS: dict[str, Literal["quarter", "year"]] = {"quarter": "quarter", "year": "year"}


def load_fee_schedules(path: Path = FEE_SCHEDULES) -> tuple[FeeSchedule, ...]:
    """All fee schedules, oldest first; a wrong row, or two of one date, is a RowError."""
    schedules: list[FeeSchedule] = []
    for row in read_rows(path, SCHEDULE_COLUMNS):
        schedule = _schedule(row)
        if schedules and schedule.effective_on <= schedules[-1].effective_on:
            raise RowError(path.name, row.line, "effective_on", "not later than the schedule before it")
        schedules.append(schedule)
    return tuple(schedules)


def load_court_ids(path: Path = COURTS) -> dict[str, str]:
    """The PACER id of each court by its CM/ECF host code; a code that occurs twice is a RowError."""
    court_ids: dict[str, str] = {}
    for row in read_rows(path, COURT_COLUMNS):
        code = row.texts["cmecf_host_code"]
        if code in court_ids:
            raise RowError(path.name, row.line, "cmecf_host_code", f"{code!r} is there twice")
        court_ids[code] = row.texts["pcl_court_id"]
    return court_ids


def _schedule(row: Row) -> FeeSchedule:
    return FeeSchedule(
        effective_on=row.read("effective_on", _date),
        page_cents=row.read("page_cents", _cents),
        document_cap_pages=row.read("document_cap_pages", _positive),
        audio_file_cents=row.read("audio_file_cents", lambda text: _cents(text) if text else None),
        waiver_cents=row.read("waiver_cents", _cents),
        waiver_period=row.read("waiver_period", _waiver_period),
        note=row.texts["note"],
    )


def _cents(text: str) -> Cents:
    return Cents(whole_number(text))


def _positive(text: str) -> int:
    if (number := whole_number(text)) == 0:
        raise ValueError("must be at least 1")
    return number


def _date(text: str) -> date:
    found = date.fromisoformat(text)
    if found.isoformat() != text:
        raise ValueError(f"{text!r} is not a date such as 2026-01-31")
    return found


def _waiver_period(text: str) -> Literal["quarter", "year"]:
    if text not in WAIVER_PERIODS:
        raise ValueError(f"{text!r} is none of {', '.join(WAIVER_PERIODS)}")
    return WAIVER_PERIODS[text]

"""The uses of the demonstration: 325 real receipts, moved into the demonstration's quarter."""

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from deploy.local.binaries import CHECKOUT
from shared.messages.paa_billing import UsageRecord

RECEIPTS = CHECKOUT / "services" / "paa_billing" / "data" / "receipts.csv"
COURTS = CHECKOUT / "services" / "linking" / "data" / "courts.csv"
KINDS = {
    "Docket Report": "docket_report",
    "Docket Report (filtered)": "docket_report",
    "Docket Report (full)": "docket_report",
    "History/Documents": "docket_report",
    "Case Summary": "case_report",
    "PDF Document": "document",
    "Claims Register": "claims_register",
    "List of Creditors": "list_of_creditors",
    "Claims Activity Report": "non_case_report",
    "Search": "name_search",
}


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One use: which court reports it, and what."""

    court_id: str
    record: UsageRecord


def court_ids(path: Path = COURTS) -> dict[str, str]:
    """PACER's court id by the court's own code."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["cmecf_host_code"]: row["pcl_court_id"] for row in csv.DictReader(file)}


def courts_of_receipts() -> tuple[str, ...]:
    """Every court that a receipt comes from."""
    known = court_ids()
    with RECEIPTS.open(newline="", encoding="utf-8") as file:
        return tuple(sorted({known[row["court"]] for row in csv.DictReader(file)}))


def spread(starts_at: datetime, ends_at: datetime, users: Sequence[str], rare_user: str) -> list[Use]:
    """All receipts as uses, evenly over the time, by turns of the users; every 25th is the rare user's.

    `users` and `rare_user` are account numbers.
    """
    known = court_ids()
    with RECEIPTS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    step = (ends_at - starts_at) / len(rows)
    return [
        Use(
            court_id=known[row["court"]],
            record=UsageRecord(
                usage_id=row["receipt_id"],
                account_number=rare_user if place % 25 == 0 else users[place % len(users)],
                used_at=_whole_second(starts_at + step * place),
                kind=KINDS[row["description"]],
                pages=int(row["billable_pages"]),
                description=row["description"],
                client_code=f"matter-{place % 3}",
            ),
        )
        for place, row in enumerate(rows)
    ]


def by_court(uses: Sequence[Use], since: datetime, until: datetime) -> dict[str, list[UsageRecord]]:
    """The uses from `since` up to but without `until`, by the court that reports them."""
    found: dict[str, list[UsageRecord]] = {}
    for use in uses:
        if since <= use.record.used_at < until:
            found.setdefault(use.court_id, []).append(use.record)
    return found


def _whole_second(instant: datetime) -> datetime:
    return instant - timedelta(microseconds=instant.microsecond)

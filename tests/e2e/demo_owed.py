"""What each payer of the demonstration owes, by few lines of its own that share nothing with the services."""

import csv
from collections import defaultdict
from datetime import datetime
from typing import Any

from tests.installation import ROOT

FEES = ROOT / "services" / "paa_billing" / "data" / "fee-schedules.csv"
CAPPED = {"docket_report", "case_report", "document", "claims_register", "list_of_creditors"}
PREPAID = {"Catawba Legal": 2_500}


def page_price_and_waiver(day: str) -> tuple[int, int]:
    with FEES.open(newline="") as file:
        row = [row for row in csv.DictReader(file) if row["effective_on"] <= day][-1]
    return int(row["page_cents"]), int(row["waiver_cents"])


def owed(result: dict[str, Any]) -> dict[str, int]:
    """What each payer owes, from the reported usages, the memberships and the fee table."""
    charged: dict[str, int] = defaultdict(int)
    for use in result["reported"]:
        page_cents, _ = page_price_and_waiver(use["used_at"][:10])
        pages = min(use["pages"], 30) if use["kind"] in CAPPED else max(use["pages"], 1)
        charged[payer(result, use)] += pages * page_cents
    _, waiver_cents = page_price_and_waiver("2019-12-31")
    due = {name: cents if cents > waiver_cents else 0 for name, cents in charged.items()}
    return {name: max(0, cents - PREPAID.get(name, 0)) for name, cents in due.items()}


def payer(result: dict[str, Any], use: dict[str, Any]) -> str:
    at = datetime.fromisoformat(use["used_at"])
    for membership in result["memberships"]:
        is_theirs = membership["account_number"] == use["account_number"]
        ends = membership["left_at"] and datetime.fromisoformat(membership["left_at"])
        if is_theirs and datetime.fromisoformat(membership["joined_at"]) <= at and (not ends or at < ends):
            return str(membership["firm"])
    return next(a["name"] for a in result["accounts"] if a["account_number"] == use["account_number"])

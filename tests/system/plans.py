"""What payers do in a quarter, as hypothesis draws it; and what their statements must say, computed anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from shared.messages.paa_billing import UsageRecord
from tests.system.asking import PatientPerson

COURTS = ("ncwbk", "gubk")
PAGE_CENTS, WAIVER_CENTS, CAP_PAGES = 10, 3_000, 30
CAPPED, UNCAPPED, FREE = ("document", "docket_report"), ("transcript", "name_search"), ("opinion",)
AMOUNTS = ("gross_cents", "exempt_cents", "waived_cents", "credited_cents", "newly_due_cents")
Reported = tuple[str, UsageRecord]
"""A use, and the court that reports it."""


@dataclass(frozen=True)
class Use:
    """One use; when it was is told in minutes."""

    court_id: str
    kind: str
    pages: int
    minute: int
    client_code: str


@dataclass(frozen=True)
class Plan:
    """What a payer does in a quarter: uses, a payment beforehand, freedom from charges at a court."""

    uses: list[Use]
    paid_cents: int
    exempt_court: str | None


USES = st.lists(
    st.builds(
        Use,
        court_id=st.sampled_from(COURTS),
        kind=st.sampled_from((*CAPPED, *UNCAPPED, *FREE)),
        pages=st.integers(1, 120),
        minute=st.integers(0, 600),
        client_code=st.sampled_from(("", "matter-1")),
    ),
    min_size=1,
    max_size=8,
)
PLANS = st.lists(
    st.builds(
        Plan,
        uses=USES,
        paid_cents=st.sampled_from((0, 1, 2_500, 9_000)),
        exempt_court=st.sampled_from((None, COURTS[0])),
    ),
    min_size=4,
    max_size=6,
)


def records_of(person: PatientPerson, uses: Sequence[Use], since: datetime) -> list[Reported]:
    """The uses as their courts report them."""
    begin = since.replace(microsecond=0)
    return [
        (
            use.court_id,
            UsageRecord(
                usage_id=f"{person.user_name} {place}",
                account_number=person.account_number,
                used_at=begin + timedelta(minutes=use.minute),
                kind=use.kind,
                pages=use.pages,
                client_code=use.client_code,
            ),
        )
        for place, use in enumerate(uses)
    ]


def expected_amounts(plan: Plan) -> tuple[int, ...]:
    """Gross, exempt, waived, credited and newly due cents of a plan."""
    cents = [(use.court_id, _price_of(use)) for use in plan.uses]
    gross = sum(each for _, each in cents)
    exempt = sum(each for court_id, each in cents if court_id == plan.exempt_court)
    charged = gross - exempt
    waived = charged if charged <= WAIVER_CENTS else 0
    credited = min(plan.paid_cents, charged - waived)
    return gross, exempt, waived, credited, charged - waived - credited


def stated_amounts(statement: dict[str, Any]) -> tuple[int, ...]:
    """The same as a statement says it."""
    return tuple(statement["totals"][name] for name in AMOUNTS)


def anonymous(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement without what tells two people apart: who they are, numbers, ids, a payment's instant."""
    lines = [
        {
            **line,
            "account_number": "",
            "account_name": "",
            "usage_id": line["usage_id"].rpartition(" ")[2],
            "exemption_id": line["exemption_id"] is not None,
        }
        for line in statement["lines"]
    ]
    adjustments = [{**each, "id": "", "at": "", "explanation": ""} for each in statement["adjustments"]]
    parts = {
        name: [{**part, "account_number": ""} for part in statement[name]]
        for name in ("subtotals", "waivers")
    }
    rest = {name: value for name, value in statement.items() if name not in ("number", "payer")}
    return {**rest, **parts, "lines": lines, "adjustments": adjustments}


def _price_of(use: Use) -> int:
    if use.kind in FREE:
        return 0
    return PAGE_CENTS * (min(use.pages, CAP_PAGES) if use.kind in CAPPED else use.pages)

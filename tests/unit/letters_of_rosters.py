"""The letters that follow from a court's roster: whom each goes to, and what it says."""

from typing import Any
from uuid import uuid4

from services.notify.rules import rosters
from shared.messages.linking import (
    FilingAccountGone,
    FilingAccountReturned,
    RosterCounts,
    RosterFinished,
)
from tests.messaging import NOON
from tests.unit.letters import PERSON, Expected

LINK: dict[str, Any] = {
    "link_id": uuid4(),
    "account_id": PERSON,
    "court_id": "ncwbk",
    "filing_account_id": uuid4(),
    "role": "us_trustee",
}
COUNTS = RosterCounts(rows=1200, added=1000, changed=50, unchanged=140, refused=10, unnamed=1, wrapped=900)

EXPECTED: list[Expected] = [
    (
        rosters.roster_loaded,
        RosterFinished(
            roster_id=uuid4(),
            court_id="ncwbk",
            counts=COUNTS,
            gone=0,
            gone_while_linked=0,
            finished_at=NOON,
            remark="Handed over by the clerk's office",
        ),
        {"roster_loaded_court": "help@ncwb.example"},
    ),
    (
        rosters.filing_account_gone,
        FilingAccountGone(**LINK, gone_at=NOON),
        {"filing_account_gone": "ann@example.org"},
    ),
    (
        rosters.filing_account_returned,
        FilingAccountReturned(**LINK, returned_at=NOON),
        {"filing_account_returned": "ann@example.org"},
    ),
]

COURT = {"court_name": "Kentucky Western Bankruptcy Court", "help_desk": "(555) 010-0100, 9 AM to 4 PM"}
SAMPLES: dict[str, dict[str, Any]] = {
    "roster_loaded_court": {
        "court_name": COURT["court_name"],
        "finished_at": "February 1, 2024, 1:00 PM EST",
        "loaded_by": "the operator",
        "remark": "Handed over by the clerk's office & <checked>",
        "rows": "1,200",
        "added": "1,000",
        "changed": "50",
        "unchanged": "140",
        "refused": "10",
        "unnamed": "1",
        "gone": "12",
        "gone_while_linked": "3",
    },
    "filing_account_gone": {**COURT, "role": "U.S. trustee", "gone_at": "February 1, 2024, 1:00 PM EST"},
    "filing_account_returned": {
        **COURT,
        "role": "U.S. trustee",
        "returned_at": "February 1, 2024, 1:00 PM EST",
    },
}
"""The facts of each kind of letter, as a template gets them."""

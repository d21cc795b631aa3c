"""The letters on what helps when linking doesn't just work: whom each goes to, and what it says."""

from typing import Any
from uuid import uuid4

from services.notify.rules import filing
from shared.messages.linking.codes import LinkingCodeIssued
from shared.messages.linking.conflicts import ConflictSettled
from shared.messages.linking.requests import FilingRequestDecided, FilingRequestMade
from tests.messaging import NOON
from tests.unit.letters import ADMINISTRATOR, PERSON, SEALED, Expected

AT_COURT: dict[str, Any] = {"court_id": "ncwbk", "actor_account_id": uuid4()}
A_CODE: dict[str, Any] = {
    **AT_COURT,
    "code_id": uuid4(),
    "filing_account_id": uuid4(),
    "issued_at": NOON,
    "expires_at": NOON,
    "recipient": SEALED,
}
A_REQUEST: dict[str, Any] = {"request_id": uuid4(), "account_id": PERSON, "role": "attorney"}
A_CONFLICT: dict[str, Any] = {
    **AT_COURT,
    "conflict_id": uuid4(),
    "filing_account_id": uuid4(),
    "role": "attorney",
    "holder_account_id": ADMINISTRATOR,
    "claimant_account_id": PERSON,
    "settled_at": NOON,
}

EXPECTED: list[Expected] = [
    (
        filing.linking_code_issued,
        LinkingCodeIssued(**A_CODE, way="mailed", code=SEALED),
        {"linking_code": "(sealed)"},
    ),
    (
        filing.linking_code_issued,
        LinkingCodeIssued(**A_CODE, way="in_person"),
        {"linking_code_given": "(sealed)"},
    ),
    (
        filing.filing_request_made,
        FilingRequestMade(**A_REQUEST, court_id="ncwbk", asked_at=NOON),
        {"filing_request_court": "help@ncwb.example"},
    ),
    (
        filing.filing_request_decided,
        FilingRequestDecided(**A_REQUEST, **AT_COURT, decision="accepted", decided_at=NOON),
        {"filing_request_accepted": "ann@example.org"},
    ),
    (
        filing.filing_request_decided,
        FilingRequestDecided(
            **A_REQUEST, **AT_COURT, decision="refused", decided_at=NOON, reason="Not admitted to this bar"
        ),
        {"filing_request_refused": "ann@example.org"},
    ),
    (
        filing.conflict_settled,
        ConflictSettled(**A_CONFLICT, decision="keep_holder"),
        {"conflict_kept_holder": "bob@firm.example", "conflict_kept_claimant": "ann@example.org"},
    ),
    (
        filing.conflict_settled,
        ConflictSettled(**A_CONFLICT, decision="unlink_holder"),
        {"conflict_unlinked_claimant": "ann@example.org"},
    ),
]

COURT = {"court_name": "Kentucky Western Bankruptcy Court", "help_desk": "(555) 010-0100, 9 AM to 4 PM"}
ROLE = {**COURT, "role": "U.S. trustee"}
CODE = {**COURT, "code_ends": "February 8, 2024, 1:00 PM EST"}

SAMPLES: dict[str, dict[str, Any]] = {
    "linking_code": {**CODE, "code": "7QK2-9XYM-40TD-R3GV"},
    "linking_code_given": CODE,
    "filing_request_court": {
        "court_name": COURT["court_name"],
        "role": "U.S. trustee",
        "asked_at": "February 1, 2024, 1:00 PM EST",
        "request": "018d-83",
    },
    "filing_request_accepted": ROLE,
    "filing_request_refused": {**ROLE, "reason": "Not admitted to the bar of this court & <sorry>"},
    "conflict_kept_holder": ROLE,
    "conflict_kept_claimant": ROLE,
    "conflict_unlinked_claimant": ROLE,
}

"""What a court reads of the usage that was set aside: sentences, with record and field."""

import ast
from pathlib import Path
from typing import get_args, get_type_hints
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.notify.model import Court, Directory
from services.notify.rules import usage
from services.paa_billing.model import NotPriced
from services.paa_billing.rules.blame import WRONG_TYPE
from shared.messages.paa_billing import UsageBatchParked, UsageBatchSettled, UsageQuarantined
from tests.messaging import NOON

BILLING = Path("services/paa_billing")
NAMING = {"Blame", "refuse_use"}
COURT = Court(
    court_id="ncwbk",
    name="North Carolina Western Bankruptcy Court",
    time_zone="America/New_York",
    help_desk="(555) 010-0100",
    contact_email="help@ncwb.example",
)


def sentence_of(record: UsageQuarantined) -> str:
    settled = UsageBatchSettled(
        court_id="ncwbk", batch_id=uuid4(), booked=0, duplicate=0, waiting=0, quarantined=(record,)
    )
    directory = Directory(contacts={}, found_court=COURT, business_zone=ZoneInfo("America/Chicago"))
    (letter,) = usage.usage_quarantined(settled, directory)
    return letter.details["records"][0]


def constants_in(node: ast.AST) -> set[str]:
    return {
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def reasons_given_in(path: Path) -> set[str]:
    """The last argument of all that names a reason, and what `_why_wrong` answers."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMING:
            found |= constants_in(node.args[-1])
        if isinstance(node, ast.FunctionDef) and node.name == "_why_wrong":
            found |= constants_in(node)
    return found


def every_reason() -> set[str]:
    of_prices = set(get_args(get_type_hints(NotPriced)["reason"]))
    sources = [*BILLING.glob("rules/*.py"), *BILLING.glob("handlers/*.py")]
    return of_prices.union(WRONG_TYPE.values(), *(reasons_given_in(path) for path in sources))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            UsageQuarantined(index=0, usage_id="U-3", field="pages", reason="negative"),
            'Record 1 (usage id U-3): the field "pages" is negative.',
        ),
        (
            UsageQuarantined(index=499, usage_id=None, field="", reason="not_json"),
            "Record 500 (its usage id can't be read): the record is not JSON.",
        ),
        (
            UsageQuarantined(index=1, usage_id="U-4", field="", reason="unknown_field"),
            "Record 2 (usage id U-4): one of its fields is not one that belongs to a record.",
        ),
        (
            UsageQuarantined(index=2, usage_id="U-5", field="kind", reason="new_reason"),
            'Record 3 (usage id U-5): the field "kind" was refused (new_reason).',
        ),
    ],
)
def test_a_record_is_told_in_a_sentence_and_counted_from_one(record: UsageQuarantined, expected: str) -> None:
    assert sentence_of(record) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("undecodable", "It is not the JSON of a batch of at most 500 records in at most 256 KiB."),
        ("new_reason", "It could not be handled (new_reason)."),
    ],
)
def test_a_parked_batch_is_told_by_its_message_id(reason: str, expected: str) -> None:
    parked = UsageBatchParked(court_id="ncwbk", message_id=uuid4(), reason=reason, parked_at=NOON)
    directory = Directory(contacts={}, found_court=COURT, business_zone=ZoneInfo("America/Chicago"))

    (letter,) = usage.usage_parked(parked, directory)

    assert (letter.details["message_id"], letter.details["why"]) == (str(parked.message_id), expected)
    assert letter.details["parked_at"] == "February 1, 2024, 1:00 PM EST"


def test_every_reason_that_billing_gives_has_words() -> None:
    assert every_reason() == {*usage.OF_THE_RECORD, *usage.OF_A_FIELD}

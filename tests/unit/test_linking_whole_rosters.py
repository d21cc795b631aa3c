"""When a roster is finished: not one row missing, and not too many gone unasked."""

from typing import Any
from uuid import uuid4

import pytest

from services.linking.model.rosters import Roster, RosterEntry, StoredEntry
from services.linking.rules.roster import decide_changes, keep_what_is_hashed
from services.linking.rules.whole_rosters import decide_finish
from shared.messages.linking import FinishRoster, RosterCounts
from tests.messaging import NOON

ROSTER = Roster(
    id=uuid4(),
    court_id="ncwbk",
    begun_at=NOON,
    begun_by_account_id=None,
    remark="",
    state="open",
    ended_at=None,
    counts=None,
    gone_count=None,
)


def reason_of(present: int, unnamed_present: int, *, row_count: int = 5, unnamed: int = 0, **how: Any) -> Any:
    command = FinishRoster(court_id="ncwbk", roster_id=ROSTER.id, row_count=row_count, **how)
    counts = RosterCounts(rows=5, unnamed=unnamed)
    refused = decide_finish(command, ROSTER, counts, present, unnamed_present, 10)
    return None if refused is None else refused.reason


@pytest.mark.parametrize(
    ("present", "going", "reason"),
    [
        (10, 10, None),
        (11, 11, "too_many_gone"),
        (109, 10, None),
        (109, 11, "too_many_gone"),
        (110, 11, None),
        (1000, 100, None),
        (1000, 101, "too_many_gone"),
    ],
)
def test_a_tenth_or_ten_may_go_unasked_and_one_more_may_not(
    present: int, going: int, reason: str | None
) -> None:
    assert reason_of(present, going) == reason
    assert reason_of(present, going, is_large_removal_meant=True) is None


def test_a_row_too_few_or_too_many_keeps_it_open_whatever_is_meant() -> None:
    assert reason_of(5, 0, row_count=5) is None
    assert reason_of(5, 0, row_count=4, is_large_removal_meant=True) == "rows_missing"
    assert reason_of(5, 0, row_count=6, is_large_removal_meant=True) == "rows_missing"
    assert reason_of(5, 0, row_count=0, is_large_removal_meant=True) == "no_rows"


def test_where_nobody_will_be_gone_nobody_has_to_be_asked() -> None:
    assert reason_of(1000, 900, unnamed=1) is None


def test_what_another_load_changed_meanwhile_stays_as_that_load_made_it() -> None:
    entries = [
        RosterEntry(line=n, login=f"l{n}", name="N", email="e@c.example", role="party", verifier="md5$0")
        for n in (2, 3)
    ]
    stored = {
        entry.login: StoredEntry(
            id=uuid4(),
            login=entry.login,
            name="N",
            email="e@c.example",
            role="party",
            roster_digest=b"other",
            is_linked=False,
            is_gone=False,
        )
        for entry in entries
    }

    changes = decide_changes(entries, stored, {"l2": b"two", "l3": b"three"})
    kept = keep_what_is_hashed(changes, {"l3"})

    assert [entry.login for entry in changes.with_new_verifier] == ["l2", "l3"]
    assert [entry.login for entry in kept.with_new_verifier] == ["l3"]
    assert [entry.login for entry in kept.unchanged] == ["l2"]

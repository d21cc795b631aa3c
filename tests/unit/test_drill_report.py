"""The drill's own arithmetic: what is lost or doubled is seen."""

from collections import Counter

import pytest

from tests.faults.drill_report import Books, Count, compare


@pytest.mark.parametrize(
    ("accepted", "effects", "expected"),
    [
        pytest.param(["a", "b"], ["a", "b"], (2, 2, 0, 0), id="each once"),
        pytest.param(["a", "b"], ["a"], (2, 1, 1, 0), id="one is lost"),
        pytest.param(["a", "b"], ["a", "b", "b"], (2, 1, 0, 1), id="one is doubled"),
        pytest.param(["a"], ["a", "x"], (1, 1, 0, 1), id="an effect of nothing"),
        pytest.param(["a", "b"], ["a", "a"], (2, 0, 1, 1), id="one lost, one doubled"),
    ],
)
def test_each_accepted_thing_is_compared_with_its_effects(
    accepted: list[str], effects: list[str], expected: tuple[int, int, int, int]
) -> None:
    wanted, done_once, lost, doubled = expected

    found = compare(accepted, Counter(effects))

    assert found == Count(accepted=wanted, done_once=done_once, lost=lost, doubled=doubled)
    assert found.is_clean is (lost == doubled == 0)


def test_what_was_answered_and_has_no_effect_to_look_for_is_not_clean() -> None:
    assert not Count(accepted=3, done_once=2, lost=0, doubled=0).is_clean


@pytest.mark.parametrize("name", Books.__struct_fields__)
def test_one_cent_off_anywhere_in_the_books_is_seen(name: str) -> None:
    cents = {
        "lines_cents": 900,
        "fees_cents": 900,
        "stated_cents": 900,
        "waived_cents": 300,
        "waived_stated_cents": 300,
        "due_cents": 600,
        "due_stated_cents": 600,
    }

    assert Books(**cents).is_clean
    assert not Books(**{**cents, name: cents[name] + 1}).is_clean

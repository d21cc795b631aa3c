"""What the benchmarks make of what they measured."""

import json

import pytest

from benchmarks.edge_pages import must_keep_up
from benchmarks.installation import BenchmarkError
from benchmarks.report import Comparison, Goal, Report, compare, percentile
from benchmarks.wrk import read_outcomes


def compared(bound: float, *, is_upper: bool = True) -> Comparison:
    ours = [{"p50_ms": 3.0}, {"p50_ms": 40.0}, {"p50_ms": 5.0}]
    peer = [{"p50_ms": 2.0}, {"p50_ms": 20.0}, {"p50_ms": 5.0}]
    goal = Goal(bound=bound, is_upper=is_upper)
    return compare("1 caller", ours, peer, beside="peer", compared="p50_ms", goal=goal)


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 1.0), (50, 2.0), (51, 3.0), (75, 3.0), (99, 4.0), (100, 4.0)]
)
def test_a_percentile_is_the_nearest_rank_and_always_a_sample(percent: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == expected


def test_the_ratio_is_the_median_of_the_rounds_ratios_and_not_that_of_the_medians() -> None:
    comparison = compared(1.5)

    assert (comparison.ratio.lowest, comparison.ratio.median, comparison.ratio.highest) == (1.0, 1.5, 2.0)
    assert comparison.ours == {"p50_ms": 5.0}
    assert comparison.other == {"p50_ms": 5.0}


@pytest.mark.parametrize(
    ("bound", "is_upper", "is_met"),
    [(1.5, True, True), (1.49, True, False), (1.5, False, True), (1.51, False, False)],
)
def test_a_goal_is_met_at_its_bound_and_missed_beyond(bound: float, is_upper: bool, is_met: bool) -> None:
    assert compared(bound, is_upper=is_upper).is_goal_met is is_met


def test_a_missed_goal_is_said_and_json_has_the_first_ratio_at_its_top() -> None:
    report = Report(
        benchmark="request_reply", conditions={"cores": "2"}, comparisons=(compared(1.4), compared(1.6))
    )

    assert "goal: at most 1.4, MISSED" in report.lines()[-4]
    assert json.loads(report.json())["ratio_to_peer"] == 1.5
    assert "\n" not in report.json()


def test_what_has_no_goal_is_shown_and_neither_met_nor_missed() -> None:
    shown = compare("x", [{"a": 1.0}], [{"a": 4.0}], beside="bare insert", compared="a")
    report = Report(benchmark="usage_intake", conditions={}, comparisons=(compared(1.5), shown))

    assert report.lines()[-1].endswith("ours / bare insert in a: 0.25 (rounds: 0.25 to 0.25)")
    assert json.loads(report.json())["ratio_to_bare_insert"] == 0.25
    assert shown.is_goal_met is None


def test_sides_with_unequal_rounds_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compare("x", [{"a": 1.0}, {"a": 1.0}], [{"a": 1.0}], beside="peer", compared="a")


def told_by_wrk(other: int) -> bytes:
    counted = {"given": 800, "busy": 3, "other": other, "seconds": 4.0, "p50_ms": 5.5, "p99_ms": 21.0}
    return b"Running 4s test\n" + json.dumps(counted).encode() + b"\n"


def test_of_what_wrk_counts_only_what_was_given_makes_the_rate() -> None:
    outcomes = read_outcomes(told_by_wrk(other=0))

    assert outcomes.figures == {"p50_ms": 5.5, "p99_ms": 21.0, "per_second": 200.0}


def test_one_answer_that_was_not_asked_for_fails_the_run() -> None:
    with pytest.raises(BenchmarkError, match="neither what was asked for nor busy"):
        read_outcomes(told_by_wrk(other=1))


@pytest.mark.parametrize("achieved", [96.1, 100.0, 103.9])
def test_a_rate_a_few_percent_off_is_kept(achieved: float) -> None:
    must_keep_up(achieved, 100)


@pytest.mark.parametrize("achieved", [0.0, 95.9, 104.1])
def test_a_run_that_did_not_keep_its_rate_fails(achieved: float) -> None:
    with pytest.raises(BenchmarkError, match=r"pages a second instead of 100"):
        must_keep_up(achieved, 100)

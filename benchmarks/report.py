"""The report of a benchmark: medians over its rounds, and the ratio that counts, as text or as JSON."""

import argparse
import asyncio
import math
import signal
import statistics
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import msgspec
import uvloop

Figures = Mapping[str, float]
"""What was measured in one round, by name; the unit is in the name."""


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """Ours divided by the other: the median of all rounds, and how far they lie apart."""

    median: float
    lowest: float
    highest: float


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """The bound for the median ratio."""

    bound: float
    is_upper: bool

    def is_met_by(self, ratio: Ratio) -> bool:
        return ratio.median <= self.bound if self.is_upper else ratio.median >= self.bound

    def __str__(self) -> str:
        return f"{'at most' if self.is_upper else 'at least'} {self.bound:g}"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Ours and the other under the same load; each figure is the median of the rounds.

    `beside` says what the other is: `peer`, `limit`, or another name. Without a goal it is only shown.
    """

    case: str
    beside: str
    rounds: int
    ours: Figures
    other: Figures
    compared: str
    ratio: Ratio
    goal: Goal | None
    is_goal_met: bool | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All comparisons of one run, and the conditions in which they were made."""

    benchmark: str
    conditions: Mapping[str, str]
    comparisons: tuple[Comparison, ...]

    def lines(self) -> list[str]:
        """The report for a person."""
        shown = ", ".join(f"{name} {value}" for name, value in self.conditions.items())
        lines = [f"{self.benchmark} ({shown})"]
        for each in self.comparisons:
            lines.append(f"  {each.case}, medians of {each.rounds} rounds{'ours':>14}{each.beside:>20}")
            lines += [f"    {n:<34}{each.ours[n]:>12.2f}{each.other[n]:>20.2f}" for n in each.ours]
            spread = f"{each.ratio.lowest:.2f} to {each.ratio.highest:.2f}"
            verdict = f"; goal: {each.goal}, {'met' if each.is_goal_met else 'MISSED'}" if each.goal else ""
            lines.append(
                f"    ours / {each.beside} in {each.compared}: {each.ratio.median:.2f} (rounds: {spread})"
                + verdict
            )
        return lines

    def json(self) -> str:
        """The report for a machine, on one line; `ratio_to_...` at its top is that of the first such case."""
        plain = msgspec.to_builtins(self)
        for each in self.comparisons:
            plain.setdefault(f"ratio_to_{each.beside.replace(' ', '_')}", each.ratio.median)
        return msgspec.json.encode(plain).decode()


def compare(
    case: str,
    ours: Sequence[Figures],
    other: Sequence[Figures],
    *,
    beside: str,
    compared: str,
    goal: Goal | None = None,
) -> Comparison:
    """Compare two sides round by round, since what disturbs the machine disturbs both halves of a round."""
    ratios = [mine[compared] / theirs[compared] for mine, theirs in zip(ours, other, strict=True)]
    ratio = Ratio(median=statistics.median(ratios), lowest=min(ratios), highest=max(ratios))
    return Comparison(
        case=case,
        beside=beside,
        rounds=len(ratios),
        ours=_medians(ours),
        other=_medians(other),
        compared=compared,
        ratio=ratio,
        goal=goal,
        is_goal_met=None if goal is None else goal.is_met_by(ratio),
    )


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that so many percent of the samples don't pass (nearest rank)."""
    return sorted(samples)[max(1, math.ceil(len(samples) * percent / 100)) - 1]


def run_once(measure: Callable[[], Coroutine[Any, Any, Report]]) -> Report:
    """Run a benchmark in a loop of its own. An interrupt or SIGTERM cancels it, so that it clears up."""
    return uvloop.run(_until_a_signal(measure()))


def main(measure: Callable[[], Coroutine[Any, Any, Report]], description: str | None) -> None:
    """The command line of one benchmark."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print the report as JSON too, on the last line")
    arguments = parser.parse_args()
    report = run_once(measure)
    print(*report.lines(), sep="\n")
    if arguments.json:
        print(report.json())


def _medians(rounds: Sequence[Figures]) -> dict[str, float]:
    return {name: statistics.median(figures[name] for figures in rounds) for name in rounds[0]}


async def _until_a_signal(measuring: Coroutine[Any, Any, Report]) -> Report:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(measuring)
        signals: list[str] = []

        def stop(number: signal.Signals) -> None:
            signals.append(number.name)
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
        await asyncio.wait((task,))
    if task.cancelled():
        # The client library cancels who waits on a connection that it has lost.
        reason = signals[0] if signals else "a lost connection"
        raise SystemExit(f"interrupted by {reason}: nothing was measured")
    return task.result()

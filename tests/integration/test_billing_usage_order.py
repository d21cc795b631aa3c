"""However courts cut their uses into batches, and in whatever order these come, the lines are the same."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import LeaveFirm, UsageBatchSettled
from shared.messaging.registry import Service
from tests.billing import (
    Holder,
    a_batch,
    a_firm,
    a_person,
    a_use,
    an_account,
    do_due_work,
    join,
    lines_of,
    opened,
    report,
    report_together,
    resources,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
COURTS = (f"ex{number}" for number in itertools.count())
"""A court for each example: ids are unique within one, so that examples can share a database."""


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


@pytest.fixture
async def uses(place: Workplace) -> list[dict[str, Any]]:
    """Uses before, while, after a firm pays; long ago, free, capped, wrong, corrected, of a late account."""
    firm, person, other = await a_firm(place), await a_person(place), await a_person(place)
    await join(place, firm, person)
    place.clock.forward(minutes=10)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    return [
        *[a_use(person, NOON + timedelta(minutes=n), usage_id=f"minute {n}") for n in (-5, 0, 5, 10)],
        *[a_use(other, usage_id=f"pages {n}", pages=n) for n in (29, 31)],
        a_use(other, usage_id="bytes", kind="docket_report", pages=None, bytes=4321),
        a_use(other, usage_id="free", kind="opinion"),
        a_use(other, datetime(2012, 3, 31, tzinfo=UTC), usage_id="old", kind="name_search"),
        a_use(other, usage_id="wrong", pages=-1),
        a_use(other, usage_id="bytes", kind="docket_report", pages=None),
        a_use(person, usage_id="minute 0", pages=None),
        a_use("", usage_id="late"),
    ]


async def booked_as(
    place: Workplace, batches: list[list[dict[str, Any]]], known_before: int
) -> list[dict[str, Any]]:
    """The lines that batches become if the late account becomes known before one of them."""
    court, late = next(COURTS), Holder(changed=an_account())
    for number, batch in enumerate(batches):
        if number == known_before:
            await place.send(late.changed)
        await report(
            place,
            *[use | ({"account_number": late.number} if use["usage_id"] == "late" else {}) for use in batch],
            court_id=court,
        )
    await place.send(late.changed.with_changes(version=2))
    await do_due_work(place)
    lines = [line for line in await lines_of(place) if line.pop("court_id") == court]
    for line in lines:
        for field in ("account_id", "payer_id"):
            line[field] = "late" if line[field] == late.account_id else line[field]
    return lines


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_batches_of_any_size_and_order_give_the_same_lines(
    place: Workplace, uses: list[dict[str, Any]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(uses))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(uses) - 1), max_size=5)))
    batches = [order[begin:end] for begin, end in itertools.pairwise([0, *cuts, len(uses)])]
    repeated = data.draw(st.lists(st.sampled_from(batches), max_size=2))

    together = await booked_as(place, [uses], known_before=0)
    apart = await booked_as(place, [*batches, *repeated], data.draw(st.integers(0, len(batches))))

    assert len(together) == len({use["usage_id"] for use in uses}) - 1
    assert apart == together


CONTENTS: list[dict[str, Any]] = [{"pages": 3}, {"pages": 4}, {"pages": None}, {"pages": 0}]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    picked=st.lists(
        st.tuples(st.sampled_from(["u1", "u2"]), st.sampled_from(CONTENTS), st.booleans()),
        min_size=16,
        max_size=16,
    ),
)
async def test_batches_in_one_pass_have_the_outcome_of_batches_one_by_one(
    place: Workplace, sizes: list[int], picked: list[tuple[str, dict[str, Any], bool]]
) -> None:
    person = await a_person(place)
    records = iter(
        a_use(person if is_known else "9999999", usage_id=usage_id, **content)
        for usage_id, content, is_known in picked
    )
    batches = [list(itertools.islice(records, size)) for size in sizes]
    group, alone = next(COURTS), next(COURTS)

    together = await report_together(place, *[a_batch(*batch, court_id=group) for batch in batches])
    one_by_one = [await report(place, *batch, court_id=alone) for batch in batches]

    assert [what_became(each) for each in together] == [what_became(each) for each in one_by_one]
    lines = {group: [], alone: []}
    for line in await lines_of(place):
        lines.setdefault(line.pop("court_id"), []).append(line)
    assert lines[group] == lines[alone]


def what_became(settled: UsageBatchSettled) -> dict[str, Any]:
    """An answer without what differs with each batch."""
    return {k: v for k, v in msgspec.to_builtins(settled).items() if k not in ("court_id", "batch_id")}

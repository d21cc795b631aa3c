"""A process killed at every await of its work: once others have run, nothing is lost and nothing is doubled.

For each way of a message there is a chain of processes. The first is killed as it begins, the next one point
later, and so on, until one gets to the end: so the number of points is found and not guessed. Each has fresh
messages, and what the one before it left. The run's summary says how many points there were (`conftest.py`).
"""

from collections.abc import Callable

import pytest

from deploy.tool.redriving import redrive
from deploy.tool.stepping import Pace
from tests.faults.chains import WAYS, crash_on, crash_while_redriving
from tests.faults.conftest import KILLED_AT
from tests.faults.redrive_process import OnlyAccounts
from tests.faults.stage import NOTHING_WRONG, Stage
from tests.operating import an_order

Tell = Callable[[str, object], None]
PARKED = "SELECT body, settled_at FROM parked_messages WHERE position($1::bytea IN body) > 0"


@pytest.mark.parametrize("kind", [kind for kind in WAYS if kind != "park"])
async def test_killed_at_each_await_nothing_is_lost_and_nothing_doubled(
    stage: Stage, kind: str, record_property: Tell
) -> None:
    chain = await crash_on(stage, kind)
    await stage.finish(chain.words(), kind)

    assert await stage.compare(kind, chain.words()) == NOTHING_WRONG
    assert await stage.scene.rows("accounts", PARKED, kind.encode()) == []
    record_property(f"{KILLED_AT} {kind}", chain.points)


async def test_killed_at_each_await_of_parking_each_message_is_kept_once(
    stage: Stage, record_property: Tell
) -> None:
    chain = await crash_on(stage, "park")
    expected = sorted(outgoing.body for outgoing in chain.accepted)

    async def are_parked() -> bool:
        return {bytes(row["body"]) for row in await parked()} >= set(expected)

    async def parked() -> list[dict[str, bytes]]:
        return await stage.scene.rows("accounts", PARKED, b"park")

    await stage.work_until(are_parked, "all are parked")

    assert sorted(bytes(row["body"]) for row in await parked()) == expected
    record_property(f"{KILLED_AT} park", chain.points)


async def test_killed_at_each_await_of_a_redrive_nothing_is_lost_and_nothing_doubled(
    stage: Stage, record_property: Tell
) -> None:
    chain = await crash_while_redriving(stage)
    place = OnlyAccounts(stage.scene.urls["accounts"], stage.scene.installation.broker_url("accounts"))
    order = an_order(pace=Pace(step=100, rate=500, wait=60), reason="failed")

    async def is_redriven() -> bool:
        return await redrive(place, ["accounts"], order, print) == 0

    await stage.work_until(is_redriven, "a redrive comes through")
    await stage.finish(chain.words(), "redrive")

    assert await stage.compare("redrive", chain.words()) == NOTHING_WRONG
    rows = await stage.scene.rows("accounts", PARKED, b"redrive")
    assert len(rows) == len(chain.accepted)
    assert all(row["settled_at"] for row in rows)
    record_property(f"{KILLED_AT} redrive", chain.points)

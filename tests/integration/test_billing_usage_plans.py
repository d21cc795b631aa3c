"""Reported ids cost an index look-up each, also while the statistics know nothing of the table."""

from collections.abc import Awaitable, Callable
from typing import Any

from services.paa_billing.service import SERVICE
from services.paa_billing.store import usage
from shared.messaging.registry import Service
from tests.billing import COURT, opened, resources
from tests.integration.test_billing_close_plans import plan_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


async def test_each_reported_id_is_looked_up_by_court_and_id(workplace_of: Make) -> None:
    place = await opened(await workplace_of(SERVICE, resources()))

    async with place.pool.acquire() as connection:
        plan = await plan_of(usage.find_digests, connection, [(COURT, "u1"), (COURT, "u2")])

    lines = plan.splitlines()
    conditions = [line for line in lines if "Index Cond" in line and "usage_id = asked.usage_id" in line]
    assert len(conditions) == 2, plan
    assert [line for line in lines if "Seq Scan" in line] == [], plan

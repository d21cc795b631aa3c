"""Batches of one id: of two courts, or of one that sends it over AMQP and over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import UsageBatchSettled
from shared.messaging.registry import Service
from tests.billing import COURT, a_batch, a_person, a_use, an_account, do_due_work, opened, resources
from tests.integration.reported_builders import OTHER_COURT, a_report, of_a_court, report, shown
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_a_batch_that_came_over_amqp_too_has_all_its_answers_there(place: Workplace) -> None:
    uses = [a_use(an_account().account_number) for _ in range(2)]
    over_http = a_report(*uses)
    over_amqp = msgspec.structs.replace(a_batch(*uses), batch_id=over_http.batch_id)

    await place.send(over_amqp, sender=COURT)
    await report(place, over_http)
    at_first = await shown(place, over_http.batch_id)
    place.clock.forward(days=place.resources.policies.billing.unknown_account_days, hours=1)
    await do_due_work(place)
    in_the_end = await shown(place, over_http.batch_id)

    for each in (at_first, in_the_end):
        assert (each.booked, each.duplicate, each.waiting, each.quarantined) == (0, 2, 0, ())
    keys = await place.pool.fetch(
        "SELECT routing_key FROM outbox WHERE type = $1", UsageBatchSettled.message_name()
    )
    name = UsageBatchSettled.message_name()
    assert sorted(row["routing_key"] for row in keys) == [name, f"{name}.{COURT}", f"{name}.{COURT}"]


async def test_a_batch_of_the_same_id_of_another_court_is_counted_apart(place: Workplace) -> None:
    batch = a_report(a_use(await a_person(place)), a_use(an_account().account_number))
    other = msgspec.structs.replace(
        a_report(a_use(an_account().account_number), a_use(an_account().account_number)),
        batch_id=batch.batch_id,
        court_id=OTHER_COURT,
    )

    await report(place, batch)
    await report(place, other, by=of_a_court(place, OTHER_COURT))

    of_one, of_other = [await shown(place, batch.batch_id, court) for court in (COURT, OTHER_COURT)]
    assert (of_one.booked, of_one.waiting, of_other.booked, of_other.waiting) == (1, 1, 0, 2)

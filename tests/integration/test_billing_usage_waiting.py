"""Uses of an account that isn't known yet: they wait, are booked once it is, or are shown to PSC."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from services.paa_billing.model.firms import Account
from services.paa_billing.service import SERVICE
from services.paa_billing.store import accounts
from shared.messages.paa_billing import UsageBatchSettled
from shared.messaging.registry import Service, decode
from tests.billing import (
    a_person,
    a_use,
    an_account,
    do_due_work,
    lines_of,
    opened,
    report,
    resources,
)
from tests.installation import until
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_an_unknown_account_waits_and_is_booked_when_it_becomes_known(place: Workplace) -> None:
    unknown = an_account()
    uses = [a_use(unknown.account_number, usage_id=f"u{n}") for n in range(3)]

    settled = await report(place, *uses)
    again = await report(place, *uses)
    assert (settled.waiting, settled.booked, again.duplicate, again.waiting) == (3, 0, 3, 0)
    await place.send(unknown)
    await do_due_work(place)

    assert [line["account_id"] for line in await lines_of(place)] == [unknown.account_id] * 3
    assert await place.pool.fetchval("SELECT count(*) FROM waiting_usage") == 0
    assert (await report(place, *uses)).duplicate == 3


async def test_a_use_whose_account_becomes_known_at_that_moment_does_not_wait(place: Workplace) -> None:
    unknown = an_account()
    state = Account(**{field.name: getattr(unknown, field.name) for field in fields(Account)})
    async with place.pool.acquire() as connection, asyncio.TaskGroup() as group:
        becoming_known = connection.transaction()
        await becoming_known.start()
        await accounts.hold_number(connection, unknown.account_number)
        await accounts.upsert_account(connection, state)

        reporting = group.create_task(report(place, a_use(unknown.account_number)))
        await until(partial(_is_held_up, place), "the intake waits for whoever gets the number")
        await becoming_known.commit()

    settled = reporting.result()
    assert (settled.booked, settled.waiting) == (1, 0)


async def _is_held_up(place: Workplace) -> bool:
    return bool(
        await place.pool.fetchval(
            """
            SELECT EXISTS (SELECT FROM pg_locks
                            WHERE locktype = 'advisory' AND NOT granted
                              AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
            """
        )
    )


async def test_while_a_use_waits_its_id_takes_no_other_content(place: Workplace) -> None:
    person, unknown = await a_person(place), an_account()
    await report(place, a_use(unknown.account_number, usage_id="u1"))

    settled = await report(place, a_use(person, usage_id="u1"))

    assert [each.reason for each in settled.quarantined] == ["id_used_for_another_use"]


async def test_a_waiting_use_is_tried_hourly_and_shown_to_psc_after_seven_days(place: Workplace) -> None:
    raw = a_use("0000001", usage_id="u1")
    place.clock.forward(minutes=1)
    await report(place, raw)

    tried = 0
    for _ in range(7 * 24 - 1):
        place.clock.forward(hours=1)
        tried += await do_due_work(place)
    assert await place.pool.fetchval("SELECT count(*) FROM waiting_usage") == 1
    place.clock.forward(hours=1)
    await do_due_work(place)

    assert tried == 7 * 24 - 1
    kept = await place.pool.fetchrow("SELECT usage_id, field, reason, record, state FROM quarantined_usage")
    assert tuple(kept or ()) == (
        "u1",
        "account_number",
        "account_not_known",
        msgspec.json.encode(raw),
        "held",
    )
    assert await place.pool.fetchval("SELECT count(*) FROM due_work") == 0


async def test_more_waiting_uses_than_fit_one_transaction_are_all_booked(place: Workplace) -> None:
    unknown = an_account()
    for batch in range(3):
        records = [
            a_use(unknown.account_number, usage_id=f"u{batch}-{n}", description="") for n in range(400)
        ]
        await report(place, *records)

    await place.send(unknown)
    while await do_due_work(place):
        pass

    assert len(await lines_of(place)) == 1200


async def told_after_waiting(place: Workplace) -> list[tuple[str, UsageBatchSettled]]:
    """What courts are told of uses that had waited, each with the routing key it goes out under."""
    rows = await place.pool.fetch(
        "SELECT type, routing_key, body FROM outbox ORDER BY routing_key, message_id"
    )
    answers = [(row["routing_key"], decode(row["type"], row["body"])) for row in rows]
    return [
        (key, each) for key, each in answers if isinstance(each, UsageBatchSettled) and each.is_after_waiting
    ]


async def test_courts_are_told_by_batch_which_of_their_waiting_uses_are_given_up(place: Workplace) -> None:
    first = await report(place, a_use("0000001", usage_id="u1"), a_use("0000002", usage_id="u2"))
    second = await report(place, a_use("0000003", usage_id="u3"))
    other = await report(place, a_use("0000004", usage_id="u1"), court_id="gubk")

    place.clock.forward(days=7, hours=1)
    await do_due_work(place)

    told = await told_after_waiting(place)
    named = {each.batch_id: [(q.index, q.usage_id, q.reason) for q in each.quarantined] for _, each in told}
    reason = "account_not_known"
    assert named == {
        first.batch_id: [(0, "u1", reason), (1, "u2", reason)],
        second.batch_id: [(0, "u3", reason)],
        other.batch_id: [(0, "u1", reason)],
    }
    name = UsageBatchSettled.message_name()
    assert [key for key, _ in told] == [f"{name}.gubk", f"{name}.ncwbk", f"{name}.ncwbk"]
    assert {(each.booked, each.duplicate, each.waiting) for _, each in told} == {(0, 0, 0)}


async def test_a_court_is_told_of_a_waiting_use_that_its_account_can_not_have(place: Workplace) -> None:
    firm = an_account(kind="paa", first_name="", last_name="Hale & Partner")
    settled = await report(place, a_use(firm.account_number, usage_id="u1"))

    await place.send(firm)
    await do_due_work(place)

    (told,) = [each for _, each in await told_after_waiting(place)]
    assert (told.batch_id, [q.reason for q in told.quarantined]) == (settled.batch_id, ["not_an_individual"])


async def test_a_waiting_use_that_is_booked_at_last_is_told_to_nobody(place: Workplace) -> None:
    unknown = an_account()
    await report(place, a_use(unknown.account_number))

    await place.send(unknown)
    await do_due_work(place)

    assert await told_after_waiting(place) == []
    assert len(await lines_of(place)) == 1

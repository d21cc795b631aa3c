"""Batches that courts' machines report over HTTP: booked once, and told to their own court alone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.paa_billing.handlers import parked as parked_handlers
from services.paa_billing.service import SERVICE
from shared.assertion import Asserted
from shared.messages.base import AssertionNotForThis, Message, TooLate
from shared.messages.paa_billing import MyUsage, RecordUsage, UsageBatchParked, UsageBatchSettled
from shared.messages.paa_billing.reporting import ReportUsage, WhatBecameOfBatch
from shared.messaging.ids import child_id
from shared.messaging.judge import Verdict, judge
from shared.messaging.registry import Service
from tests.billing import (
    COURT,
    a_batch,
    a_person,
    a_use,
    an_account,
    do_due_work,
    lines_of,
    opened,
    resources,
)
from tests.integration.reported_builders import OTHER_COURT, a_report, as_parked, of_a_court, report, shown
from tests.messaging import NOON, Workplace, an_assertion, an_assertion_of_a_court, made_for, signed

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def test_a_batch_is_booked_and_its_court_asks_what_became_of_it(place: Workplace) -> None:
    person = await a_person(place)
    batch = a_report(a_use(person), a_use(person, pages=-1), b"7")

    before = await shown(place, batch.batch_id)
    judgement = await report(place, batch)
    after = await shown(place, batch.batch_id)

    assert judgement.verdict is Verdict.ACKNOWLEDGE
    assert (before.state, before.booked) == ("not_settled", 0)
    assert (after.state, after.booked, after.duplicate, after.waiting) == ("settled", 1, 0, 0)
    assert [(each.index, each.field, each.reason) for each in after.quarantined] == [
        (1, "pages", "negative"),
        (2, "", "not_an_object"),
    ]
    assert len(await lines_of(place)) == 1


async def test_another_court_is_told_nothing_of_a_batch(place: Workplace) -> None:
    batch = a_report(a_use(await a_person(place)))
    await report(place, batch)

    by_another = await shown(place, batch.batch_id, OTHER_COURT)
    of_nothing = await shown(place, uuid4(), OTHER_COURT)

    assert by_another == of_nothing.with_changes(batch_id=batch.batch_id)
    assert by_another.state == "not_settled"


async def test_a_batch_sent_again_is_the_same_and_nothing_is_doubled(place: Workplace) -> None:
    batch = a_report(a_use(await a_person(place)))

    judgements = [await report(place, batch) for _ in range(3)]

    assert {each.verdict for each in judgements} == {Verdict.ACKNOWLEDGE}
    assert len(await lines_of(place)) == 1
    assert len(await place.emitted(UsageBatchSettled)) == 1
    assert (await shown(place, batch.batch_id)).booked == 1


async def test_other_content_under_the_same_id_is_set_aside_and_told(place: Workplace) -> None:
    person = await a_person(place)
    batch = a_report(a_use(person))
    other = a_report(a_use(person), batch_id=batch.batch_id)
    await report(place, batch)

    judgement = await report(place, other)
    async with place.bench.transaction() as work:
        await parked_handlers.tell_reporter(as_parked(other, judgement.reason), work)
    after = await shown(place, batch.batch_id)

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "poison")
    assert (after.state, after.booked, after.other_content_at) == ("settled", 1, NOON)
    assert len(await lines_of(place)) == 1
    assert [each.court_id for each in await place.emitted(UsageBatchParked)] == [COURT]


async def test_a_batch_that_was_parked_says_so_until_it_is_redriven(place: Workplace) -> None:
    batch = a_report(a_use(await a_person(place)))
    async with place.bench.transaction() as work:
        await parked_handlers.tell_reporter(as_parked(batch, "failed"), work)
    parked = await shown(place, batch.batch_id)

    await report(place, batch)
    after = await shown(place, batch.batch_id)

    assert (parked.state, parked.reason, parked.booked) == ("parked", "failed", 0)
    assert (after.state, after.reason, after.booked) == ("settled", "", 1)


@pytest.mark.parametrize("changes", [{"reason": "bad_envelope"}, {"message_id": None}, {"body": b"no JSON"}])
async def test_nothing_is_told_of_a_message_that_may_be_anybodys(
    place: Workplace, changes: dict[str, Any]
) -> None:
    batch = a_report()
    parked = msgspec.structs.replace(as_parked(batch, "failed"), **changes)

    async with place.bench.transaction() as work:
        await parked_handlers.tell_reporter(parked, work)

    assert (await shown(place, batch.batch_id)).state == "not_settled"
    assert await place.emitted(UsageBatchParked) == []


async def test_uses_that_waited_are_counted_as_what_they_become(place: Workplace) -> None:
    known_soon, never = an_account(), an_account()
    batch = a_report(a_use(known_soon.account_number), a_use(never.account_number))
    await report(place, batch)
    at_first = await shown(place, batch.batch_id)

    await place.send(known_soon)
    await do_due_work(place)
    later = await shown(place, batch.batch_id)
    place.clock.forward(days=place.resources.policies.billing.unknown_account_days, hours=1)
    await do_due_work(place)
    in_the_end = await shown(place, batch.batch_id)

    assert [(each.booked, each.waiting) for each in (at_first, later, in_the_end)] == [(0, 2), (1, 1), (1, 0)]
    assert [(each.index, each.reason) for each in in_the_end.quarantined] == [(1, "account_not_known")]


async def test_answers_to_a_machine_go_to_no_results_queue_and_those_to_a_login_do(place: Workplace) -> None:
    known = await a_person(place)
    never = [an_account().account_number for _ in range(2)]
    over_http = a_report(a_use(known), a_use(never[0]))
    over_amqp = a_batch(a_use(known), a_use(never[1]))

    await report(place, over_http)
    await place.send(over_amqp, sender=COURT)
    place.clock.forward(days=place.resources.policies.billing.unknown_account_days, hours=1)
    await do_due_work(place)

    rows = await place.pool.fetch(
        "SELECT routing_key, body FROM outbox WHERE type = $1", UsageBatchSettled.message_name()
    )
    keys = {over_http.batch_id: set[str](), over_amqp.batch_id: set[str]()}
    for row in rows:
        keys[msgspec.json.decode(row["body"], type=UsageBatchSettled).batch_id].add(row["routing_key"])
    name = UsageBatchSettled.message_name()
    assert keys == {over_http.batch_id: {name}, over_amqp.batch_id: {f"{name}.{COURT}"}}
    assert len(rows) == 4


async def test_a_court_that_names_another_in_its_batch_books_nothing(place: Workplace) -> None:
    batch = a_report(a_use(await a_person(place)))

    judgement = await report(place, batch, by=of_a_court(place, OTHER_COURT))
    async with place.bench.transaction() as work:
        await parked_handlers.tell_reporter(as_parked(batch, judgement.reason), work)

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "bad_envelope")
    assert await lines_of(place) == []
    assert (await shown(place, batch.batch_id)).state == "not_settled"
    assert await place.emitted(UsageBatchParked) == []


async def test_a_batch_that_waited_for_its_service_needs_no_new_assertion(place: Workplace) -> None:
    batch = a_report(a_use(await a_person(place)))
    asserted = of_a_court(place)
    _, sent = await place.judge(WhatBecameOfBatch(batch_id=batch.batch_id), by=asserted)
    place.clock.forward(days=3)

    on_time = await late(place, batch, asserted, sent_at=sent.time)
    after_its_end = await late(place, a_report(), asserted, sent_at=sent.time + timedelta(seconds=60))

    assert on_time.verdict is Verdict.ACKNOWLEDGE
    assert (after_its_end.verdict, after_its_end.reason) == (Verdict.PARK, "bad_envelope")
    assert len(await lines_of(place)) == 1


async def late(place: Workplace, batch: ReportUsage, asserted: Any, *, sent_at: Any) -> Any:
    """Deliver now what was sent at an instant."""
    message_id = child_id(batch.batch_id, f"usage of {batch.court_id}", 0)
    _, envelope = await place.judge(WhatBecameOfBatch(batch_id=batch.batch_id), by=of_a_court(place))
    envelope = msgspec.structs.replace(
        envelope,
        message_id=message_id,
        type=batch.message_name(),
        time=sent_at,
        reply_to=None,
        assertion=signed(made_for(asserted, batch, message_id)),
    )
    return await judge(place.bench, "paa_billing.bulk", envelope, msgspec.json.encode(batch))


ASKED: tuple[Message, ...] = (WhatBecameOfBatch(batch_id=uuid4()), a_report())


@pytest.mark.parametrize("message", ASKED, ids=lambda message: str(type(message).__name__))
@pytest.mark.parametrize(
    "asserted",
    [
        pytest.param(an_assertion("paa_billing"), id="a person's"),
        pytest.param(an_assertion_of_a_court("linking"), id="for another audience"),
        pytest.param(None, id="none"),
    ],
)
async def test_what_is_no_courts_assertion_for_billing_has_no_effect(
    place: Workplace, message: Message, asserted: Asserted | None
) -> None:
    judgement, _ = await place.judge(message, by=asserted)

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "bad_envelope")
    assert await place.pool.fetchval("SELECT count(*) FROM inbox") == 0


async def test_a_courts_assertion_for_another_message_or_after_its_end_has_no_effect(
    place: Workplace,
) -> None:
    question = WhatBecameOfBatch(batch_id=uuid4())
    captured, expired = of_a_court(place), of_a_court(place, expires_at=NOON)

    for_another = await place.send(question, by=captured, is_captured=True)
    too_late = await place.send(question, by=expired)
    reported, _ = await place.judge(a_report(), by=captured, is_captured=True, reply_to=None)

    assert (for_another, too_late) == (AssertionNotForThis(), TooLate())
    assert (reported.verdict, reported.reason) == (Verdict.PARK, "bad_envelope")


async def test_a_courts_assertion_speaks_for_no_person(place: Workplace) -> None:
    judgement, _ = await place.judge(MyUsage(quarter="2024-Q1"), by=of_a_court(place))

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "bad_envelope")


async def test_batches_of_machines_and_of_logins_are_told_apart_by_who_sends_them(place: Workplace) -> None:
    over_amqp, over_http = a_batch(), a_report()

    by_portal, _ = await place.judge(over_amqp, sender="portal", reply_to=None)
    by_login, _ = await place.judge(over_http, sender=COURT, by=of_a_court(place), reply_to=None)

    assert isinstance(over_amqp, RecordUsage)
    assert by_portal.verdict is Verdict.PARK
    assert (by_login.verdict, by_login.reason) == (Verdict.PARK, "bad_envelope")

"""Usage intake: each use once, at its price, to its payer, in its quarter; what can't be booked is named."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.paa_billing.data import load_fee_schedules
from services.paa_billing.model import Exemption, Quarter
from services.paa_billing.service import SERVICE
from services.paa_billing.store import accounts, memberships, quarters, schedules
from shared.errors import SettingsError
from shared.messages.paa_billing import (
    LeaveFirm,
    MyBalance,
    MyUsage,
    RecordUsage,
    UsageBatchSettled,
    UsageQuarantined,
)
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict, judge
from shared.messaging.registry import Service
from shared.money import Cents
from tests.billing import (
    COURT,
    Holder,
    a_batch,
    a_firm,
    a_person,
    a_use,
    an_account,
    do_due_work,
    invite,
    join,
    lines_of,
    opened,
    report,
    resources,
)
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def close(place: Workplace, quarter: str) -> None:
    await place.pool.execute(
        "UPDATE quarters SET state = 'closing', cut_off_at = $2 WHERE quarter = $1", quarter, place.clock()
    )


async def test_a_use_becomes_a_priced_line(place: Workplace) -> None:
    person = await a_person(place)

    settled = await report(place, a_use(person, usage_id="u1", pages=40))

    assert (settled.booked, settled.duplicate, settled.waiting, settled.quarantined) == (1, 0, 0, ())
    (line,) = await lines_of(place)
    assert (line["gross_cents"], line["exempt_cents"], line["payer_id"]) == (300, 0, person.account_id)
    assert line["reasons"] == ["per_page", "capped_at_30_pages"]
    assert (line["used_quarter"], line["billed_quarter"]) == ("2024-Q1", "2024-Q1")
    assert line["schedule_effective_on"].isoformat() == "2020-01-01"
    assert line["paa_id"] is None


async def test_the_answer_is_addressed_to_the_court(place: Workplace) -> None:
    await report(place, a_use(await a_person(place)))

    routes = await place.pool.fetch("SELECT routing_key FROM outbox WHERE type LIKE '%settled%'")

    assert [row["routing_key"] for row in routes] == [f"{UsageBatchSettled.message_name()}.{COURT}"]


async def test_a_court_can_not_report_for_another(place: Workplace) -> None:
    batch = a_batch(a_use(await a_person(place)), court_id="nysbk")

    judgement, _ = await place.judge(batch, sender=COURT)

    assert judgement.verdict is Verdict.PARK
    assert await lines_of(place) == []


async def test_the_same_use_reported_again_has_no_effect(place: Workplace) -> None:
    person = await a_person(place)
    use = a_use(person, usage_id="u1", used_at=NOON)
    written_otherwise = dict(reversed(use.items())) | {"used_at": "2024-02-01T12:00:00-06:00"}

    await report(place, use)
    again = await report(place, use, written_otherwise, b" " + msgspec.json.encode(use))

    assert (again.booked, again.duplicate, again.quarantined) == (0, 3, ())
    assert len(await lines_of(place)) == 1


async def test_an_id_with_another_content_is_quarantined(place: Workplace) -> None:
    person = await a_person(place)
    await report(place, a_use(person, usage_id="u1", pages=1))

    settled = await report(place, a_use(person, usage_id="u1", pages=2), a_use(person, usage_id="u2"))

    refused = UsageQuarantined(index=0, usage_id="u1", field="usage_id", reason="id_used_for_another_use")
    assert (settled.booked, settled.quarantined) == (1, (refused,))
    assert [line["page_count"] for line in await lines_of(place)] == [1, 3]


async def test_of_two_uses_with_one_id_in_a_batch_the_first_counts(place: Workplace) -> None:
    person = await a_person(place)
    first, second = a_use(person, usage_id="u1", pages=1), a_use(person, usage_id="u1", pages=2)

    settled = await report(place, first, second, first)

    assert (settled.booked, settled.duplicate) == (1, 1)
    assert [each.index for each in settled.quarantined] == [1]
    assert [line["page_count"] for line in await lines_of(place)] == [1]


async def test_another_courts_equal_id_is_another_use(place: Workplace) -> None:
    person = await a_person(place)
    use = a_use(person, usage_id="u1")

    for court in ("ncwbk", "nysbk"):
        assert (await report(place, use, court_id=court)).booked == 1

    assert [line["court_id"] for line in await lines_of(place)] == ["ncwbk", "nysbk"]


async def test_two_batches_with_the_same_ids_at_once_book_each_use_once(place: Workplace) -> None:
    people = [await a_person(place) for _ in range(3)]
    uses = [a_use(people[n % 3], usage_id=f"u{n:02}") for n in range(40)]

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(report(place, *batch))
            for batch in (uses, uses[::-1], uses[20:] + uses[:20], uses[::2])
        ]
    settled = [task.result() for task in tasks]

    assert sum(each.booked for each in settled) == 40
    assert sum(each.duplicate for each in settled) == 100
    assert all(each.quarantined == () for each in settled)
    assert len(await lines_of(place)) == 40


BAD: dict[str, tuple[Any, str, str]] = {
    "pages below none": ({"pages": -1}, "pages", "negative"),
    "pages beyond reason": ({"pages": 10**6 + 1}, "pages", "absurd"),
    "pages beyond a machine word": ({"pages": 10**30}, "pages", "absurd"),
    "no size": ({"pages": None}, "pages", "size_missing"),
    "two sizes": ({"bytes": 5}, "bytes", "size_given_twice"),
    "no pages": ({"pages": 0}, "pages", "size_too_small"),
    "pages as text": ({"pages": "3"}, "pages", "not_a_whole_number"),
    "pages as truth": ({"pages": True}, "pages", "not_a_whole_number"),
    "half a page": ({"pages": 1.5}, "pages", "not_a_whole_number"),
    "an unknown kind": ({"kind": "hologram"}, "kind", "unknown_kind"),
    "a kind without a size of this sort": ({"kind": "transcript", "pages": None, "records": 1}, "records",
                                           "size_not_of_this_kind"),
    "a kind without a price": ({"kind": "audio", "used_at": "2011-01-01T00:00:00Z"}, "kind",
                               "kind_not_in_schedule"),
    "before any schedule": ({"used_at": "2004-12-31T00:00:00Z"}, "used_at", "no_schedule_in_force"),
    "before any clock": ({"used_at": "0001-01-01T00:00:00+14:00"}, "used_at", "too_long_ago"),
    "after any clock": ({"used_at": "9999-12-31T23:59:59-12:00"}, "used_at", "in_the_future"),
    "an instant without a zone": ({"used_at": "2024-02-01T12:00:00"}, "used_at", "no_zone"),
    "an instant that is none": ({"used_at": "yesterday"}, "used_at", "not_an_instant"),
    "an instant as a number": ({"used_at": 1706810400}, "used_at", "not_an_instant"),
    "no instant": ({"used_at": None}, "used_at", "missing"),
    "no id": ({"usage_id": None}, "usage_id", "missing"),
    "an empty id": ({"usage_id": ""}, "usage_id", "not_an_id"),
    "an id without an end": ({"usage_id": "x" * 65}, "usage_id", "not_an_id"),
    "an id as a number": ({"usage_id": 7}, "usage_id", "not_a_text"),
    "an account number of letters": ({"account_number": "seven77"}, "account_number", "not_seven_digits"),
    "digits of another script": ({"account_number": "\u0661" * 7}, "account_number", "not_seven_digits"),
    "NUL in a text": ({"description": "a\0b"}, "description", "holds_nul"),
    "a client code of 33": ({"client_code": "c" * 33}, "client_code", "too_long"),
    "a description without an end": ({"description": "d" * 501}, "description", "too_long"),
    "an unknown field": ({"colour": "red"}, "colour", "unknown_field"),
    "another version": ({"schema_version": 2}, "schema_version", "unknown_version"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "field", "reason"), BAD.values(), ids=BAD.keys())
async def test_a_bad_record_is_quarantined_by_field_and_reason_and_the_rest_is_booked(
    place: Workplace, changes: Any, field: str, reason: str
) -> None:
    person = await a_person(place)
    usual = {"usage_id": "bad"}

    settled = await report(place, a_use(person), a_use(person, **(usual | changes)), a_use(person))

    assert [(each.index, each.field, each.reason) for each in settled.quarantined] == [(1, field, reason)]
    assert settled.booked == 2
    assert len(await lines_of(place)) == 2


def a_use_holding(person: Holder, bad: bytes, field: str = "description") -> bytes:
    """A record's bytes with bytes in the place of a field's text."""
    return msgspec.json.encode(a_use(person, usage_id="bad", **{field: "HERE"})).replace(b"HERE", bad)


RAW = [
    (b"a\\u0000b", "description", "holds_nul"),
    (b"\\ud800", "description", "lone_surrogate"),
    (b"\\udfff tail", "case_number", "lone_surrogate"),
    (b"\xff", "description", "not_utf8"),
    (b"\xed\xa0\x80", "client_code", "not_utf8"),
    (b"\xc0\x80", "kind", "not_utf8"),
]


@pytest.mark.parametrize(("bad", "field", "reason"), RAW)
async def test_texts_that_are_no_texts_are_quarantined_with_their_bytes(
    place: Workplace, bad: bytes, field: str, reason: str
) -> None:
    person = await a_person(place)
    raw = a_use_holding(person, bad, field)

    settled = await report_bytes(place, [msgspec.json.encode(a_use(person)), raw])

    refused = UsageQuarantined(index=1, usage_id="bad", field=field, reason=reason)
    assert (settled.booked, settled.quarantined) == (1, (refused,))
    assert await place.pool.fetchval("SELECT record FROM quarantined_usage") == raw


@pytest.mark.parametrize("raw", [b"5", b"[]", b"null", b'"text"', b"{}"])
async def test_a_record_that_is_no_object_is_quarantined(place: Workplace, raw: bytes) -> None:
    settled = await report_bytes(place, [raw, msgspec.json.encode(a_use(await a_person(place)))])

    assert settled.booked == 1
    assert [each.reason for each in settled.quarantined] == ["missing" if raw == b"{}" else "not_an_object"]


async def test_a_field_given_twice_is_quarantined_if_either_is_wrong(place: Workplace) -> None:
    record = msgspec.json.encode(a_use(await a_person(place))).replace(b'"pages":3', b'"pages":"x","pages":3')

    settled = await report_bytes(place, [record])

    assert [(each.field, each.reason) for each in settled.quarantined] == [("", "unreadable")]


async def report_bytes(place: Workplace, records: list[bytes]) -> UsageBatchSettled:
    """Deliver a batch's bytes as they are, as the consumer does."""
    judgement = await judge_bytes(place, b"[" + b" , ".join(records) + b"]")
    assert judgement.verdict is Verdict.ACKNOWLEDGE, judgement
    return (await place.emitted(UsageBatchSettled))[-1]


async def judge_bytes(place: Workplace, records: bytes) -> Any:
    empty = a_batch()
    body = msgspec.json.encode(empty).replace(b"[]", records)
    _, envelope = await place.judge(a_batch(), sender=COURT)
    again = msgspec.structs.replace(envelope, message_id=new_id(place.clock()))
    return await judge(place.bench, "paa_billing.bulk", again, body)


@pytest.mark.parametrize("records", [b"[{]", b"[NaN]", b'["\\ud800", {]', b"[" * 100_000, b"[1,]"])
async def test_a_batch_that_is_not_json_is_parked_whole(place: Workplace, records: bytes) -> None:
    judgement = await judge_bytes(place, records)

    assert judgement.verdict is Verdict.PARK


async def test_a_batch_of_more_than_500_is_parked_whole(place: Workplace) -> None:
    for records in (b"[" + b",".join([b"1"] * 501) + b"]", b'["\\ud800"' + b",1" * 500 + b"]"):
        assert (await judge_bytes(place, records)).verdict is Verdict.PARK


def test_a_spoilt_batch_is_taken_apart_to_the_byte() -> None:
    records = [b'{"a":"\\ud800"}', b'"\xff"', b"[ 1 , {} ]", b"9" * 5000]
    body = (
        b' { "type" : "paa_billing.record_usage.v1","records" : [ '
        + b" ,\n".join(records)
        + b' ], "court_id":"ncwbk","batch_id":"018d6a00-0000-7000-8000-000000000000" } '
    )

    batch = RecordUsage.from_json(body)

    assert [bytes(each) for each in batch.records] == records
    assert batch.court_id == "ncwbk"


async def test_five_minutes_ahead_is_booked_and_a_microsecond_more_is_not(place: Workplace) -> None:
    person = await a_person(place)
    limit = NOON + timedelta(minutes=5)

    settled = await report(place, a_use(person, limit), a_use(person, limit + MICROSECOND))

    assert settled.booked == 1
    assert [(each.index, each.reason) for each in settled.quarantined] == [(1, "in_the_future")]


async def test_quarantined_twice_is_told_twice_and_kept_once(place: Workplace) -> None:
    bad = a_use(await a_person(place), pages=-1)

    for _ in range(2):
        assert len((await report(place, bad)).quarantined) == 1

    assert await place.pool.fetchval("SELECT count(*) FROM quarantined_usage") == 1


async def test_a_firms_administrator_has_no_uses_of_their_own(place: Workplace) -> None:
    firm = await a_firm(place)

    settled = await report(place, a_use(firm))

    assert [each.reason for each in settled.quarantined] == ["not_an_individual"]


async def test_who_pays_is_decided_to_the_microsecond_of_joining_and_leaving(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await join(place, firm, person)
    place.clock.forward(hours=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    joined_at, left_at = NOON, place.clock()
    instants = [joined_at - MICROSECOND, joined_at, left_at - MICROSECOND, left_at]

    await report(place, *[a_use(person, at, usage_id=f"u{n}") for n, at in enumerate(instants)])

    own, paid = person.account_id, firm.paa_id
    assert [line["payer_id"] for line in await lines_of(place)] == [own, paid, paid, own]
    assert [line["paa_id"] for line in await lines_of(place)] == [None, paid, paid, None]


async def test_a_use_reported_ahead_of_the_clock_is_paid_by_who_pays_at_its_instant(
    place: Workplace,
) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await report(place, *[a_use(person, NOON + timedelta(minutes=n), usage_id=f"u{n}") for n in (0, 1, 2, 4)])

    place.clock.forward(minutes=2)
    await join(place, firm, person)
    after_joining = [line["payer_id"] for line in await lines_of(place)]
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    after_leaving = [line["payer_id"] for line in await lines_of(place)]

    own, paid = person.account_id, firm.paa_id
    assert after_joining == [own, own, paid, paid]
    assert after_leaving == [own, own, paid, own]


async def test_who_joins_while_a_batch_is_booked_pays_for_what_is_used_after(place: Workplace) -> None:
    firm = await a_firm(place)
    people = [await a_person(place) for _ in range(6)]
    uses = [a_use(person, NOON + MICROSECOND, usage_id=f"u{n}") for n, person in enumerate(people)]

    async with asyncio.TaskGroup() as group:
        group.create_task(report(place, *uses[:3]))
        for person in people:
            group.create_task(join(place, firm, person))
        group.create_task(report(place, *uses[3:]))

    assert {line["payer_id"] for line in await lines_of(place)} == {firm.paa_id}
    assert len(await lines_of(place)) == 6


async def test_a_batch_waits_for_the_joining_that_is_under_way(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    invitation_id = await invite(place, firm, person)

    async with place.pool.acquire() as joining, asyncio.TaskGroup() as group:
        under_way = joining.transaction()
        await under_way.start()
        await accounts.lock_account(joining, person.account_id)
        reporting = group.create_task(report(place, a_use(person)))
        await until_somebody_waits_for(place, joining)
        invitation = await memberships.lock_invitation(joining, invitation_id)
        assert invitation is not None
        await memberships.insert_membership(joining, uuid4(), invitation, NOON)
        await under_way.commit()
        await reporting

    assert [line["payer_id"] for line in await lines_of(place)] == [firm.paa_id]


async def until_somebody_waits_for(place: Workplace, holder: Any) -> None:
    """Wait until a transaction waits for what this connection holds."""
    process = await holder.fetchval("SELECT pg_backend_pid()")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
    async with asyncio.timeout(5):
        while await place.pool.fetchval(waiting, process) == 0:
            pass


async def an_exemption(place: Workplace, person: Holder, **changes: Any) -> Exemption:
    usual: dict[str, Any] = {
        "id": uuid4(),
        "account_id": person.account_id,
        "court_id": None,
        "starts_at": NOON - timedelta(days=1),
        "ends_at": NOON,
        "must_be_claimed": False,
        "reason": "pauper",
    }
    exemption = Exemption(**(usual | changes))
    async with place.pool.acquire() as connection:
        await schedules.insert_exemption(connection, exemption)
    return exemption


async def test_an_exemption_in_force_charges_nothing_and_records_both_amounts(place: Workplace) -> None:
    person = await a_person(place)
    exemption = await an_exemption(place, person)

    await report(place, a_use(person, NOON - MICROSECOND, usage_id="u1"), a_use(person, NOON, usage_id="u2"))

    exempt, charged = await lines_of(place)
    assert (exempt["gross_cents"], exempt["exempt_cents"], exempt["exemption_id"]) == (30, 30, exemption.id)
    assert (charged["gross_cents"], charged["exempt_cents"], charged["exemption_id"]) == (30, 0, None)


async def test_an_exemption_holds_at_its_court_and_where_it_must_be_claimed_only_if_it_is(
    place: Workplace,
) -> None:
    person = await a_person(place)
    await an_exemption(place, person, court_id=COURT, must_be_claimed=True, ends_at=None)

    claimed, silent = (
        a_use(person, usage_id="u1", exemption="CJA"),
        a_use(person, usage_id="u2"),
    )
    await report(place, claimed, silent)
    await report(place, claimed, court_id="nysbk")

    assert [line["exempt_cents"] for line in await lines_of(place)] == [30, 0, 0]


async def test_the_price_is_that_of_the_schedule_at_the_instant_of_use_in_the_business_zone(
    place: Workplace,
) -> None:
    person = await a_person(place)
    new_year = datetime(2020, 1, 1, 6, 0, tzinfo=UTC)

    await report(
        place,
        a_use(person, new_year - MICROSECOND, usage_id="u1"),
        a_use(person, new_year, usage_id="u2"),
    )

    assert [line["schedule_effective_on"].isoformat() for line in await lines_of(place)] == [
        "2012-04-01",
        "2020-01-01",
    ]
    assert [line["used_quarter"] for line in await lines_of(place)] == ["2019-Q4", "2020-Q1"]


async def test_a_use_is_billed_in_its_own_quarter_while_that_is_open(place: Workplace) -> None:
    person = await a_person(place)
    at_the_edge = datetime(2024, 4, 1, 5, 0, tzinfo=UTC)  # midnight in Chicago
    place.clock.now = at_the_edge + timedelta(days=3)

    await report(
        place,
        a_use(person, at_the_edge - MICROSECOND, usage_id="u1"),
        a_use(person, at_the_edge, usage_id="u2"),
    )
    await close(place, "2024-Q1")
    await report(place, a_use(person, at_the_edge - MICROSECOND, usage_id="u3"))

    assert [(line["used_quarter"], line["billed_quarter"]) for line in await lines_of(place)] == [
        ("2024-Q1", "2024-Q1"),
        ("2024-Q2", "2024-Q2"),
        ("2024-Q1", "2024-Q2"),
    ]


async def test_what_was_used_before_the_books_began_is_billed_in_their_first_quarter(
    place: Workplace,
) -> None:
    await report(place, a_use(await a_person(place), datetime(2015, 5, 5, tzinfo=UTC)))

    (line,) = await lines_of(place)
    assert (line["used_quarter"], line["billed_quarter"]) == ("2015-Q2", "2024-Q1")


async def test_quarters_without_a_use_are_begun_too(place: Workplace) -> None:
    person = await a_person(place)
    place.clock.forward(days=250)

    await report(place, a_use(person, place.clock()))

    rows = await place.pool.fetch("SELECT quarter, state FROM quarters ORDER BY quarter")
    assert [tuple(row) for row in rows] == [
        ("2024-Q1", "open"),
        ("2024-Q2", "open"),
        ("2024-Q3", "open"),
        ("2024-Q4", "open"),
    ]


async def test_a_close_waits_for_the_intakes_under_way_and_later_ones_go_to_the_next_quarter(
    place: Workplace,
) -> None:
    person = await a_person(place)
    place.clock.forward(days=62)
    first = Quarter(2024, 1)
    await report(place, a_use(person, NOON, usage_id="u0"))

    async with place.pool.acquire() as intake, place.pool.acquire() as closing, asyncio.TaskGroup() as group:
        under_way, close_step = intake.transaction(), closing.transaction()
        await under_way.start()
        await quarters.share_quarters(intake, [first])
        await close_step.start()
        locking = group.create_task(quarters.lock_quarter(closing, first))
        await until_waiting(place, 1)
        late = group.create_task(report(place, a_use(person, NOON, usage_id="u1")))
        await until_waiting(place, 2)
        await under_way.commit()
        await locking
        await closing.execute(
            "UPDATE quarters SET state = 'closing', cut_off_at = starts_at WHERE quarter = '2024-Q1'"
        )
        await close_step.commit()
        await late

    assert [(line["usage_id"], line["billed_quarter"]) for line in await lines_of(place)] == [
        ("u0", "2024-Q1"),
        ("u1", "2024-Q2"),
    ]


async def until_waiting(place: Workplace, count: int) -> None:
    """Wait until so many wait for a quarter's lock in this database."""
    waiting = """
        SELECT count(*) FROM pg_locks
         WHERE classid = 1905 AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
    async with asyncio.timeout(5):
        while await place.pool.fetchval(waiting) != count:
            pass


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


async def test_one_sees_ones_own_uses_whoever_pays_page_by_page(place: Workplace) -> None:
    firm, person, other = await a_firm(place), await a_person(place), await a_person(place)
    await report(place, *[a_use(person, NOON - timedelta(minutes=n), pages=n + 1) for n in range(3)])
    await report(place, a_use(other))
    await join(place, firm, person)
    await report(place, a_use(person, NOON, kind="name_search", description="Doe, Jane"))

    pages, after = [], None
    while True:
        page = await place.send(MyUsage(quarter="2024-Q1", after=after, limit=2), by=person.asks())
        pages.append(page.lines)
        if not page.has_more:
            break
        after = page.lines[-1].line_id

    shown = [line for page in pages for line in page]
    assert [len(page) for page in pages] == [2, 2]
    assert [line.used_at for line in shown] == sorted(line.used_at for line in shown)
    assert {line.account_number for line in shown} == {person.number}
    assert "Doe, Jane" in [line.description for line in shown]


async def test_the_running_quarter_is_seen_at_once_by_who_pays(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await report(place, a_use(person, NOON - MICROSECOND, pages=2))
    await join(place, firm, person)
    await report(place, a_use(person, NOON, pages=5))

    own = await place.send(MyBalance(), by=person.asks())
    firms = await place.send(MyBalance(), by=firm.asks())

    assert (own.running_charged_cents, own.running_quarter, own.waiver_cents) == (20, "2024-Q1", 3000)
    assert (firms.running_charged_cents, firms.payer_id, firms.paid_by_firm) == (50, firm.paa_id, None)


async def test_a_fee_schedule_that_differs_from_the_one_kept_stops_the_start(workplace_of: Make) -> None:
    place = await workplace_of(SERVICE, resources())
    (old, *_) = load_fee_schedules()
    async with place.pool.acquire() as connection:
        await schedules.insert_schedules(connection, [replace(old, page_cents=Cents(1))])

    with pytest.raises(SettingsError, match=old.effective_on.isoformat()):
        await opened(place)

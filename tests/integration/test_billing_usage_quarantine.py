"""Whatever a court sends: what can't be booked is named by field and reason, and the rest is booked."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.paa_billing.service import SERVICE
from shared.messages.paa_billing import (
    RecordUsage,
    UsageBatchSettled,
    UsageQuarantined,
)
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict, judge
from shared.messaging.registry import Service
from tests.billing import (
    COURT,
    Holder,
    a_batch,
    a_firm,
    a_person,
    a_use,
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

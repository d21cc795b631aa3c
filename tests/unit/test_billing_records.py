"""Reading one reported use: nothing a court can send stops the batch, and the field to blame is named."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.paa_billing.model.intake import ReportedUse, Unbookable
from services.paa_billing.rules.records import read_record, read_records
from shared.messages.paa_billing import RecordUsage, UsageRecord

NOW = datetime(2024, 2, 1, 18, tzinfo=UTC)
BATCH = UUID(int=7)
FIELDS = [field.name for field in msgspec.structs.fields(UsageRecord)]
GOOD: dict[str, Any] = {
    "usage_id": "u1",
    "account_number": "1234567",
    "used_at": "2024-02-01T12:00:00-06:00",
    "kind": "document",
    "pages": 3,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(alphabet="\ud800\udfffa\0"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def read(raw: bytes) -> ReportedUse | Unbookable:
    return read_record(raw, 0, BATCH, NOW, timedelta(minutes=5))


def test_a_good_record_is_read() -> None:
    use = read(msgspec.json.encode(GOOD))

    assert isinstance(use, ReportedUse)
    assert (use.usage_id, use.page_count, use.used_at, use.is_exemption_claimed) == ("u1", 3, NOW, False)


@given(st.binary(max_size=200))
def test_no_bytes_stop_the_reading(raw: bytes) -> None:
    assert isinstance(read(raw), Unbookable)


@given(st.sampled_from([*FIELDS, "colour", "caf\u00e9", "x" * 99]), ANYTHING)
def test_no_value_in_any_field_stops_the_reading(field: str, value: object) -> None:
    raw = json.dumps(GOOD | {field: value}).encode()

    outcome = read(raw)

    if isinstance(outcome, Unbookable):
        assert outcome.raw == raw
        assert outcome.reason
        assert outcome.field in (field, "") or field not in FIELDS
        assert len(outcome.field) <= 40


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "usage_id": st.sampled_from(["u2", "", "a\nb", "x" * 64, "x" * 65]),
        "account_number": st.sampled_from(["7654321", "123456", "12345678", "12345\u0661\u0662", " 123456"]),
        "used_at": st.sampled_from(
            ["2024-02-01T18:05:00Z", "2024-02-01T18:05:01Z", "1989-12-31T00:00:00Z", "x"]
        ),
        "kind": st.sampled_from(["audio", "opinion", "other"]),
        "pages": st.sampled_from([0, -1, 10**6, 10**6 + 1, None, "3"]),
        "bytes": st.sampled_from([0, -1, 10**12, 10**12 + 1]),
        "description": st.sampled_from(["", "a\0b", "\\u0000", "d" * 500, "d" * 501, "\ud800"]),
        "client_code": st.sampled_from(["c" * 32, "c" * 33]),
        "exemption": st.sampled_from(["", "x"]),
        "schema_version": st.sampled_from([1, 0, 2]),
        "colour": st.just("red"),
    },
)


@given(st.lists(st.one_of(st.just({}), CHANGES), max_size=4))
def test_a_batch_is_read_as_its_records_are_one_by_one(changes: list[dict[str, Any]]) -> None:
    raws = [json.dumps(GOOD | change).encode() for change in changes]

    together = read_records(raws, BATCH, NOW, timedelta(minutes=5))

    assert together == [
        read_record(raw, place, BATCH, NOW, timedelta(minutes=5)) for place, raw in enumerate(raws)
    ]


@given(st.permutations(list(GOOD)), st.sampled_from([None, 1, 4]), st.integers(-14, 14))
def test_the_digest_is_of_the_content_and_not_of_how_it_is_written(
    order: list[str], indent: int | None, hours: int
) -> None:
    zone = f"{'-' if hours < 0 else '+'}{abs(hours):02}:00"
    local = (NOW + timedelta(hours=hours)).replace(tzinfo=None).isoformat()
    rewritten = {field: GOOD[field] for field in order} | {"used_at": local + zone}

    first, second = read(msgspec.json.encode(GOOD)), read(json.dumps(rewritten, indent=indent).encode())

    assert isinstance(first, ReportedUse)
    assert isinstance(second, ReportedUse)
    assert first.digest == second.digest


@pytest.mark.parametrize(
    "change", [{"pages": 4}, {"client_code": "x"}, {"used_at": "2024-02-01T12:00:00.000001-06:00"}]
)
def test_another_content_has_another_digest(change: dict[str, Any]) -> None:
    first, second = read(msgspec.json.encode(GOOD)), read(msgspec.json.encode(GOOD | change))

    assert isinstance(first, ReportedUse)
    assert isinstance(second, ReportedUse)
    assert first.digest != second.digest


@given(st.lists(ANYTHING, max_size=6), st.sampled_from([None, 2]))
def test_a_batch_is_taken_apart_whatever_its_records_hold(records: list[object], indent: int | None) -> None:
    batch = {"type": "paa_billing.record_usage.v1", "court_id": "ncwbk", "batch_id": str(uuid4())}
    text = json.dumps(batch | {"records": records}, indent=indent)
    if "NaN" in text or "Infinity" in text:  # these aren't JSON
        return

    decoded = RecordUsage.from_json(text.encode())

    taken = [json.loads(bytes(each).decode()) for each in decoded.records]
    assert taken == json.loads(text)["records"]

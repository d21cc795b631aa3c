"""Reads reported uses: what is well formed goes on, what isn't is named by field and reason."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, get_args
from uuid import UUID

import msgspec

from services.paa_billing.model import UsageKind
from services.paa_billing.model.intake import ReportedUse, Unbookable
from services.paa_billing.rules.blame import Blame, blame_record
from shared.messages.paa_billing import UsageRecord

SCHEMA_VERSION = 1
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""PACER began in 1990; an instant before it is a mistake, and so are the ones that no zone can hold."""

MOST = {"pages": 1_000_000, "bytes": 1_000_000_000_000, "records": 100_000_000}
LONGEST = {"usage_id": 64, "description": 500, "case_number": 64, "client_code": 32, "exemption": 64}
KINDS: dict[str, UsageKind] = {kind: kind for kind in get_args(UsageKind)}


class PossibleRecord(UsageRecord, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A record that msgspec itself finds possible while it decodes, but for what `_is_possible` looks at."""

    usage_id: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST["usage_id"])]
    account_number: Annotated[str, msgspec.Meta(min_length=7, max_length=7)]
    used_at: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: UsageKind
    pages: Annotated[int, msgspec.Meta(ge=0, le=MOST["pages"])] | None = None
    bytes: Annotated[int, msgspec.Meta(ge=0, le=MOST["bytes"])] | None = None
    records: Annotated[int, msgspec.Meta(ge=0, le=MOST["records"])] | None = None
    description: Annotated[str, msgspec.Meta(max_length=LONGEST["description"])] = ""
    case_number: Annotated[str, msgspec.Meta(max_length=LONGEST["case_number"])] = ""
    client_code: Annotated[str, msgspec.Meta(max_length=LONGEST["client_code"])] = ""
    exemption: Annotated[str, msgspec.Meta(max_length=LONGEST["exemption"])] = ""
    schema_version: Annotated[int, msgspec.Meta(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)] = SCHEMA_VERSION


_decode_possible = msgspec.json.Decoder(list[PossibleRecord]).decode
_encode = msgspec.json.Encoder().encode


def read_records(
    raws: Sequence[bytes], batch_id: UUID, now: datetime, ahead: timedelta
) -> list[ReportedUse | Unbookable]:
    """A batch's uses, in its order: decoded all at once if each is possible, else one by one.

    Both ways lead to the same uses; only the second one can say what is wrong with one of them.
    """
    possible = _read_possible(raws, now + ahead)
    if possible is None:
        return [read_record(raw, place, batch_id, now, ahead) for place, raw in enumerate(raws)]
    return [
        _reported(record, raw, place, batch_id)
        for place, (record, raw) in enumerate(zip(possible, raws, strict=True))
    ]


def read_record(
    raw: bytes, position: int, batch_id: UUID, now: datetime, ahead: timedelta
) -> ReportedUse | Unbookable:
    """One use, if it can be read and is possible; `ahead` is how far its instant may be after `now`."""
    try:
        record = msgspec.json.decode(raw, type=UsageRecord)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        usage_id, blame = blame_record(raw)
        return _unbookable(raw, position, batch_id, usage_id, blame)
    if (found := _blame_value(record, now, ahead)) is not None:
        return _unbookable(raw, position, batch_id, record.usage_id, found)
    return _reported(record, raw, position, batch_id)


def digest_of(record: UsageRecord) -> bytes:
    """SHA-256 over the content, in field order; how JSON was spaced, or an instant's zone written, is not."""
    if record.used_at.tzinfo is not UTC:
        record = msgspec.structs.replace(record, used_at=record.used_at.astimezone(UTC))
    return hashlib.sha256(_encode(record)).digest()


def readable_id(usage_id: str | None) -> str | None:
    """An id that can be kept and shown; None if it is missing or nothing of the kind."""
    if usage_id is None or not 1 <= len(usage_id) <= LONGEST["usage_id"] or not usage_id.isprintable():
        return None
    return usage_id


def _read_possible(raws: Sequence[bytes], latest: datetime) -> list[PossibleRecord] | None:
    """The records if each of them is possible."""
    text = b"[%b]" % b",".join(raws)
    if b"\\u0000" in text:  # JSON writes NUL in no other way
        return None
    try:
        records = _decode_possible(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if len(records) == len(raws) and all(_is_possible(record, latest) for record in records):
        return records
    return None


def _is_possible(record: PossibleRecord, latest: datetime) -> bool:
    number = record.account_number
    return (
        record.usage_id.isprintable()
        and number.isascii()
        and number.isdigit()
        and EARLIEST <= record.used_at <= latest
    )


def _reported(record: UsageRecord, raw: bytes, position: int, batch_id: UUID) -> ReportedUse:
    return ReportedUse(
        position=position,
        batch_id=batch_id,
        raw=raw,
        digest=digest_of(record),
        usage_id=record.usage_id,
        account_number=record.account_number,
        used_at=record.used_at.astimezone(UTC),
        kind=KINDS[record.kind],
        page_count=record.pages,
        byte_count=record.bytes,
        record_count=record.records,
        description=record.description,
        case_number=record.case_number,
        client_code=record.client_code,
        is_exemption_claimed=bool(record.exemption),
    )


def _unbookable(raw: bytes, position: int, batch_id: UUID, usage_id: str | None, blame: Blame) -> Unbookable:
    return Unbookable(
        position=position,
        batch_id=batch_id,
        raw=raw,
        usage_id=readable_id(usage_id),
        field=blame.field,
        reason=blame.reason,
    )


def _blame_value(record: UsageRecord, now: datetime, ahead: timedelta) -> Blame | None:
    """The first field whose value is impossible, though of the right type."""
    return (
        _blame_identity(record)
        or _blame_instant(record.used_at, now, ahead)
        or (None if record.kind in KINDS else Blame("kind", "unknown_kind"))
        or _blame_sizes(record)
        or _blame_texts(record)
        or (None if record.schema_version == SCHEMA_VERSION else Blame("schema_version", "unknown_version"))
    )


def _blame_identity(record: UsageRecord) -> Blame | None:
    if readable_id(record.usage_id) is None:
        return Blame("usage_id", "not_an_id")
    number = record.account_number
    is_number = len(number) == 7 and number.isascii() and number.isdigit()
    return None if is_number else Blame("account_number", "not_seven_digits")


def _blame_instant(used_at: datetime, now: datetime, ahead: timedelta) -> Blame | None:
    if used_at.tzinfo is None:
        return Blame("used_at", "no_zone")
    if used_at < EARLIEST:
        return Blame("used_at", "too_long_ago")
    return Blame("used_at", "in_the_future") if used_at > now + ahead else None


def _blame_sizes(record: UsageRecord) -> Blame | None:
    for field, most in MOST.items():
        amount: int | None = getattr(record, field)
        if amount is not None and amount < 0:
            return Blame(field, "negative")
        if amount is not None and amount > most:
            return Blame(field, "absurd")
    return None


def _blame_texts(record: UsageRecord) -> Blame | None:
    for field, longest in LONGEST.items():
        text: str = getattr(record, field)
        if "\0" in text:
            return Blame(field, "holds_nul")
        if len(text) > longest:
            return Blame(field, "too_long")
    return None

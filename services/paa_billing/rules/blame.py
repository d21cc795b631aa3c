"""Finds which field makes a reported use unreadable, and why."""

import json
from datetime import datetime
from typing import Any, NamedTuple, NoReturn

import msgspec

from shared.messages.paa_billing import UsageRecord

LONGEST_FIELD_NAME = 40
LONGEST_NUMBER = 20
WRONG_TYPE: dict[object, str] = {str: "not_a_text", datetime: "not_an_instant"}


class Blame(NamedTuple):
    """The field that keeps a record from being booked (empty: the record as a whole), and the reason."""

    field: str
    reason: str


def blame_record(raw: bytes) -> tuple[str | None, Blame]:
    """The usage id, if there is one, and what is wrong with a record that can't be decoded."""
    try:
        record = json.loads(
            raw.decode("utf-8", "surrogateescape"), parse_int=_whole_number, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        return None, Blame("", "not_json")
    if not isinstance(record, dict):
        return None, Blame("", "not_an_object")
    usage_id = record.get("usage_id")
    is_readable = isinstance(usage_id, str) and _is_text(usage_id)
    return usage_id if is_readable else None, _blame_fields(record, raw)


def _blame_fields(record: dict[str, object], raw: bytes) -> Blame:
    known = {field.name: field for field in msgspec.structs.fields(UsageRecord)}
    for name, field in known.items():
        if name not in record:
            if field.required:
                return Blame(name, "missing")
        elif (reason := _why_wrong(record[name], field.type, raw)) is not None:
            return Blame(name, reason)
    for name in record:
        if name not in known:
            return Blame(_shown(name), "unknown_field")
    return Blame("", "unreadable")


def _why_wrong(value: object, kind: Any, raw: bytes) -> str | None:
    if isinstance(value, str) and not _is_text(value):
        return "lone_surrogate" if _is_utf8(raw) else "not_utf8"
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return WRONG_TYPE.get(kind, "not_a_whole_number")
    return None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(name: str) -> str:
    return name[:LONGEST_FIELD_NAME] if name.isascii() and name.isprintable() else ""


def _whole_number(digits: str) -> int:
    """A number too long to be read is cut: it is absurd either way."""
    return int(digits[:LONGEST_NUMBER])


def _refuse(constant: str) -> NoReturn:
    raise ValueError("NaN and the infinities are not JSON")

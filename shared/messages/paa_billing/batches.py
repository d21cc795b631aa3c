"""Takes a batch of usage apart where one record's text would make the whole batch unreadable."""

import json
import re
from collections.abc import Iterator
from typing import NoReturn

_SPACE = re.compile(r"[ \t\n\r]*")


def cut_out_records(body: bytes) -> tuple[bytes, list[bytes]]:
    """The batch with a 0 in the place of each record, and the records' own bytes.

    JSON's grammar allows half a surrogate pair in a text, and msgspec refuses the whole body for it. Raises
    ValueError or RecursionError if the body isn't JSON by that wider grammar either.
    """
    text = body.decode("utf-8", "surrogateescape")
    records: list[bytes] = []
    members = [_member(text, begin, end, records) for begin, end in _parts(text, _after(text, 0, "{"), "}")]
    return f"{{{','.join(members)}}}".encode("utf-8", "surrogateescape"), records


def _member(text: str, begin: int, end: int, records: list[bytes]) -> str:
    key, after_key = _DECODER.raw_decode(text, begin)
    value_at = _after(text, after_key, ":")
    if key != "records" or text[value_at] != "[":
        return text[begin:end]
    if records:
        raise ValueError("the batch names its records twice")
    found = [text[b:e].encode("utf-8", "surrogateescape") for b, e in _parts(text, value_at + 1, "]")]
    records.extend(found)
    return f"{text[begin:value_at]}[{','.join('0' * len(found))}]"


def _parts(text: str, at: int, closing: str) -> Iterator[tuple[int, int]]:
    """Where each member of an object, or element of an array, begins and ends."""
    at = _skip_space(text, at)
    if text[at : at + 1] == closing:
        return
    while True:
        _, end = _DECODER.raw_decode(text, at)
        if closing == "}":
            _, end = _DECODER.raw_decode(text, _after(text, end, ":"))
        yield at, end
        at = _skip_space(text, end)
        if text[at : at + 1] == closing:
            return
        at = _after(text, at, ",")


def _after(text: str, at: int, sign: str) -> int:
    at = _skip_space(text, at)
    if text[at : at + 1] != sign:
        raise ValueError("the batch is not JSON")
    return _skip_space(text, at + 1)


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()


def _refuse(constant: str) -> NoReturn:
    raise ValueError("NaN and the infinities are not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=str, parse_float=str)

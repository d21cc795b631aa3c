"""Reading a court's roster file, however it was written."""

import io
import json
from collections.abc import Iterator

import msgspec
import pytest

from shared.messages.linking import LoadRoster, RosterRow, RosterRowRefused
from shared.messaging.ids import new_id
from shared.messaging.registry import MAXIMUM_BODY_BYTES
from shared.rosters import (
    LONGEST_LINE_BYTES,
    ROWS_IN_CHUNK,
    RosterChunk,
    RosterFileError,
    read_roster,
)
from shared.sealed import to_be_sealed
from tests.messaging import NOON, seals_of

HEADER = "login,name,email,role,verifier\n"


def read(text: str | bytes) -> list[RosterChunk]:
    return list(read_roster(io.BytesIO(text if isinstance(text, bytes) else text.encode())))


def rows_of(chunks: list[RosterChunk]) -> list[RosterRow]:
    return [row for chunk in chunks for row in chunk.rows]


def refused_of(chunks: list[RosterChunk]) -> list[RosterRowRefused]:
    return [row for chunk in chunks for row in chunk.refused]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_mark_line_ends_and_a_missing_last_one_make_no_difference(
    newline: str, mark: bytes, end: str
) -> None:
    text = (HEADER + "a,A,a@c.example,attorney,v" + end).replace("\n", newline)

    [chunk] = read(mark + text.encode())

    assert chunk.rows == (RosterRow(line=2, login="a", name="A", email="a@c.example", role="attorney"),)
    assert chunk.verifiers == ("v",)


def test_lines_are_counted_where_a_row_begins() -> None:
    text = HEADER + '"a","A,\nB",e,r,v\n\nb,B,e,r,v\n'

    assert [(row.line, row.name) for row in rows_of(read(text))] == [(2, "A,\nB"), (5, "B")]


def test_each_row_of_a_chunk_has_its_verifier_at_the_same_place_and_refused_ones_have_none() -> None:
    many = "".join(f"login{n},N,e,r,v{n}\n" for n in range(60))

    chunks = read(HEADER + "a,A,e,r\n" + many + "login7,N,e,r,again\n")

    pairs = [pair for c in chunks for pair in zip(c.rows, c.verifiers, strict=True)]
    assert [(row.login, verifier) for row, verifier in pairs] == [(f"login{n}", f"v{n}") for n in range(60)]
    assert [json.loads(chunk.text_to_seal()) for chunk in chunks] == [list(c.verifiers) for c in chunks]
    assert len(refused_of(chunks)) == 2


def test_a_row_with_too_few_or_too_many_fields_is_named_and_the_rest_goes_on() -> None:
    chunks = read(HEADER + "a,A,e,r\nb,B,e,r,v,more\nc,C,e,r,v\n")

    assert refused_of(chunks) == [
        RosterRowRefused(line=2, field="", reason="has 4 fields instead of 5"),
        RosterRowRefused(line=3, field="", reason="has 6 fields instead of 5"),
    ]
    assert [row.line for row in rows_of(chunks)] == [4]


def test_a_field_that_is_too_long_is_named() -> None:
    chunks = read(HEADER + f"a,{'n' * 401},e,r,v\nb,{'n' * 400},e,r,v\n")

    assert [(row.line, row.field) for row in refused_of(chunks)] == [(2, "name")]
    assert [row.login for row in rows_of(chunks)] == ["b"]


def test_a_login_that_comes_twice_in_the_file_is_refused_however_far_apart() -> None:
    many = "".join(f"login{n},N,e,r,v\n" for n in range(250))

    chunks = read(HEADER + many + " login3 ,N,e,r,v\nj\u00f6rg,N,e,r,v\njo\u0308rg,N,e,r,v\n")

    assert refused_of(chunks) == [
        RosterRowRefused(line=252, field="login", reason="is on line 5 already"),
        RosterRowRefused(line=254, field="login", reason="is on line 253 already"),
    ]
    assert len(rows_of(chunks)) == 251


def test_chunks_hold_so_many_rows_and_bytes_at_most() -> None:
    small = read(HEADER + "".join(f"login{n},N,e,r,v\n" for n in range(120)))
    long = "\U0001f600" * 400
    large = read(HEADER + "".join(f"login{n},{long},{long},{long},{long}\n" for n in range(120)))

    assert [len(chunk.rows) for chunk in small] == [ROWS_IN_CHUNK, ROWS_IN_CHUNK, 20]
    assert len(rows_of(large)) == 120
    assert all(len(as_sent(chunk)) < MAXIMUM_BODY_BYTES for chunk in large)


def as_sent(chunk: RosterChunk) -> bytes:
    sealed = to_be_sealed(chunk.text_to_seal(), reader="linking", expires_at=NOON)
    load = LoadRoster(court_id="ncwbk", rows=chunk.rows, verifiers=sealed)
    return msgspec.json.encode(seals_of("portal").seal_fields(load, new_id(NOON)))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (b"", 1, "header"),
        (b"login,name,email,role\na,A,e,r\n", 1, "header"),
        (b"login;name;email;role;verifier\n", 1, "header"),
        (HEADER.encode() + b"a,A,e,r,v\nb,B\xfc,e,r,v\n", 3, "UTF-8"),
        (HEADER.encode("utf-16"), 1, "UTF-8"),
        (HEADER.encode() + b'a,A,e,r,v\n"b,B,e,r,v\nc,C,e,r,v\n', 3, "unexpected end"),
        (HEADER.encode() + b'a,"A"B,e,r,v\n', 2, "expected after"),
        (HEADER.encode() + b"a" * (LONGEST_LINE_BYTES + 1), 2, "longer"),
    ],
)
def test_what_makes_the_rest_unreadable_is_named_by_line(text: bytes, line: int, reason: str) -> None:
    with pytest.raises(RosterFileError, match=reason) as caught:
        read(text)

    assert caught.value.line == line


def test_a_header_in_capitals_with_spaces_is_a_header() -> None:
    assert rows_of(read("Login, Name, EMAIL ,Role,Verifier\na,A,e,r,v\n"))


def test_the_file_is_read_as_the_chunks_are_asked_for() -> None:
    given: list[bytes] = []

    class Endless(io.BytesIO):
        def readline(self, _: int | None = -1, /) -> bytes:
            given.append(HEADER.encode() if not given else f"login{len(given)},N,e,r,v\n".encode())
            return given[-1]

    chunks: Iterator[RosterChunk] = read_roster(Endless())
    next(chunks)

    assert len(given) <= ROWS_IN_CHUNK + 2

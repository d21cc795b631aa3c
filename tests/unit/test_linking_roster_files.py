"""Reading a court's roster file, however it was written."""

import io
import json
import tracemalloc
from collections.abc import Iterator

import msgspec
import pytest

from shared.csv_lines import LONGEST_LINE_BYTES
from shared.messages.linking import LoadRosterByOperator, RosterRow, UnreadableRow
from shared.messages.linking.rosters import ROWS_A_LOAD, ROWS_A_LOAD_BY_OPERATOR
from shared.messaging.ids import new_id
from shared.messaging.registry import MAXIMUM_BODY_BYTES
from shared.rosters import ROWS_IN_CHUNK, RosterChunk, RosterFileError, read_roster
from shared.sealed import to_be_sealed
from tests.messaging import NOON, seals_of

HEADER = "login,name,email,role,verifier\n"
SLOW = "$argon2id$v"
"""How a verifier begins that need not be wrapped."""


def read(text: str | bytes, most_rows: int = ROWS_A_LOAD) -> list[RosterChunk]:
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    return list(read_roster(file, most_rows=most_rows))


def rows_of(chunks: list[RosterChunk]) -> list[RosterRow]:
    return [row for chunk in chunks for row in chunk.rows]


def unreadable_of(chunks: list[RosterChunk]) -> list[UnreadableRow]:
    return [row for chunk in chunks for row in chunk.unreadable]


def lines_of(count: int, verifier: str = "v") -> str:
    return "".join(f"login{n},N,e,r,{verifier}\n" for n in range(count))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["", "\n", "\n \n"])
def test_a_bom_crlf_quotes_and_a_missing_last_line_end_make_no_difference(
    newline: str, mark: bytes, end: str
) -> None:
    text = (HEADER + ' a ,"Public, ""JQ""",a@c.example,attorney,v' + end).replace("\n", newline)

    [chunk] = read(mark + text.encode())

    row = RosterRow(line=2, login="a", name='Public, "JQ"', email="a@c.example", role="attorney")
    assert (chunk.rows, chunk.verifiers, chunk.unreadable) == ((row,), ("v",), ())


def test_columns_come_in_any_order_and_in_capitals_with_spaces() -> None:
    [row] = rows_of(read("Verifier, EMAIL ,Role,Name,Login\nv,e,r,N,a\n"))

    assert row == RosterRow(line=2, login="a", name="N", email="e", role="r")


def test_each_row_of_a_chunk_has_its_verifier_at_the_same_place_and_unreadable_ones_have_none() -> None:
    many = "".join(f"login{n},N,e,r,v{n}\n" for n in range(60))

    chunks = read(HEADER + "a,A,e,r\n" + many + "login7,N,e,r,again\n")

    pairs = [pair for c in chunks for pair in zip(c.rows, c.verifiers, strict=True)]
    assert [(row.login, verifier) for row, verifier in pairs] == [(f"login{n}", f"v{n}") for n in range(60)]
    assert [json.loads(chunk.text_to_seal()) for chunk in chunks] == [list(c.verifiers) for c in chunks]
    assert len(unreadable_of(chunks)) == 2
    assert sum(chunk.row_count for chunk in chunks) == 62


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b"a,A,e,r\n", "", "has 4 fields instead of 5"),
        (b"b,B,e,r,v,more\n", "", "has 6 fields instead of 5"),
        (b"a," + b"n" * 401 + b",e,r,v\n", "name", "is longer than 400 characters"),
        (b"b,B\xfc,e,r,v\n", "", "the bytes are not UTF-8"),
        (b'"b,B,e,r,v\n', "", "is not CSV: unexpected end of data"),
        (b'b,"A"B,e,r,v\n', "", "is not CSV: ',' expected after '\"'"),
        (b"a" * 10_000_000 + b"\n", "", f"is longer than {LONGEST_LINE_BYTES} bytes"),
    ],
    ids=["too few", "too many", "long field", "bad UTF-8", "open quote", "quote inside", "10 MB line"],
)
def test_a_bad_line_is_named_and_the_next_ones_are_read(line: bytes, field: str, reason: str) -> None:
    chunks = read(HEADER.encode() + b"first,A,e,r,v\n\n" + line + b"last,C,e,r,v\n")

    assert unreadable_of(chunks) == [UnreadableRow(line=4, field=field, reason=reason)]
    assert [(row.line, row.login) for row in rows_of(chunks)] == [(2, "first"), (5, "last")]


def test_a_nul_travels_as_it_is_to_who_judges_it() -> None:
    assert [row.name for row in rows_of(read(HEADER + "a,A\x00B,e,r,v\n"))] == ["A\x00B"]


def test_a_login_that_comes_twice_in_the_file_is_refused_however_far_apart() -> None:
    chunks = read(
        HEADER + lines_of(250) + " login3 ,N,e,r,v\nj\u00f6rg,N,e,r,v\njo\u0308rg,N,e,r,v\n,N,e,r,v\n"
    )

    assert unreadable_of(chunks) == [
        UnreadableRow(line=252, field="login", reason="is on line 5 already", is_login_known=True),
        UnreadableRow(line=254, field="login", reason="is on line 253 already", is_login_known=True),
    ]
    assert len(rows_of(chunks)) == 252


def test_chunks_hold_so_many_rows_and_bytes_at_most_and_few_that_are_wrapped() -> None:
    fast = read(HEADER + lines_of(120))
    slow = read(HEADER + lines_of(2200, SLOW), ROWS_A_LOAD_BY_OPERATOR)
    wrong = read(HEADER + "a\n" * 450)
    long = "\U0001f600" * 400
    large = read(HEADER + "".join(f"{n},{long},{long},{long},{SLOW}{long[:300]}\n" for n in range(120)))

    assert [len(chunk.rows) for chunk in fast] == [ROWS_IN_CHUNK, ROWS_IN_CHUNK, 20]
    assert [len(chunk.rows) for chunk in slow] == [1000, 1000, 200]
    assert [len(chunk.unreadable) for chunk in wrong] == [ROWS_A_LOAD, ROWS_A_LOAD, 50]
    assert len(rows_of(large)) == 120
    assert all(len(as_sent(chunk)) < MAXIMUM_BODY_BYTES for chunk in large)


def test_a_whole_chunk_of_argon2id_verifiers_fits_into_a_message() -> None:
    phc = "$argon2id$v=19$m=19456;t=2;p=1$" + "c" * 22 + "$" + "a" * 43
    lines = (f"attorney{n},Jane Q. Public,attorney{n}@lawfirm.example,attorney,{phc}\n" for n in range(3000))

    chunks = read(HEADER + "".join(lines), ROWS_A_LOAD_BY_OPERATOR)

    assert min(len(chunk.rows) for chunk in chunks[:-1]) > 700
    assert all(len(as_sent(chunk)) < MAXIMUM_BODY_BYTES for chunk in chunks)


def as_sent(chunk: RosterChunk) -> bytes:
    sealed = to_be_sealed(chunk.text_to_seal(), reader="linking", expires_at=NOON)
    load = LoadRosterByOperator(
        court_id="ncwbk",
        roster_id=new_id(NOON),
        rows=chunk.rows,
        verifiers=sealed,
        unreadable=chunk.unreadable,
    )
    return msgspec.json.encode(seals_of("operator").seal_fields(load, new_id(NOON)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "the header lacks login"),
        (b"login,name,email,role\na,A,e,r\n", "the header lacks verifier"),
        (b"login;name;email;role;verifier\n", "the header lacks"),
        (b"login,name,email,role,verifier,password\n", "none but"),
        (HEADER.encode("utf-16"), "UTF-8"),
        (b"a" * (LONGEST_LINE_BYTES + 1), "the header lacks"),
    ],
    ids=["empty file", "missing", "semicolons", "more", "UTF-16", "no end"],
)
def test_a_header_that_is_none_is_told_why(text: bytes, reason: str) -> None:
    with pytest.raises(RosterFileError, match=f"line 1: .*{reason}"):
        read(text)


class Written(io.RawIOBase):
    """A file of so many rows, each written when it is read."""

    def __init__(self, rows: int) -> None:
        self.lines_read = 0
        self._lines = self._write(rows)

    def readline(self, _: int | None = -1, /) -> bytes:
        self.lines_read += 1
        return next(self._lines, b"")

    def _write(self, rows: int) -> Iterator[bytes]:
        yield HEADER.encode()
        for number in range(rows):
            yield f"login{number:07},N,e,r,{SLOW}\n".encode()


def test_the_file_is_read_as_the_chunks_are_asked_for() -> None:
    file = Written(5000)

    next(read_roster(file, most_rows=100))  # type: ignore[arg-type]

    assert file.lines_read <= 102


def test_memory_stays_bounded_however_many_rows_there_are() -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        found = sum(len(chunk.rows) for chunk in read_roster(Written(rows), most_rows=200))  # type: ignore[arg-type]
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == rows
        return highest

    assert peak(20_000) < 1.5 * peak(2_000)


def test_no_verifier_is_printed_with_its_chunk() -> None:
    [chunk] = read(HEADER + "a,A,e,r,sha1$secret\n")

    assert "secret" not in repr(chunk)

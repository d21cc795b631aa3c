"""Reading a file of legacy accounts, however it was written and however long it is."""

import io
import json
import tracemalloc
from collections.abc import Iterator

import msgspec
import pytest

from deploy.tool.legacy_files import (
    BadRow,
    GoodRow,
    LegacyChunk,
    LegacyFileError,
    read_legacy_file,
)
from shared.csv_lines import LONGEST_LINE_BYTES
from shared.messages.accounts import LegacyAccount, LoadLegacyAccounts
from shared.messaging.ids import new_id
from shared.messaging.registry import MAXIMUM_BODY_BYTES
from shared.rosters import ROWS_IN_CHUNK
from shared.sealed import to_be_sealed
from tests.messaging import NOON, seals_of

HEADER = "user_name,kind,is_shared,first_name,last_name,email,verifier\n"


def a_line(user_name: str = "ab1234", **changes: str) -> str:
    usual = {
        "user_name": user_name,
        "kind": "individual",
        "is_shared": "no",
        "first_name": "Ada",
        "last_name": "Whitfield",
        "email": "ada@firm.example",
        "verifier": "v",
    }
    return ",".join({**usual, **changes}.values()) + "\n"


def read(text: str | bytes) -> list[LegacyChunk]:
    return list(read_legacy_file(io.BytesIO(text if isinstance(text, bytes) else text.encode())))


def good(chunks: list[LegacyChunk]) -> list[GoodRow]:
    return [row for chunk in chunks for row in chunk.rows]


def bad(chunks: list[LegacyChunk]) -> list[BadRow]:
    return [row for chunk in chunks for row in chunk.bad]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["", "\n", "\n \n"])
def test_mark_line_ends_quotes_and_a_missing_last_end_make_no_difference(
    newline: str, mark: bytes, end: str
) -> None:
    line = ' ab1234 ,individual,NO,Ada,"Whit, ""Field""",ada@firm.example,v'

    [chunk] = read(mark + (HEADER + line + end).replace("\n", newline).encode())

    whose = LegacyAccount(
        user_name="ab1234",
        kind="individual",
        first_name="Ada",
        last_name='Whit, "Field"',
        email="ada@firm.example",
    )
    assert chunk == LegacyChunk(rows=(GoodRow(line=2, account=whose, verifier="v"),), bad=())


def test_columns_come_in_any_order_and_those_that_may_be_missing_may() -> None:
    [row] = good(read("Verifier,EMAIL,last_name,kind,user_name\nv,a@b.example,Hale,paa,hale\n"))

    assert row.account == LegacyAccount(user_name="hale", kind="paa", last_name="Hale", email="a@b.example")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "the header lacks user_name, kind, last_name, email, verifier"),
        (HEADER.replace("email,", "").encode(), "the header lacks email"),
        (HEADER.replace("email", "email,password").encode(), "none but"),
        (HEADER.replace("email", "email,email").encode(), "each column once"),
        (HEADER.replace(",", ";").encode(), "the header lacks"),
        (HEADER.encode("utf-16"), "UTF-8"),
        (b"a" * (LONGEST_LINE_BYTES + 1), "the header lacks"),
    ],
)
def test_a_header_that_is_none_is_told_why(text: bytes, problem: str) -> None:
    with pytest.raises(LegacyFileError, match=problem):
        read(text)


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("a,b\n", "", "has 2 fields instead of 7"),
        (a_line(verifier="v,more"), "", "has 8 fields instead of 7"),
        (a_line(is_shared="maybe"), "is_shared", "is neither yes nor no"),
        (a_line(last_name="x" * 401), "last_name", "is longer than 400 characters"),
        ('"' + a_line(), "", "is not CSV: unexpected end of data"),
        (a_line(last_name='"A"B'), "", "is not CSV: ',' expected after '\"'"),
        ("x" * (LONGEST_LINE_BYTES + 1) + "\n", "", f"is longer than {LONGEST_LINE_BYTES} bytes"),
        ("x" * 10_000_000 + "\n", "", f"is longer than {LONGEST_LINE_BYTES} bytes"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_the_next_ones_are_read(
    line: str, field: str, reason: str
) -> None:
    chunks = read(HEADER + a_line("ab0001") + "\n" + line + a_line("ab0002"))

    assert bad(chunks) == [BadRow(line=4, field=field, reason=reason)]
    assert [row.line for row in good(chunks)] == [2, 5]


def test_bytes_that_are_not_utf_8_spoil_their_line_alone() -> None:
    chunks = read(HEADER.encode() + b"\xfc\n" + a_line().encode())

    assert bad(chunks) == [BadRow(line=2, field="", reason="the bytes are not UTF-8")]
    assert [row.line for row in good(chunks)] == [3]


def test_a_user_name_that_comes_twice_is_refused_however_far_apart_and_whatever_its_case() -> None:
    many = "".join(a_line(f"ab{number:04}") for number in range(500))

    chunks = read(HEADER + many + a_line("AB0003"))

    assert bad(chunks) == [BadRow(line=502, field="user_name", reason="is on line 5 already")]
    assert len(good(chunks)) == 500


@pytest.mark.parametrize("text", ["yes", "TRUE", "1"])
def test_shared_logins_are_marked(text: str) -> None:
    assert good(read(HEADER + a_line(is_shared=text)))[0].account.is_shared


def test_chunks_hold_so_many_rows_and_bytes_at_most() -> None:
    long = "\U0001f600" * 400
    small = read(HEADER + "".join(a_line(f"ab{number:04}") for number in range(120)))
    large = read(
        HEADER + "".join(a_line(f"{n}", last_name=long, email=long, verifier=long) for n in range(120))
    )
    wrong = read(HEADER + "a\n" * 120)

    assert [len(chunk.rows) for chunk in small] == [ROWS_IN_CHUNK, ROWS_IN_CHUNK, 20]
    assert [len(chunk.bad) for chunk in wrong] == [ROWS_IN_CHUNK, ROWS_IN_CHUNK, 20]
    assert len(good(large)) == 120
    assert all(len(as_sent(chunk)) < MAXIMUM_BODY_BYTES for chunk in large)


def as_sent(chunk: LegacyChunk) -> bytes:
    assert json.loads(chunk.text_to_seal()) == [row.verifier for row in chunk.rows]
    sealed = to_be_sealed(chunk.text_to_seal(), reader="accounts", expires_at=NOON)
    load = LoadLegacyAccounts(accounts=tuple(row.account for row in chunk.rows), verifiers=sealed)
    return msgspec.json.encode(seals_of("operator").seal_fields(load, new_id(NOON)))


class Written(io.RawIOBase):
    """A file of so many rows, each written when it is read."""

    def __init__(self, rows: int) -> None:
        self._lines = self._write(rows)

    def readline(self, _: int | None = -1, /) -> bytes:
        return next(self._lines, b"")

    def _write(self, rows: int) -> Iterator[bytes]:
        yield HEADER.encode()
        for number in range(rows):
            yield a_line(f"firm-{number:07}", kind="paa").encode()


def test_memory_stays_bounded_however_many_rows_there_are() -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        read_rows = sum(len(chunk.rows) for chunk in read_legacy_file(Written(rows)))  # type: ignore[arg-type]
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert read_rows == rows
        return found

    assert peak(20_000) < 1.5 * peak(2_000)


def test_no_verifier_is_printed_with_its_row() -> None:
    [row] = good(read(HEADER + a_line(verifier="sha1$secret")))

    assert "secret" not in repr(row)

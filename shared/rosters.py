"""Reads a court's roster file row by row, however long it is, in pieces that fit into a message."""

import math
import unicodedata
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from shared.csv_lines import LONGEST_FIELD, KnownNames, columns_of, read_lines, split_row
from shared.errors import NextgenError
from shared.messages.linking import RosterRow, UnreadableRow

COLUMNS = ("login", "name", "email", "role", "verifier")
ROWS_IN_CHUNK = 50
"""So many verifiers of fast schemes at most, as each is wrapped before the answer; others cost nothing."""
BYTES_IN_CHUNK = 200 * 1024


class RosterFileError(NextgenError):
    """Nothing can be read of the file, since its first line doesn't say what is in it."""


class RosterChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Rows for one `LoadRoster`, their verifiers, and the rows that can't even be sent.

    `verifiers` has one for each row in the same order; lines count from 1, the header's.
    """

    rows: tuple[RosterRow, ...]
    verifiers: tuple[str, ...]
    unreadable: tuple[UnreadableRow, ...]

    def __repr__(self) -> str:
        return f"RosterChunk({len(self.rows)} rows, {len(self.unreadable)} unreadable)"

    @property
    def row_count(self) -> int:
        """How many rows of the file these are."""
        return len(self.rows) + len(self.unreadable)

    def text_to_seal(self) -> str:
        """The verifiers as `LoadRoster.verifiers` holds them once they are sealed."""
        return msgspec.json.encode(self.verifiers).decode()


def read_roster(file: BinaryIO, *, most_rows: int) -> Iterator[RosterChunk]:
    """The rows of a CSV file in UTF-8 (a byte order mark, CRLF and quotes are fine), a row a line.

    The header names the columns, in any order. Whatever is wrong with a line, it is named and the next one is
    read. Raises RosterFileError for a header that isn't one.
    """
    taken: list[tuple[RosterRow, str]] = []
    unreadable: list[UnreadableRow] = []
    size = fast = 0
    for found in _read_rows(file):
        if isinstance(found, UnreadableRow):
            unreadable.append(found)
        else:
            taken.append(found)
            fast += not found[1].startswith("$argon2id$")
            size += len(msgspec.json.encode(found[0])) + size_sealed(found[1])
        if most_rows in (len(taken), len(unreadable)) or fast == ROWS_IN_CHUNK or size >= BYTES_IN_CHUNK:
            yield _chunk(taken, unreadable)
            taken, unreadable, size, fast = [], [], 0, 0
    if taken or unreadable:
        yield _chunk(taken, unreadable)


def size_sealed(verifier: str) -> int:
    """How much it adds to a message: what is sealed travels in base64, four signs for three bytes."""
    return math.ceil(len(msgspec.json.encode(verifier)) * 4 / 3)


def _chunk(taken: list[tuple[RosterRow, str]], unreadable: list[UnreadableRow]) -> RosterChunk:
    return RosterChunk(
        rows=tuple(row for row, _ in taken),
        verifiers=tuple(verifier for _, verifier in taken),
        unreadable=tuple(unreadable),
    )


def _read_rows(file: BinaryIO) -> Iterator[tuple[RosterRow, str] | UnreadableRow]:
    lines = read_lines(file)
    try:
        columns = columns_of(next(lines, (1, b""))[1], COLUMNS)
    except ValueError as error:
        raise RosterFileError(f"line 1: {error}") from None
    names = KnownNames()
    try:
        for line, raw in lines:
            if raw is None or raw.strip():
                yield _read_row(line, raw, columns, names)
    finally:
        names.close()


def _read_row(
    line: int, raw: bytes | None, columns: tuple[str, ...], names: KnownNames
) -> tuple[RosterRow, str] | UnreadableRow:
    """A row that can be sent; what the service judges of it isn't judged here."""
    try:
        by_name = split_row(raw, columns)
    except ValueError as error:
        return UnreadableRow(line=line, field="", reason=str(error))
    too_long = next((name for name, text in by_name.items() if len(text) > LONGEST_FIELD), None)
    if too_long is not None:
        return UnreadableRow(line=line, field=too_long, reason=f"is longer than {LONGEST_FIELD} characters")
    login = " ".join(unicodedata.normalize("NFC", by_name["login"]).split())
    first = names.line_of(login, line) if login else line
    if first != line:
        return UnreadableRow(
            line=line, field="login", reason=f"is on line {first} already", is_login_known=True
        )
    verifier = by_name.pop("verifier")
    return RosterRow(line=line, **by_name), verifier

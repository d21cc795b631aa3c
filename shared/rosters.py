"""Reads a court's roster file row by row, however long it is, in pieces that fit into a message."""

import csv
import math
import unicodedata
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from shared.errors import NextgenError
from shared.messages.linking import RosterRow, RosterRowRefused

COLUMNS = ("login", "name", "email", "role", "verifier")
ROWS_IN_CHUNK = 50
BYTES_IN_CHUNK = 128 * 1024
LONGEST_FIELD = 400
LONGEST_LINE_BYTES = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class RosterFileError(NextgenError):
    """The file can't be read on from this line; what was yielded before it stands."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


class RosterChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Rows for one `LoadRoster`, their verifiers, and the rows that can't even be sent.

    `verifiers` has one for each row in the same order; lines count from 1, the header's.
    """

    rows: tuple[RosterRow, ...]
    verifiers: tuple[str, ...]
    refused: tuple[RosterRowRefused, ...]

    def text_to_seal(self) -> str:
        """The verifiers as `LoadRoster.verifiers` holds them once they are sealed."""
        return msgspec.json.encode(self.verifiers).decode()


def read_roster(file: BinaryIO) -> Iterator[RosterChunk]:
    """The rows of a CSV file in UTF-8 (a byte order mark, CRLF and quotes are fine) with the header
    `login,name,email,role,verifier`.

    A row with a wrong number of fields, a field that is too long, or the login of an earlier row is refused
    by line and the rest goes on. Raises RosterFileError for what makes the rest unreadable: a wrong header,
    bytes that aren't UTF-8, a quote that never ends.
    """
    taken: list[tuple[RosterRow, str]] = []
    refused: list[RosterRowRefused] = []
    size = 0
    for found in _check_each(file):
        if isinstance(found, RosterRowRefused):
            refused.append(found)
        else:
            taken.append(found)
            size += len(msgspec.json.encode(found[0])) + size_sealed(found[1])
        if len(taken) == ROWS_IN_CHUNK or len(refused) == ROWS_IN_CHUNK or size >= BYTES_IN_CHUNK:
            yield _chunk(taken, refused)
            taken, refused, size = [], [], 0
    if taken or refused:
        yield _chunk(taken, refused)


def size_sealed(verifier: str) -> int:
    """How much it adds to a message: what is sealed travels in base64, four signs for three bytes."""
    return math.ceil(len(msgspec.json.encode(verifier)) * 4 / 3)


def _chunk(taken: list[tuple[RosterRow, str]], refused: list[RosterRowRefused]) -> RosterChunk:
    return RosterChunk(
        rows=tuple(row for row, _ in taken),
        verifiers=tuple(verifier for _, verifier in taken),
        refused=tuple(refused),
    )


def _check_each(file: BinaryIO) -> Iterator[tuple[RosterRow, str] | RosterRowRefused]:
    line_of_login: dict[str, int] = {}
    for line, texts in _read_rows(file):
        if len(texts) != len(COLUMNS):
            reason = f"has {len(texts)} fields instead of {len(COLUMNS)}"
            yield RosterRowRefused(line=line, field="", reason=reason)
            continue
        by_name = dict(zip(COLUMNS, texts, strict=True))
        too_long = next((name for name, text in by_name.items() if len(text) > LONGEST_FIELD), None)
        login = " ".join(unicodedata.normalize("NFC", by_name["login"]).split())
        if too_long is not None:
            reason = f"is longer than {LONGEST_FIELD} characters"
            yield RosterRowRefused(line=line, field=too_long, reason=reason)
        elif login in line_of_login:
            reason = f"is on line {line_of_login[login]} already"
            yield RosterRowRefused(line=line, field="login", reason=reason)
        else:
            line_of_login[login] = line
            verifier = by_name.pop("verifier")
            yield RosterRow(line=line, **by_name), verifier


def _read_rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line on which it begins; empty lines are passed over."""
    reader = csv.reader(_read_lines(file), strict=True)
    line = 1
    try:
        header = [text.strip().lower() for text in next(reader, [])]
        if tuple(header) != COLUMNS:
            raise RosterFileError(1, f"the header is not {','.join(COLUMNS)}")
        line = reader.line_num + 1
        for texts in reader:
            if texts:
                yield line, texts
            line = reader.line_num + 1
    except csv.Error as error:
        raise RosterFileError(line, str(error)) from None


def _read_lines(file: BinaryIO) -> Iterator[str]:
    number = 0
    while raw := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(raw) > LONGEST_LINE_BYTES:
            raise RosterFileError(number, f"is longer than {LONGEST_LINE_BYTES} bytes")
        if number == 1:
            raw = raw.removeprefix(_BYTE_ORDER_MARK)
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError:
            raise RosterFileError(number, "the bytes are not UTF-8") from None

"""Reads a file of legacy accounts row by row, however long it is, in pieces that fit into a message."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from shared.csv_lines import LONGEST_FIELD, KnownNames, columns_of, read_lines, split_row
from shared.errors import NextgenError
from shared.messages.accounts import LegacyAccount
from shared.rosters import BYTES_IN_CHUNK, ROWS_IN_CHUNK, size_sealed

NEEDED = ("user_name", "kind", "last_name", "email", "verifier")
OPTIONAL = ("is_shared", "first_name")
_TRUTHS = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}


class LegacyFileError(NextgenError):
    """Nothing can be read of the file, since its first line doesn't say what is in it."""


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not taken over: on which line of the file, what of it, and why."""

    line: int
    field: str
    reason: str


class GoodRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that can be sent."""

    line: int
    account: LegacyAccount
    verifier: str

    def __repr__(self) -> str:
        return f"GoodRow(line={self.line})"


class LegacyChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Rows for one `LoadLegacyAccounts`, and the rows before and between them that can't even be sent."""

    rows: tuple[GoodRow, ...]
    bad: tuple[BadRow, ...]

    def text_to_seal(self) -> str:
        """The verifiers as `LoadLegacyAccounts.verifiers` holds them once they are sealed."""
        return msgspec.json.encode([row.verifier for row in self.rows]).decode()


def read_legacy_file(file: BinaryIO) -> Iterator[LegacyChunk]:
    """The rows of a CSV file in UTF-8 (a byte order mark, CRLF and quotes are fine), a row a line.

    The header names the columns, in any order: those of `NEEDED`, and of `OPTIONAL` those that there are.
    Whatever is wrong with a line, it is named and the next one is read. Raises LegacyFileError for a header
    that isn't one.
    """
    good: list[GoodRow] = []
    bad: list[BadRow] = []
    size = 0
    for row in _read_rows(file):
        if isinstance(row, GoodRow):
            good.append(row)
            size += len(msgspec.json.encode(row.account)) + size_sealed(row.verifier)
        else:
            bad.append(row)
        if ROWS_IN_CHUNK in (len(good), len(bad)) or size >= BYTES_IN_CHUNK:
            yield LegacyChunk(rows=tuple(good), bad=tuple(bad))
            good, bad, size = [], [], 0
    if good or bad:
        yield LegacyChunk(rows=tuple(good), bad=tuple(bad))


def _read_rows(file: BinaryIO) -> Iterator[GoodRow | BadRow]:
    lines = read_lines(file)
    try:
        columns = columns_of(next(lines, (1, b""))[1], NEEDED, OPTIONAL)
    except ValueError as error:
        raise LegacyFileError(f"line 1: {error}") from None
    names = KnownNames()
    try:
        for number, raw in lines:
            if raw is None or raw.strip():
                yield _read_row(number, raw, columns, names)
    finally:
        names.close()


def _read_row(line: int, raw: bytes | None, columns: tuple[str, ...], names: KnownNames) -> GoodRow | BadRow:
    try:
        by_name = split_row(raw, columns)
    except ValueError as error:
        return BadRow(line=line, field="", reason=str(error))
    problem = _problem_of(by_name, line, names)
    if problem is not None:
        return BadRow(line=line, field=problem[0], reason=problem[1])
    verifier, is_shared = by_name.pop("verifier"), _TRUTHS[by_name.pop("is_shared", "").lower()]
    return GoodRow(line=line, account=LegacyAccount(**by_name, is_shared=is_shared), verifier=verifier)


def _problem_of(by_name: dict[str, str], line: int, names: KnownNames) -> tuple[str, str] | None:
    """The field that is wrong and why, or None; what the service judges of a row isn't judged here."""
    too_long = next((name for name, text in by_name.items() if len(text) > LONGEST_FIELD), None)
    if too_long is not None:
        return too_long, f"is longer than {LONGEST_FIELD} characters"
    if by_name.get("is_shared", "").lower() not in _TRUTHS:
        return "is_shared", "is neither yes nor no"
    first = names.line_of(by_name["user_name"].lower(), line)
    return None if first == line else ("user_name", f"is on line {first} already")

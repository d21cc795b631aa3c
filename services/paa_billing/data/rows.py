"""Strict reading of CSV files: a wrong row is named by its line and field, and never guessed at."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from shared.errors import NextgenError

Value = TypeVar("Value")


class RowError(NextgenError):
    """A CSV file that isn't what it should be; says file, line and, where there is one, field."""

    def __init__(self, file_name: str, line: int, field: str | None, problem: str) -> None:
        where = f"{file_name} line {line}" + ("" if field is None else f", field {field}")
        super().__init__(f"{where}: {problem}")
        self.line = line
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name, with the line of the file on which it begins."""

    file_name: str
    line: int
    texts: dict[str, str]

    def read(self, field: str, parse: Callable[[str], Value]) -> Value:
        """The field's value; a ValueError of the parser becomes a RowError that names the place."""
        try:
            return parse(self.texts[field])
        except ValueError as error:
            raise self.error(field, str(error)) from None

    def error(self, field: str, problem: str) -> RowError:
        """The error that names this row and one of its fields."""
        return RowError(self.file_name, self.line, field, problem)


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a UTF-8 file whose header is exactly `columns`, one at a time; raises RowError, OSError."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, strict=True)
        line = 1
        try:
            if (header := tuple(next(reader, ()))) != columns:
                raise RowError(path.name, 1, None, f"expected the header {','.join(columns)}, found {header}")
            line = reader.line_num + 1
            for texts in reader:
                yield _row(path.name, line, columns, texts)
                line = reader.line_num + 1
        except csv.Error as error:
            raise RowError(path.name, line, None, str(error)) from None


def whole_number(text: str) -> int:
    """A number of at most 9 ASCII digits without a sign; anything else is a ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _row(file_name: str, line: int, columns: tuple[str, ...], texts: list[str]) -> Row:
    if len(texts) != len(columns):
        raise RowError(file_name, line, None, f"expected {len(columns)} fields, found {len(texts)}")
    for field, text in zip(columns, texts, strict=True):
        if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
            raise RowError(file_name, line, field, "the bytes are not UTF-8")
    return Row(file_name, line, dict(zip(columns, texts, strict=True)))

"""Reads CSV in UTF-8 that has a row a line, however long the file is and however broken a line."""

import csv
import sqlite3
from collections.abc import Iterator, Sequence
from typing import BinaryIO

LONGEST_LINE_BYTES = 64 * 1024
LONGEST_FIELD = 400
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class KnownNames:
    """The names read so far, in a temporary file: a million of them would fill the memory."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA cache_size = -8192")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("CREATE TABLE names (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._connection.execute("BEGIN")

    def line_of(self, name: str, line: int) -> int:
        """The line on which this name was read first: this one, if it is new."""
        known = self._connection.execute(
            "INSERT INTO names VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING line",
            (name, line),
        )
        return int(known.fetchone()[0])

    def close(self) -> None:
        """Give the temporary file back."""
        self._connection.close()


def read_lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number; None for one that is too long, of which no more than a piece is held."""
    number = 0
    while raw := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(raw) <= LONGEST_LINE_BYTES:
            yield number, raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST_LINE_BYTES)
        yield number, None


def columns_of(header: bytes | None, needed: Sequence[str], optional: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of the columns, in the order of the file. Raises ValueError, which says what is wrong."""
    columns = tuple(text.lower() for text in split_line((header or b"").removeprefix(_BYTE_ORDER_MARK)))
    missing = [name for name in needed if name not in columns]
    unknown = [name for name in columns if name not in (*needed, *optional)]
    if missing:
        raise ValueError(f"the header lacks {', '.join(missing)}")
    if unknown or len(set(columns)) < len(columns):
        raise ValueError(f"each column once, and none but {', '.join((*needed, *optional))}")
    return columns


def split_row(raw: bytes | None, columns: Sequence[str]) -> dict[str, str]:
    """The fields of one line, by column. Raises ValueError, which says what is wrong and holds none of it."""
    if raw is None:
        raise ValueError(f"is longer than {LONGEST_LINE_BYTES} bytes")
    texts = split_line(raw)
    if len(texts) != len(columns):
        raise ValueError(f"has {len(texts)} fields instead of {len(columns)}")
    return dict(zip(columns, texts, strict=True))


def split_line(raw: bytes) -> list[str]:
    """The fields of one line. Raises ValueError, which says what is wrong and holds nothing of the line."""
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
        return [field.strip() for field in next(csv.reader([text], strict=True), [])]
    except UnicodeDecodeError:
        raise ValueError("the bytes are not UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"is not CSV: {error}") from None

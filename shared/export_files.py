"""The file of all that is kept about a person: what a service's part looks like, and how parts become one.

A part is JSON with a service's tables by name, each a list of rows with named columns; it is compressed while
it is written, so that many rows need little memory. Parts and the whole rest encrypted, each under a key of
its own that is used once: who can read the object store alone reads nothing.
"""

import io
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE = bytes(12)  # each key encrypts one file, so a constant nonce repeats under no key
_CHUNK_BYTES = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


class PartWriter:
    """Writes a service's part: begin a table, add its rows, and so on; then finish."""

    def __init__(self, service: str) -> None:
        self._compressor = zlib.compressobj()
        self._written = bytearray()
        self._between_tables, self._between_rows = "", ""
        self._add(f'{{"service":"{service}","tables":{{'.encode())

    def begin_table(self, name: str) -> None:
        """The rows that follow are this table's."""
        self._add(f'{self._between_tables}"{name}":['.encode())
        self._between_tables, self._between_rows = "],", ""

    def add_row(self, row: Mapping[str, Any]) -> None:
        """One row, by the names of its columns."""
        self._add(self._between_rows.encode() + msgspec.json.encode(dict(row)))
        self._between_rows = ","

    def finish(self) -> bytes:
        """The whole part, compressed."""
        self._add(b"]}}\n" if self._between_tables else b"}}\n")
        return bytes(self._written + self._compressor.flush())

    def _add(self, content: bytes) -> None:
        self._written += self._compressor.compress(content)


def encrypt(content: bytes, bound_to: str) -> tuple[bytes, str]:
    """A file as it rests, and the secret that opens it; `bound_to` names what it is, and is authenticated."""
    key = secrets.token_bytes(KEY_BYTES)
    return AESGCM(key).encrypt(_NONCE, content, bound_to.encode()), key.hex()


def decrypt(rests: bytes, secret: str, bound_to: str) -> bytes:
    """The file. Raises InvalidTag where it was altered, or is another."""
    return AESGCM(bytes.fromhex(secret)).decrypt(_NONCE, rests, bound_to.encode())


def put_together(parts: Mapping[str, bytes]) -> bytes:
    """One ZIP of all parts, a JSON file a service; the same parts make the same bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for service, part in sorted(parts.items()):
            entry = zipfile.ZipInfo(f"{service}.json", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                for chunk in _decompressed(part):
                    file.write(chunk)
    return whole.getvalue()


def _decompressed(part: bytes) -> Iterator[bytes]:
    decompressor = zlib.decompressobj()
    left = part
    while left:
        yield decompressor.decompress(left, _CHUNK_BYTES)
        left = decompressor.unconsumed_tail
    yield decompressor.flush()

"""The security history of an account: entries chained by hash, so that an edit shows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

START = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One act. The chain covers a hash of salt and content, so that both can go and it still verifies."""

    account_id: UUID
    sequence: int
    at: datetime
    kind: str
    salt: bytes | None
    content: str | None
    content_hash: bytes
    previous_hash: bytes
    entry_hash: bytes


def chain_entry(
    last: HistoryEntry | None, *, account_id: UUID, at: datetime, kind: str, salt: bytes, content: str
) -> HistoryEntry:
    """The entry that follows the last one."""
    draft = HistoryEntry(
        account_id=account_id,
        sequence=1 if last is None else last.sequence + 1,
        at=at,
        kind=kind,
        salt=salt,
        content=content,
        content_hash=_digest(salt, content.encode()),
        previous_hash=START if last is None else last.entry_hash,
        entry_hash=b"",
    )
    return replace(draft, entry_hash=_hash_of(draft))


def is_unbroken(entries: Sequence[HistoryEntry]) -> bool:
    """Do the entries of one account, from its first in order, follow each other unaltered?"""
    previous = START
    for expected, entry in enumerate(entries, start=1):
        is_next = entry.sequence == expected and entry.previous_hash == previous
        if not is_next or entry.entry_hash != _hash_of(entry) or not _is_content_unaltered(entry):
            return False
        previous = entry.entry_hash
    return True


def _is_content_unaltered(entry: HistoryEntry) -> bool:
    if entry.salt is None or entry.content is None:
        return entry.salt is None and entry.content is None
    return entry.content_hash == _digest(entry.salt, entry.content.encode())


def _hash_of(entry: HistoryEntry) -> bytes:
    microseconds = int(entry.at.timestamp()) * 1_000_000 + entry.at.microsecond
    return _digest(
        entry.previous_hash,
        entry.account_id.bytes,
        entry.sequence.to_bytes(8, "big"),
        microseconds.to_bytes(8, "big"),
        entry.kind.encode(),
        entry.content_hash,
    )


def _digest(*parts: bytes) -> bytes:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()

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


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEnd:
    """The last entry of a history, as far as the next one follows it."""

    sequence: int
    entry_hash: bytes


def chain_entry(
    last: HistoryEntry | HistoryEnd | None,
    *,
    account_id: UUID,
    at: datetime,
    kind: str,
    salt: bytes,
    content: str,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryHead:
    """The last entry that an account's history is known to have had; none of a history that never was."""

    account_id: UUID
    account_number: str
    is_erased: bool = False
    sequence: int = 0
    entry_hash: bytes = START


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An account's history as far as it was read, and the first place, by sequence, where it is broken."""

    head: HistoryHead | None = None
    read: int = 0
    last_hash: bytes = START
    broken_at: int | None = None
    problem: str = ""

    def follow(self, entry: HistoryEntry) -> "Chain":
        """The chain with the next entry read."""
        if self.broken_at is not None:
            return self
        expected = self.read + 1
        problem = self._problem_of(entry, expected)
        if problem is not None:
            return replace(self, broken_at=expected, problem=problem)
        return replace(self, read=expected, last_hash=entry.entry_hash)

    def end(self) -> "Chain":
        """The chain with nothing more to read: it must end where its head says."""
        if self.broken_at is not None or self.head is None or self.read == self.head.sequence > 0:
            return self
        problem = "is missing at the end" if self.read <= self.head.sequence else "was added past the end"
        return replace(self, broken_at=min(self.read, self.head.sequence) + 1, problem=problem)

    def _problem_of(self, entry: HistoryEntry, expected: int) -> str | None:
        if entry.sequence != expected:
            return "is missing"
        if entry.previous_hash != self.last_hash:
            return "does not follow the entry before it"
        if entry.entry_hash != _hash_of(entry) or not _is_content_unaltered(entry):
            return "was altered"
        head = self.head
        if head is not None and entry.content is None and not head.is_erased:
            return "was emptied"
        if head is not None and head.sequence == expected and head.entry_hash != entry.entry_hash:
            return "is not the entry that stood here"
        return None


def is_unbroken(entries: Sequence[HistoryEntry]) -> bool:
    """Do the entries of one account, from its first in order, follow each other unaltered?"""
    chain = Chain()
    for entry in entries:
        chain = chain.follow(entry)
    return chain.broken_at is None


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
        microseconds.to_bytes(8, "big", signed=True),
        entry.kind.encode(),
        entry.content_hash,
    )


def _digest(*parts: bytes) -> bytes:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()

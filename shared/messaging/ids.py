"""Message ids: UUIDv7, random at the edge and derived from their parent inside."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

_VERSION_AND_VARIANT = (7 << 76) | (0b10 << 62)
_FOLLOWING = 1 << 20
OUTSIDE_TOLERANCE = timedelta(hours=24)
LONGEST_WAIT = timedelta(days=90)
"""For how long a message that nobody waits for may have waited in a queue; the inbox keeps twice that."""


def new_id(now: datetime) -> UUID:
    """A fresh UUIDv7 (RFC 9562) of this instant's millisecond."""
    return _compose(_milliseconds(now), secrets.randbits(74))


def child_id(parent: UUID, consumer: str, index: int) -> UUID:
    """The id of what `consumer` makes as its `index`-th thing from `parent`: the same at every repetition.

    It keeps the parent's 48-bit time, so that a repetition falls into the same partition.
    """
    digest = hashlib.sha256(parent.bytes + consumer.encode() + index.to_bytes(8, "big")).digest()
    return _compose(parent.int >> 80, int.from_bytes(digest[:10], "big") >> 6)


def ids_from(first: UUID, count: int) -> list[UUID]:
    """So many ids in ascending order, made of one: neighbours in an index, the same at every repetition."""
    if count > _FOLLOWING:
        raise ValueError(f"at most {_FOLLOWING} ids are made of one")
    lowest = first.int - first.int % _FOLLOWING
    return [UUID(int=lowest + place) for place in range(count)]


def instant_of(message_id: UUID) -> datetime:
    """The instant (UTC, whole milliseconds) that a UUIDv7 carries."""
    return datetime.fromtimestamp((message_id.int >> 80) / 1000, tz=UTC)


def first_id_of(instant: datetime) -> UUID:
    """The lowest id of an instant's millisecond: the edge of a partition."""
    return UUID(int=_milliseconds(instant) << 80)


def same_millisecond(message_id: UUID) -> tuple[UUID, UUID]:
    """The lowest and the highest id with the 48 bits of time of this one, whatever they stand for."""
    lowest = message_id.int >> 80 << 80
    return UUID(int=lowest), UUID(int=lowest | (1 << 80) - 1)


def is_acceptable_from_outside(
    message_id: UUID, now: datetime, oldest: timedelta = OUTSIDE_TOLERANCE
) -> bool:
    """Is it a UUIDv7 of at most this age, and at most 24 hours ahead of our clock?"""
    lowest, highest = _milliseconds(now - oldest), _milliseconds(now + OUTSIDE_TOLERANCE)
    return message_id.version == 7 and lowest <= message_id.int >> 80 <= highest


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _compose(milliseconds: int, random_74_bits: int) -> UUID:
    upper, lower = random_74_bits >> 62, random_74_bits & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT | (upper << 64) | lower)

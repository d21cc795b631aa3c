"""Which passwords are good enough."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Literal

PasswordReason = Literal[
    "password_too_short",
    "password_too_long",
    "password_too_common",
    "password_holds_own_data",
    "password_needs_classes",
]
SHORTEST, LONGEST = 14, 128
LONGEST_COMPOSED = 1024
"""A character has four code points at most before composing; composing takes the square of their number, so
that a few ten thousand combining marks would hold up everybody for seconds."""
SHORTEST_OWN_PART = 3
_MOST_COMMON_PARTS = 2
_SHORTEST_COMMON_PART = 3
_LONGEST_REPEATED = 7
_LETTERS = re.compile(r"[^\W\d_]+")
_DISGUISES = str.maketrans("@4301!$5+7", "aaeoiisstt")


def normalise(password: str) -> str:
    """NFC, so that the same characters typed on another keyboard are the same password.

    What is longer than any password can be, however it is composed, is cut and left as it is: it is nobody's.
    """
    if len(password) > LONGEST_COMPOSED:
        return password[: LONGEST_COMPOSED + 1]
    return unicodedata.normalize("NFC", password)


def judge_password(
    password: str, *, own_texts: Iterable[str], common: frozenset[str], needs_classes: bool
) -> PasswordReason | None:
    """What is wrong with a normalised password, or None.

    `own_texts`: name, user name and e-mail address of who will use it. `common`: the shipped list.
    """
    if len(password) < SHORTEST:
        return "password_too_short"
    if len(password) > LONGEST:
        return "password_too_long"
    if is_common(password, common):
        return "password_too_common"
    if holds_own_part(password, own_texts):
        return "password_holds_own_data"
    if needs_classes and not _has_classes(password):
        return "password_needs_classes"
    return None


def is_common(password: str, common: frozenset[str]) -> bool:
    """Is it a run, a repetition, or one or two entries of the list with digits and signs around them?

    A letter may be disguised, as in `P@ssw0rd`.
    """
    plain = password.casefold()
    return _is_repetition(plain) or _is_run(plain) or _is_made_of(plain, common)


def holds_own_part(password: str, own_texts: Iterable[str]) -> bool:
    """Does it hold three letters in a row of the person's name, user name or e-mail address?

    Of an address's domain only whole words count, and the last label not at all: `com` is nobody's own.
    """
    plain = password.casefold()
    return any(part in plain for text in own_texts for part in _own_parts(text.casefold()))


def _own_parts(text: str) -> Iterator[str]:
    local, _, domain = text.rpartition("@") if "@" in text else (text, "", "")
    for letters in _LETTERS.findall(unicodedata.normalize("NFC", local)):
        for start in range(len(letters) - SHORTEST_OWN_PART + 1):
            yield letters[start : start + SHORTEST_OWN_PART]
    for word in _LETTERS.findall(domain.rpartition(".")[0]):
        if len(word) >= SHORTEST_OWN_PART:
            yield word


def _has_classes(password: str) -> bool:
    has_special = any(not character.isalnum() for character in password)
    return has_special and any(c.islower() for c in password) and any(c.isupper() for c in password)


def _is_repetition(text: str) -> bool:
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, _LONGEST_REPEATED + 1))


def _is_run(text: str) -> bool:
    """Does each character follow the one before, up or down, as in `abcdef` or `0987654321`?"""
    if text.isdecimal():
        steps = {(ord(after) - ord(before)) % 10 for before, after in pairwise(text)}
        return steps <= {1} or steps <= {9}
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps <= {1} or steps <= {-1}


def _is_made_of(text: str, common: frozenset[str]) -> bool:
    """Can the text be cut into one or two common parts and, at no cost, single digits and signs?"""
    undisguised = text.translate(_DISGUISES)
    beyond = _MOST_COMMON_PARTS + 1
    fewest = [0] + [beyond] * len(text)
    for end in range(1, len(text) + 1):
        if not text[end - 1].isalpha():
            fewest[end] = fewest[end - 1]
        for start in range(end - _SHORTEST_COMMON_PART + 1):
            if text[start:end] in common or undisguised[start:end] in common:
                fewest[end] = min(fewest[end], fewest[start] + 1)
    return 1 <= fewest[-1] < beyond

"""Texts that people give: what may be kept, and the keys by which they are compared."""

import re
import unicodedata
from collections.abc import Iterable

_USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z][A-Za-z0-9-]{1,62}",
    re.ASCII,
)
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
USER_NAME_LENGTHS = range(8, 46)
LONGEST_TEXT = 200
LONGEST_EMAIL = 254


def is_clean(text: str) -> bool:
    """Is it one line, without control, invisible or unassigned characters?"""
    return not any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in text)


def is_filled(text: str) -> bool:
    """Is it clean, within the longest length and more than spaces?"""
    return len(text) <= LONGEST_TEXT and is_clean(text) and bool(text.strip())


def user_name_key(text: str) -> str | None:
    """User names differ by more than case; None for what can't be a user name at all."""
    return text.lower() if _USER_NAME.fullmatch(text) and len(text) in range(1, 46) else None


def is_email(text: str) -> bool:
    """Is it an address that mail can be sent to, with a domain of at least two labels?"""
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None and ".." not in text


def email_key(text: str) -> str:
    """Addresses are equal whatever their case and their `+tag`."""
    local, _, domain = text.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def name_key(first_name: str, last_name: str) -> str:
    """Names are equal whatever their case, composition of accents, and spaces."""
    return " ".join(unicodedata.normalize("NFKC", f"{first_name} {last_name}").casefold().split())


def first_unclean(texts: Iterable[tuple[str, str]]) -> str | None:
    """The first field, of pairs of field and text, that is not filled with clean text."""
    return next((field for field, text in texts if not is_filled(text)), None)

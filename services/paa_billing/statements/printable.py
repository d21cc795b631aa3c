"""Makes text safe to print with the fonts that are shipped; what they can't show is shown by its code."""

import unicodedata
from collections.abc import Callable

# Ranges whose assigned characters are all in the fonts that come with typst.
COVERED = (
    (0x20, 0x4FF),
    (0x591, 0x5F4),
    (0x621, 0x63A),
    (0x640, 0x652),
    (0x660, 0x669),
    (0x1D00, 0x1DBF),
    (0x1E00, 0x1FFF),
    (0x2010, 0x2040),
    (0x20A0, 0x20C0),
    (0x2200, 0x23FF),
)
LONGEST_WORD = 16
BREAK_HERE = "\u200b"


def printable(text: str) -> str:
    """The text on one line; a character that can't be printed becomes `[U+4E2D]`, a long word may break."""
    return _on_one_line(text, _is_covered)


def printable_in_ascii(text: str) -> str:
    """The same with nothing but ASCII, for marks that only fail in combination."""
    return _on_one_line(text, _is_ascii)


def _on_one_line(text: str, is_printable: Callable[[str], bool]) -> str:
    spaced = (" " if character in "\t\n\r" else character for character in text)
    shown = "".join(each if is_printable(each) else f"[U+{ord(each):04X}]" for each in spaced)
    return " ".join(_breakable(word) for word in shown.split(" "))


def _is_covered(character: str) -> bool:
    # Format characters (Cf) can turn the order of what follows around; they are shown, not obeyed.
    if unicodedata.category(character) in {"Cc", "Cf", "Cn", "Zl", "Zp"}:
        return False
    return any(first <= ord(character) <= last for first, last in COVERED)


def _is_ascii(character: str) -> bool:
    return character.isascii() and character.isprintable()


def _breakable(word: str) -> str:
    parts = (word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD))
    return BREAK_HERE.join(parts)

"""Money in whole US cents: the type, and how it is written and read."""

import re
from typing import NewType

Cents = NewType("Cents", int)

_AMOUNT = re.compile(r"[0-9]{1,12}\.[0-9]{2}", re.ASCII)


def dollars(amount: Cents) -> str:
    """As people read it: `$1,234.56`, and `-$0.05` for a negative amount."""
    sign, whole, rest = _parts(amount)
    return f"{sign}${whole:,}.{rest:02d}"


def decimal_text(amount: Cents) -> str:
    """As a spreadsheet reads it: `1234.56`, and `-0.05`."""
    sign, whole, rest = _parts(amount)
    return f"{sign}{whole}.{rest:02d}"


def cents_from(text: str) -> Cents:
    """The amount written as `1234.56`; anything else, a sign or a lone digit too, is a ValueError."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount such as 12.34")
    return Cents(int(text.replace(".", "")))


def _parts(amount: Cents) -> tuple[str, int, int]:
    whole, rest = divmod(abs(amount), 100)
    return "-" if amount < 0 else "", whole, rest

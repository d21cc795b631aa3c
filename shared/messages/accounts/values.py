"""The words and values that the messages of `accounts` share."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from shared.messages.base import ShortText

Kind = Literal["individual", "paa"]
Generation = Literal["legacy", "upgraded"]
Status = Literal["pending_verification", "held_for_review", "active", "locked", "deactivated"]
RoleName = Literal["court_staff", "psc", "operator"]
UserName = Annotated[str, msgspec.Meta(min_length=1, max_length=45)]
EmailAddress = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$(?!\n)")]
Network = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9A-Za-z.:/-]*$(?!\n)")]


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's or an administrator's own data; all but the names stay in `accounts`."""

    first_name: ShortText
    last_name: ShortText
    date_of_birth: date
    email: EmailAddress
    address: ShortText
    city: ShortText
    state: ShortText
    postal_code: ShortText
    county: ShortText
    phone: ShortText
    user_type: ShortText

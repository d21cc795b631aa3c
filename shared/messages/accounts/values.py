"""The words and values that the messages of `accounts` share."""

from datetime import date
from typing import Annotated, Literal

import msgspec

Kind = Literal["individual", "paa"]
Generation = Literal["legacy", "upgraded"]
Status = Literal["pending_verification", "held_for_review", "active", "locked", "deactivated"]
RoleName = Literal["court_staff", "psc", "operator"]
UserName = Annotated[str, msgspec.Meta(min_length=1, max_length=45)]
EmailAddress = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$(?!\n)")]
PersonText = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
"""`accounts` itself looks at what stands in it, and refuses an application by reason and field: a body that
fails to decode would be parked, with somebody's date of birth and address."""
Network = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9A-Za-z.:/-]*$(?!\n)")]

PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's or an administrator's own data; all but the names stay in `accounts`."""

    first_name: PersonText
    last_name: PersonText
    date_of_birth: date
    email: EmailAddress
    address: PersonText
    city: PersonText
    state: PersonText
    postal_code: PersonText
    county: PersonText
    phone: PersonText
    user_type: PersonText

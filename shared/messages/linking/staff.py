"""What court staff do with a person's data, for that person's history, and how they see people."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from shared.messages.base import CourtId, Event, ShortText

PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]


class PersonSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A person as court staff see one; texts are empty where the account isn't known yet, or was erased."""

    account_id: UUID
    account_number: str
    first_name: str
    last_name: str


class StaffUsedData(Event, frozen=True, kw_only=True, tag="linking.staff_used_data.v1"):
    """Court staff saw or changed what belongs to an account; `accounts` adds it to the account's history.

    `used_for` names the act. `is_in_list`: one of many on a page, which is written down once a day for each
    viewer and view.
    """

    account_id: UUID
    court_id: CourtId
    used_for: ShortText
    used_at: datetime
    actor_account_id: UUID
    is_in_list: bool = False

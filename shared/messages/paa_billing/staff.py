"""What staff do with a person's data, for that person's history."""

from datetime import datetime
from uuid import UUID

from shared.messages.base import Event, ShortText


class StaffUsedData(Event, frozen=True, kw_only=True, tag="paa_billing.staff_used_data.v1"):
    """Staff saw or changed what belongs to an account; `accounts` adds it to the account's history.

    `used_for` names the act. `actor_account_id` is None for the operator's login, which is no account.
    """

    account_id: UUID
    used_for: ShortText
    used_at: datetime
    actor_account_id: UUID | None = None

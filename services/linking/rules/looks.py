"""Says what is told for a person's history when court staff see or change something of that person's."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from shared.assertion import Assertion
from shared.messages.linking.staff import StaffUsedData


def uses_of(
    account_ids: Iterable[UUID],
    assertion: Assertion,
    court_id: str,
    used_for: str,
    now: datetime,
    *,
    is_in_list: bool = False,
) -> tuple[StaffUsedData, ...]:
    """One event for each person, but for whoever looks at their own."""
    return tuple(
        StaffUsedData(
            account_id=account_id,
            court_id=court_id,
            used_for=used_for,
            used_at=now,
            actor_account_id=assertion.account_id,
            is_in_list=is_in_list,
        )
        for account_id in sorted(set(account_ids) - {assertion.account_id})
    )

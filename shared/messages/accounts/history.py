"""The security history of an account, as its holder sees it."""

from datetime import datetime
from typing import Annotated

import msgspec

from shared.messages.base import Query, Reply

Sequence = Annotated[int, msgspec.Meta(ge=1)]


class MyHistory(Query, frozen=True, kw_only=True, tag="accounts.my_history.v1"):
    """What was done with my account, by me, by staff and by the system, newest first.

    For the next page ask with `before` the last act's sequence while `has_more`.
    """

    before: Sequence | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


class ActShown(msgspec.Struct, frozen=True, kw_only=True):
    """One act: its place in the account's history, when, what, and details by name.

    Where staff did it, `actor_account_id` is among the details: empty for the operator's own login.
    """

    sequence: int
    at: datetime
    kind: str
    details: dict[str, str]


class HistoryShown(Reply, frozen=True, kw_only=True, tag="accounts.history_shown.v1"):
    """A page of the asker's history; no more than the asker's own account."""

    acts: tuple[ActShown, ...]
    has_more: bool

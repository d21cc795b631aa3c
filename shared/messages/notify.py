"""What is asked of `notify`, and what it announces of mail."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from shared.messages.base import Event, Query, Reply
from shared.sealed import Sealed


class MyMessages(Query, frozen=True, kw_only=True, tag="notify.my_messages.v1"):
    """Which messages were sent to me?"""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 100


class MessageShown(msgspec.Struct, frozen=True, kw_only=True):
    """One message to the asker: what it was about and what became of it; never its text.

    `reason` says why it was never sent, where that is so.
    """

    notification_id: UUID
    kind: str
    subject: str
    state: str
    queued_at: datetime
    sent_at: datetime | None
    reason: str | None = None


class MessageList(Reply, frozen=True, kw_only=True, tag="notify.message_list.v1"):
    """The delivery log of the asker, newest first."""

    messages: tuple[MessageShown, ...]


class NotificationSent(Event, frozen=True, kw_only=True, tag="notify.notification_sent.v1"):
    """The mail server took a message."""

    notification_id: UUID
    account_id: UUID | None
    kind: str


class NotificationAbandoned(Event, frozen=True, kw_only=True, tag="notify.notification_abandoned.v1"):
    """A message was given up: refused for good, too late, tried too often, or without a fit address."""

    notification_id: UUID
    account_id: UUID | None
    kind: str
    reason: str


class ExportPartMade(Event, frozen=True, kw_only=True, tag="notify.export_part_made.v1"):
    """What is kept here about an account lies encrypted at `key`; `secret` opens it, for `accounts` alone."""

    export_id: UUID
    account_id: UUID
    key: str
    secret: Sealed

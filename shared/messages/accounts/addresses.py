"""Changing the e-mail address: the new one is proved first, the old one is told and can take it back."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.values import Status
from shared.messages.base import Command, Event, Reply, Speaker
from shared.sealed import Sealed


class ChangeEmail(Command, frozen=True, kw_only=True, tag="accounts.change_email.v1"):
    """Ask for another address; nothing changes until the link that is mailed there is followed."""

    is_sensitive: ClassVar[bool] = True
    email: Annotated[str, msgspec.Meta(max_length=320)]


class EmailChangeBegun(Reply, frozen=True, kw_only=True, tag="accounts.email_change_begun.v1"):
    """A mail is on its way to the new address, or was sent there a moment ago; whoever else has it."""


class EmailChangeRefused(Reply, frozen=True, kw_only=True, tag="accounts.email_change_refused.v1"):
    """This can't be the new address."""

    reason: Literal["email_not_allowed", "email_not_new"]


class EmailChangeAsked(Event, frozen=True, kw_only=True, tag="accounts.email_change_asked.v1"):
    """A new address waits to be proved (mail, there).

    `recipient` holds JSON with `name` and `email`, `token` the one-time token; both expire with it.
    """

    account_id: UUID
    recipient: Sealed
    token: Sealed


class ConfirmEmailChange(Command, frozen=True, kw_only=True, tag="accounts.confirm_email_change.v1"):
    """Prove a new address with the one-time token that was mailed there; it is the account's from now on."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class EmailChangeConfirmed(Reply, frozen=True, kw_only=True, tag="accounts.email_change_confirmed.v1"):
    """The new address is in use; `status` and `warnings` are as in `EmailVerified`."""

    account_id: UUID
    status: Status
    warnings: tuple[str, ...] = ()


class EmailChanged(Event, frozen=True, kw_only=True, tag="accounts.email_changed.v1"):
    """The account has another address (mail, to the old one, with a link that takes the change back).

    `recipient` holds JSON with `name` and `email`, `token` the one-time token; both expire with it.
    """

    account_id: UUID
    recipient: Sealed
    token: Sealed


class EmailTakenIntoUse(Event, frozen=True, kw_only=True, tag="accounts.email_taken_into_use.v1"):
    """The same, for the new address (mail, there); `warnings` as in `EmailVerified`."""

    account_id: UUID
    recipient: Sealed
    warnings: tuple[str, ...] = ()


class UndoEmailChange(Command, frozen=True, kw_only=True, tag="accounts.undo_email_change.v1"):
    """Take a change back with the one-time token that was mailed to the address that held before it."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class EmailChangeUndone(Reply, frozen=True, kw_only=True, tag="accounts.email_change_undone.v1"):
    """The address is what it was before that change, and all sessions are ended; later changes are void."""

    account_id: UUID


class EmailPutBack(Event, frozen=True, kw_only=True, tag="accounts.email_put_back.v1"):
    """A change of address was taken back (mail, to the address that holds again)."""

    account_id: UUID
    recipient: Sealed


class EmailWithdrawn(Event, frozen=True, kw_only=True, tag="accounts.email_withdrawn.v1"):
    """The same, for the address that no longer holds (mail, there)."""

    account_id: UUID
    recipient: Sealed

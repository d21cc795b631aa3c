"""What is kept about a person: its erasure, which can be taken back for some days."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.messages.base import Command, Event, Reply, Speaker
from shared.sealed import Sealed


class AskErasure(Command, frozen=True, kw_only=True, tag="accounts.ask_erasure.v1"):
    """Give up my account, and have what is kept about me erased; what is under hold stays."""

    is_sensitive: ClassVar[bool] = True


class ErasureBegun(Reply, frozen=True, kw_only=True, tag="accounts.erasure_begun.v1"):
    """The account is deactivated; until `final_at` the link in the mail takes it back, then it is erased."""

    account_id: UUID
    final_at: datetime


class ErasureRefused(Reply, frozen=True, kw_only=True, tag="accounts.erasure_refused.v1"):
    """Nothing has changed.

    Who holds a role gives it up first, a firm's account is closed by PSC, and a change of address must be one
    that can't be taken back any more: else the link that stops the erasure might go to a thief.
    """

    reason: Literal["role_held", "account_of_a_firm", "email_changed_lately"]


class ErasureAsked(Event, frozen=True, kw_only=True, tag="accounts.erasure_asked.v1"):
    """The holder gave up the account and asked for its erasure (mail, with the token that takes it back)."""

    account_id: UUID
    final_at: datetime
    token: Sealed


class StopErasure(Command, frozen=True, kw_only=True, tag="accounts.stop_erasure.v1"):
    """Take an erasure back, with the one-time token that was mailed: the account is as it was."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class ErasureStopped(Event, frozen=True, kw_only=True, tag="accounts.erasure_stopped.v1"):
    """The erasure was taken back and the account works again; its sessions stay ended (mail)."""

    account_id: UUID


class EraseAccount(Command, frozen=True, kw_only=True, tag="accounts.erase_account.v1"):
    """The time to take an erasure back is over; done again, or taken back meanwhile, it changes nothing."""

    spoken_by: ClassVar[Speaker] = "service"
    account_id: UUID

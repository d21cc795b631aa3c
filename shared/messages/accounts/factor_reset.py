"""Resetting a lost second factor: PSC asks, its holder is warned and can stop it, and in time it happens."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.messages.base import Command, Event, Reply, ShortText, Speaker
from shared.sealed import Sealed

StoppedBy = Literal["link", "holder", "staff", "sign_in"]


class AskFactorReset(Command, frozen=True, kw_only=True, tag="accounts.ask_factor_reset.v1"):
    """Begin to reset somebody's second factor: it takes effect after some days, unless stopped (PSC).

    `is_factor_a_strangers`: the holder never enrolled it. Then all sessions end at once, nobody signs in
    until the reset, only the mailed link or PSC stops it, and with the factor the password goes.
    """

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    remark: ShortText
    is_factor_a_strangers: bool = False


class FactorResetBegun(Reply, frozen=True, kw_only=True, tag="accounts.factor_reset_begun.v1"):
    """The holder is warned, and at `takes_effect_at` the second factor is removed unless that is stopped."""

    account_id: UUID
    takes_effect_at: datetime


class FactorResetAsked(Event, frozen=True, kw_only=True, tag="accounts.factor_reset_asked.v1"):
    """The second factor will be removed at `takes_effect_at` (mail).

    `token` is in a link that stops it, good until then.
    """

    account_id: UUID
    takes_effect_at: datetime
    token: Sealed
    remark: ShortText
    actor_account_id: UUID
    is_factor_a_strangers: bool = False


class StopFactorReset(Command, frozen=True, kw_only=True, tag="accounts.stop_factor_reset.v1"):
    """Stop a reset with the link that was mailed."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class StopMyFactorReset(Command, frozen=True, kw_only=True, tag="accounts.stop_my_factor_reset.v1"):
    """Stop the reset of my own second factor."""

    is_sensitive: ClassVar[bool] = True


class StopFactorResetByStaff(
    Command, frozen=True, kw_only=True, tag="accounts.stop_factor_reset_by_staff.v1"
):
    """Stop the reset of somebody's second factor (PSC)."""

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    remark: ShortText


class FactorResetStopped(Event, frozen=True, kw_only=True, tag="accounts.factor_reset_stopped.v1"):
    """The second factor stays: the reset was stopped, or a sign-in showed that it isn't lost (mail)."""

    account_id: UUID
    stopped_by: StoppedBy
    actor_account_id: UUID | None = None


class NoFactorReset(Reply, frozen=True, kw_only=True, tag="accounts.no_factor_reset.v1"):
    """No reset of the asker's second factor is open."""


class ResetFactor(Command, frozen=True, kw_only=True, tag="accounts.reset_factor.v1"):
    """Due work: the time of a reset has come, unless it was stopped or another was asked for since."""

    spoken_by: ClassVar[Speaker] = "service"
    account_id: UUID
    takes_effect_at: datetime


class FactorWasReset(Event, frozen=True, kw_only=True, tag="accounts.factor_was_reset.v1"):
    """The account has no second factor any more; all its sessions and roles are ended (mail).

    `is_password_void`: nobody signs in before a new password is set by recovery.
    """

    account_id: UUID
    is_password_void: bool = False

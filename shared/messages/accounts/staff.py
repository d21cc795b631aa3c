"""What PSC staff do with somebody's account; its holder is told of each act, with who did it."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, Event, Reply, ShortText
from shared.sealed import Sealed


class StaffActRefused(Reply, frozen=True, kw_only=True, tag="accounts.staff_act_refused.v1"):
    """The act was not done, and nothing has changed; nobody does one to an account of their own."""

    reason: Literal[
        "account_not_found",
        "own_account",
        "not_held",
        "not_locked",
        "not_active",
        "not_an_individual",
        "not_upgraded",
        "already_so",
        "already_deactivated",
        "no_second_factor",
        "reset_is_open",
        "no_reset_is_open",
    ]


class ReviewAccount(Command, frozen=True, kw_only=True, tag="accounts.review_account.v1"):
    """Decide on an account that is held since another is like it (PSC)."""

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    decision: Literal["release", "deactivate"]
    remark: ShortText


class AccountReviewed(Event, frozen=True, kw_only=True, tag="accounts.account_reviewed.v1"):
    """PSC decided on a held account: it works from now on, or is deactivated (mail)."""

    account_id: UUID
    decision: Literal["release", "deactivate"]
    remark: ShortText
    actor_account_id: UUID


class UnlockByStaff(Command, frozen=True, kw_only=True, tag="accounts.unlock_by_staff.v1"):
    """Let somebody sign in again who was locked out by too many failures, of either kind (PSC)."""

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    remark: ShortText


class AccountUnlockedByStaff(Event, frozen=True, kw_only=True, tag="accounts.account_unlocked_by_staff.v1"):
    """PSC ended the lock; earlier failures count no more (mail)."""

    account_id: UUID
    remark: ShortText
    actor_account_id: UUID


class SetSearchPrivilege(Command, frozen=True, kw_only=True, tag="accounts.set_search_privilege.v1"):
    """Let somebody search, or not; filing goes on (PSC)."""

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    is_active: bool
    remark: ShortText


class SearchPrivilegeSet(Event, frozen=True, kw_only=True, tag="accounts.search_privilege_set.v1"):
    """PSC changed whether the account may search (mail)."""

    account_id: UUID
    is_active: bool
    remark: ShortText
    actor_account_id: UUID


class DeactivateByStaff(Command, frozen=True, kw_only=True, tag="accounts.deactivate_by_staff.v1"):
    """End somebody's account: all its sessions end and it can't sign in any more (PSC)."""

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    remark: ShortText


class AccountDeactivatedByStaff(
    Event, frozen=True, kw_only=True, tag="accounts.account_deactivated_by_staff.v1"
):
    """PSC ended the account; its sessions are ended (mail)."""

    account_id: UUID
    remark: ShortText
    actor_account_id: UUID


class CorrectUnprovedAddress(Command, frozen=True, kw_only=True, tag="accounts.correct_unproved_address.v1"):
    """Mail the link that proves an address to another one: that which was given was mistyped (PSC).

    Only while nobody has proved it. The link that was mailed before works no more.
    """

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    email: Annotated[str, msgspec.Meta(max_length=320)]
    remark: ShortText


class UnprovedAddressCorrected(
    Reply, frozen=True, kw_only=True, tag="accounts.unproved_address_corrected.v1"
):
    """The link is on its way to the address that was given now."""

    account_id: UUID


class AddressCorrectionRefused(
    Reply, frozen=True, kw_only=True, tag="accounts.address_correction_refused.v1"
):
    """The address stays as it was."""

    reason: Literal["not_pending", "email_not_allowed", "email_not_new"]


class CheckCaller(Command, frozen=True, kw_only=True, tag="accounts.check_caller.v1"):
    """Is this the date of birth of the account's holder? (PSC, on the telephone.)

    `date_of_birth` holds it as `1979-05-23`; it is compared within `accounts`, which tells nobody what it is.
    """

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    date_of_birth: Sealed


class CallerChecked(Reply, frozen=True, kw_only=True, tag="accounts.caller_checked.v1"):
    """Right or wrong; of a legacy account none is known. After a few wrong ones a day nothing is compared."""

    outcome: Literal["right", "wrong", "not_known", "too_many_attempts"]

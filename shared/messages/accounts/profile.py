"""What the holder may change of an account's own data; the date of birth is not among it."""

from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.values import PersonText, UserName
from shared.messages.base import Command, Event, Query, Reply
from shared.sealed import Sealed


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One's own data, as far as it may change; all but the names stay in `accounts`."""

    first_name: PersonText
    last_name: PersonText
    address: PersonText
    city: PersonText
    state: PersonText
    postal_code: PersonText
    county: PersonText
    phone: PersonText
    user_type: PersonText


class ChangeProfile(Command, frozen=True, kw_only=True, tag="accounts.change_profile.v1"):
    """Give the whole profile anew; what is equal stays."""

    is_sensitive: ClassVar[bool] = True
    profile: Profile


class ProfileChanged(Event, frozen=True, kw_only=True, tag="accounts.profile_changed.v1"):
    """These fields of the profile have changed (mail); `warnings` as in `EmailVerified`, of a new name."""

    account_id: UUID
    fields: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class ProfileUnchanged(Reply, frozen=True, kw_only=True, tag="accounts.profile_unchanged.v1"):
    """The profile was as given already."""


class ProfileRefused(Reply, frozen=True, kw_only=True, tag="accounts.profile_refused.v1"):
    """The profile stays as it was; `field` names what to mend."""

    reason: Literal["text_not_allowed"]
    field: str


class ChangeUserName(Command, frozen=True, kw_only=True, tag="accounts.change_user_name.v1"):
    """Sign in under another name; the one before is given to nobody else, and other sessions end."""

    is_sensitive: ClassVar[bool] = True
    user_name: UserName


class UserNameChanged(Event, frozen=True, kw_only=True, tag="accounts.user_name_changed.v1"):
    """The account has another user name (mail, without it)."""

    account_id: UUID


class UserNameRefused(Reply, frozen=True, kw_only=True, tag="accounts.user_name_refused.v1"):
    """The user name stays as it was."""

    reason: Literal["user_name_taken", "user_name_not_allowed", "user_name_not_new"]


class MyProfile(Query, frozen=True, kw_only=True, tag="accounts.my_profile.v1"):
    """My own data as `accounts` keeps it."""


class ProfileShown(Reply, frozen=True, kw_only=True, tag="accounts.profile_shown.v1"):
    """The asker's own data, readable by the portal alone: date of birth, address and phone rest nowhere else.

    `profile` holds JSON with the fields of `Profile` and `date_of_birth`.
    """

    profile: Sealed

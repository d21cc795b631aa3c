"""The second factor: authenticators that make one-time passcodes, and backup codes that stand in for them."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, Event, Query, Reply, ShortText
from shared.sealed import Sealed

WhyRequired = Literal["paa_administrator", "linked_filer", "role_holder"]
"""Why somebody must have a second factor."""


class EnrolAuthenticator(Command, frozen=True, kw_only=True, tag="accounts.enrol_authenticator.v1"):
    """Begin to use a named authenticator (TOTP); it counts once a code of it was confirmed."""

    is_sensitive: ClassVar[bool] = True
    name: ShortText


class AuthenticatorOffered(Reply, frozen=True, kw_only=True, tag="accounts.authenticator_offered.v1"):
    """The secret (base32), shown once, for the authenticator."""

    authenticator_id: UUID
    secret: Sealed | None
    secret_shown_once: bool = False


class ConfirmAuthenticator(Command, frozen=True, kw_only=True, tag="accounts.confirm_authenticator.v1"):
    """Show that the authenticator works, by one of its codes; ends all sessions but this one (a check)."""

    is_sensitive: ClassVar[bool] = True
    authenticator_id: UUID
    code: Sealed


class AuthenticatorConfirmed(Reply, frozen=True, kw_only=True, tag="accounts.authenticator_confirmed.v1"):
    """The authenticator is required from now on; this session's level is 2."""

    authenticator_id: UUID


class AuthenticatorRefused(Reply, frozen=True, kw_only=True, tag="accounts.authenticator_refused.v1"):
    """The code was wrong or used before, the name is not free, or there are too many authenticators."""

    reason: Literal["code_wrong", "too_many", "not_found", "name_taken", "name_not_allowed"]


class SecondFactorChanged(Event, frozen=True, kw_only=True, tag="accounts.second_factor_changed.v1"):
    """An authenticator was added or removed, and all sessions but one were ended (mail).

    `was_last`: no other is left, so that signing in takes the password alone.
    """

    account_id: UUID
    change: Literal["added", "removed"]
    authenticator_name: str
    was_last: bool = False


class SecondFactorRequired(Event, frozen=True, kw_only=True, tag="accounts.second_factor_required.v1"):
    """From now on this account needs a second factor; so many sign-ins without one are left."""

    account_id: UUID
    skips_left: int
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class MySecondFactor(Query, frozen=True, kw_only=True, tag="accounts.my_second_factor.v1"):
    """My authenticators and backup codes, and whether I must have a second factor."""


class AuthenticatorShown(msgspec.Struct, frozen=True, kw_only=True):
    """One authenticator that is in use."""

    authenticator_id: UUID
    name: str
    confirmed_at: datetime


class SecondFactorShown(Reply, frozen=True, kw_only=True, tag="accounts.second_factor_shown.v1"):
    """The asker's second factor.

    `required_for` says why it must be had, if it must; `skips_left` how many sign-ins will do without one,
    where one must be had and there is none.
    """

    authenticators: tuple[AuthenticatorShown, ...]
    backup_codes_left: int
    required_for: WhyRequired | None = None
    skips_left: int | None = None


class RenameAuthenticator(Command, frozen=True, kw_only=True, tag="accounts.rename_authenticator.v1"):
    """Call an authenticator something else; refused as `AuthenticatorRefused`."""

    is_sensitive: ClassVar[bool] = True
    authenticator_id: UUID
    name: ShortText


class AuthenticatorRenamed(Event, frozen=True, kw_only=True, tag="accounts.authenticator_renamed.v1"):
    """An authenticator has another name (mail)."""

    account_id: UUID
    authenticator_id: UUID
    previous_name: str
    name: str


class RemoveAuthenticator(Command, frozen=True, kw_only=True, tag="accounts.remove_authenticator.v1"):
    """Use an authenticator no more; ends all sessions but this one, and is answered `SecondFactorChanged`.

    With the last one the backup codes go, too, and signing in takes the password alone.
    """

    is_sensitive: ClassVar[bool] = True
    authenticator_id: UUID


class AuthenticatorRemovalRefused(
    Reply, frozen=True, kw_only=True, tag="accounts.authenticator_removal_refused.v1"
):
    """There is none of this id, or it is the last one of somebody who must have one, and why they must."""

    reason: Literal["not_found", "paa_administrator", "linked_filer", "role_holder"]


class MakeBackupCodes(Command, frozen=True, kw_only=True, tag="accounts.make_backup_codes.v1"):
    """Make ten one-time codes, each of which stands in for a passcode; those made before stop working."""

    is_sensitive: ClassVar[bool] = True


class BackupCodesMade(Reply, frozen=True, kw_only=True, tag="accounts.backup_codes_made.v1"):
    """The codes, shown once: JSON with a list of texts. Whoever missed them asks for new ones."""

    codes: Sealed | None
    secret_shown_once: bool = False


class BackupCodesRefused(Reply, frozen=True, kw_only=True, tag="accounts.backup_codes_refused.v1"):
    """No codes were made: there is no authenticator that they could stand in for."""

    reason: Literal["no_authenticator"]


class BackupCodesReplaced(Event, frozen=True, kw_only=True, tag="accounts.backup_codes_replaced.v1"):
    """New backup codes were made, and those made before stopped working (mail)."""

    account_id: UUID


class BackupCodeUsed(Event, frozen=True, kw_only=True, tag="accounts.backup_code_used.v1"):
    """A backup code stood in for a passcode; so many are left (mail)."""

    account_id: UUID
    used_at: datetime
    codes_left: int

"""The second factor: authenticators that make one-time passcodes."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, Event, Reply, ShortText
from shared.sealed import Sealed


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
    """An authenticator was added or removed."""

    account_id: UUID
    change: Literal["added", "removed"]
    authenticator_name: str


class SecondFactorRequired(Event, frozen=True, kw_only=True, tag="accounts.second_factor_required.v1"):
    """From now on this account needs a second factor; so many sign-ins without one are left."""

    account_id: UUID
    skips_left: int
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""

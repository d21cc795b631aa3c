"""Signing in and out, sessions, passwords."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.values import Network
from shared.messages.base import Command, Event, Query, Reply, ShortText, Speaker
from shared.sealed import Sealed


class SignIn(Command, frozen=True, kw_only=True, tag="accounts.sign_in.v1"):
    """Open a session by user name, password and, where a factor is enrolled, passcode (a check)."""

    spoken_by: ClassVar[Speaker] = "anyone"
    user_name: Annotated[str, msgspec.Meta(max_length=254)]
    password: Sealed
    passcode: Sealed | None = None
    network: Network = ""
    """Where the request came from, as the edge saw it: an address prefix, for throttling."""


class SignedIn(Reply, frozen=True, kw_only=True, tag="accounts.signed_in.v1"):
    """A session is open; `token` is readable by the asker alone.

    `skips_left`: a second factor is due, and so many more sign-ins will do without one. Where
    `must_enrol_factor` or `must_change_password` holds, the session serves to do just that, the password
    first (and to sign out): it resolves for `accounts` alone until it is done.
    """

    account_id: UUID
    token: Sealed | None
    level: Literal[1, 2]
    must_enrol_factor: bool = False
    must_change_password: bool = False
    skips_left: int | None = None
    secret_shown_once: bool = False


class SignInRefused(Reply, frozen=True, kw_only=True, tag="accounts.sign_in_refused.v1"):
    """The same answer for every failure: wrong user, password or passcode, locked, shared."""


class Busy(Reply, frozen=True, kw_only=True, tag="accounts.busy.v1"):
    """Too many passwords are being checked, or too many sign-ins came: ask again in `retry_after_seconds`."""

    retry_after_seconds: int


class ResolveSession(Query, frozen=True, kw_only=True, tag="accounts.resolve_session.v1"):
    """Who holds this session token? Answers with an assertion for one service (a check).

    For a sensitive act it is made for one message, whose id and name are given, and carries no other.
    """

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed
    audience: Literal["accounts", "linking", "paa_billing", "notify"]
    for_message_id: UUID | None = None
    for_message_name: ShortText | None = None


class SessionResolved(Reply, frozen=True, kw_only=True, tag="accounts.session_resolved.v1"):
    """The assertion to send with commands and queries to the audience, good for 60 seconds at most.

    `client_code` is what a program named when it signed in; `serves_search`: may this session search now?
    `is_proof_fresh`: would a sensitive act be done now, as far as it needs a recent proof of who this is? So
    that nobody fills in its form in vain; what decides is the assertion, when the act comes.
    """

    account_id: UUID
    assertion: str
    expires_at: datetime
    client_code: str = ""
    serves_search: bool = True
    is_proof_fresh: bool = True


class SessionRefused(Reply, frozen=True, kw_only=True, tag="accounts.session_refused.v1"):
    """No session of this token is open, or not for this audience."""


class SignOut(Command, frozen=True, kw_only=True, tag="accounts.sign_out.v1"):
    """End a session; asking again, or with an unknown token, changes nothing."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class SignedOut(Reply, frozen=True, kw_only=True, tag="accounts.signed_out.v1"):
    """No session of this token is open any more."""


class ChangePassword(Command, frozen=True, kw_only=True, tag="accounts.change_password.v1"):
    """Set a new password, proving the present one; ends all sessions, this one too (a check)."""

    is_sensitive: ClassVar[bool] = True
    present_password: Sealed
    new_password: Sealed


class PasswordChanged(Event, frozen=True, kw_only=True, tag="accounts.password_changed.v1"):
    """The password was changed and all sessions were ended."""

    account_id: UUID


class PasswordChangeRefused(Reply, frozen=True, kw_only=True, tag="accounts.password_change_refused.v1"):
    """The password stays as it was: `present_password_wrong`, or a reason of `RegistrationRefused`."""

    reason: str
    field: str


class SignedInFromNewPlace(Event, frozen=True, kw_only=True, tag="accounts.signed_in_from_new_place.v1"):
    """A sign-in from a network not seen before for this account."""

    account_id: UUID
    at: datetime


class AccountLocked(Event, frozen=True, kw_only=True, tag="accounts.account_locked.v1"):
    """Too many failures: no sign-in until `locked_until`; what is signed in stays so.

    `unlock_token` ends the lock before (`UnlockAccount`); none is mailed to an address that nobody
    proved, and none for a lock of passcodes: a stolen mailbox would be a way to guess them for ever.
    `guard` says what was wrong: whoever typed wrong passcodes knows the password.
    """

    account_id: UUID
    locked_until: datetime
    unlock_token: Sealed | None = None
    guard: Literal["password", "passcode"] = "password"

"""What is asked of `accounts`, and what it announces of identities."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import (
    AccountNumber,
    Command,
    CourtId,
    Event,
    LongText,
    Query,
    Reply,
    ShortText,
    Speaker,
)
from shared.sealed import Sealed

Kind = Literal["individual", "paa"]
Generation = Literal["legacy", "upgraded"]
Status = Literal["pending_verification", "held_for_review", "active", "locked", "deactivated"]
UserName = Annotated[str, msgspec.Meta(min_length=1, max_length=45)]
EmailAddress = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's or an administrator's own data; all but the names stay in `accounts`."""

    first_name: ShortText
    last_name: ShortText
    date_of_birth: date
    email: EmailAddress
    address: ShortText
    city: ShortText
    state: ShortText
    postal_code: ShortText
    county: ShortText
    phone: ShortText
    user_type: ShortText


class RegisterAccount(Command, frozen=True, kw_only=True, tag="accounts.register_account.v1"):
    """Make an own account; nothing works until the e-mail address is verified."""

    spoken_by: ClassVar[Speaker] = "anyone"
    kind: Kind = "individual"
    person: Person
    user_name: UserName
    password: Sealed


class AccountRegistered(Reply, frozen=True, kw_only=True, tag="accounts.account_registered.v1"):
    """The account is made; `warnings` names what it shares with another (duplicate check)."""

    account_id: UUID
    account_number: AccountNumber
    status: Status
    warnings: tuple[str, ...] = ()


class RegistrationRefused(Reply, frozen=True, kw_only=True, tag="accounts.registration_refused.v1"):
    """No account was made; `field` names what to mend."""

    reason: Literal[
        "user_name_taken",
        "user_name_not_allowed",
        "password_too_short",
        "password_too_long",
        "password_too_common",
        "password_holds_own_data",
        "password_needs_classes",
        "email_not_allowed",
        "date_of_birth_not_possible",
        "already_upgraded",
        "shared_login_cannot_be_upgraded",
        "kind_cannot_change",
    ]
    field: str


class VerifyEmail(Command, frozen=True, kw_only=True, tag="accounts.verify_email.v1"):
    """Prove an e-mail address with the one-time token that was mailed to it."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class EmailVerified(Reply, frozen=True, kw_only=True, tag="accounts.email_verified.v1"):
    """The address is proved."""

    account_id: UUID
    status: Status


class TokenRefused(Reply, frozen=True, kw_only=True, tag="accounts.token_refused.v1"):
    """The token is not known, was used, or is too old; the answer is the same for all of them."""


class LegacyAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account from before 2014-08-11; `password` is clear text only on its way, sealed with the batch."""

    user_name: UserName
    kind: Kind
    is_shared: bool = False
    first_name: str = ""
    last_name: ShortText
    email: EmailAddress
    password_scheme: Literal["sha256", "argon2id"]
    password_hash: str


class LoadLegacyAccounts(Command, frozen=True, kw_only=True, tag="accounts.load_legacy_accounts.v1"):
    """Take over accounts from before 2014-08-11; loading one again changes nothing."""

    spoken_by: ClassVar[Speaker] = "operator"
    accounts: Annotated[tuple[LegacyAccount, ...], msgspec.Meta(max_length=200)]


class RowRefused(msgspec.Struct, frozen=True, kw_only=True):
    """One row that was not taken over: which, what of it, and why."""

    row: int
    field: str
    reason: str


class LegacyAccountsLoaded(Reply, frozen=True, kw_only=True, tag="accounts.legacy_accounts_loaded.v1"):
    """How many were new; each refused row is named and the rest is loaded."""

    loaded: int
    known_before: int
    refused: tuple[RowRefused, ...] = ()


class UpgradeAccount(Command, frozen=True, kw_only=True, tag="accounts.upgrade_account.v1"):
    """Turn a legacy account, individual or PAA, into an upgraded one; there is no way back."""

    person: Person
    user_name: UserName
    password: Sealed


class AccountUpgraded(Reply, frozen=True, kw_only=True, tag="accounts.account_upgraded.v1"):
    """The account is upgraded; all its sessions are ended, and the address given must be verified."""

    account_id: UUID
    status: Status


class EnrolAuthenticator(Command, frozen=True, kw_only=True, tag="accounts.enrol_authenticator.v1"):
    """Begin to use a named authenticator (TOTP); it counts once a code of it was confirmed."""

    name: ShortText


class AuthenticatorOffered(Reply, frozen=True, kw_only=True, tag="accounts.authenticator_offered.v1"):
    """The secret (base32), shown once, for the authenticator."""

    authenticator_id: UUID
    secret: Sealed | None
    secret_shown_once: bool = False


class ConfirmAuthenticator(Command, frozen=True, kw_only=True, tag="accounts.confirm_authenticator.v1"):
    """Show that the authenticator works, by one of its codes."""

    authenticator_id: UUID
    code: Sealed


class AuthenticatorConfirmed(Reply, frozen=True, kw_only=True, tag="accounts.authenticator_confirmed.v1"):
    """The authenticator is required from now on; this session's level is 2."""

    authenticator_id: UUID


class AuthenticatorRefused(Reply, frozen=True, kw_only=True, tag="accounts.authenticator_refused.v1"):
    """The code was wrong or used before, or there are too many authenticators."""

    reason: Literal["code_wrong", "too_many", "not_found"]


class SignIn(Command, frozen=True, kw_only=True, tag="accounts.sign_in.v1"):
    """Open a session by user name, password and, where a factor is enrolled, passcode (a check)."""

    spoken_by: ClassVar[Speaker] = "anyone"
    user_name: UserName
    password: Sealed
    passcode: Sealed | None = None
    network: str = ""
    """Where the request came from, as the edge saw it: an address prefix, for throttling."""


class SignedIn(Reply, frozen=True, kw_only=True, tag="accounts.signed_in.v1"):
    """A session is open; `token` is readable by the asker alone."""

    account_id: UUID
    token: Sealed | None
    level: Literal[1, 2]
    must_enrol_factor: bool = False
    secret_shown_once: bool = False


class SignInRefused(Reply, frozen=True, kw_only=True, tag="accounts.sign_in_refused.v1"):
    """The same answer for every failure: wrong user, password or passcode, locked, shared."""


class Busy(Reply, frozen=True, kw_only=True, tag="accounts.busy.v1"):
    """Too many passwords are being checked: ask again in `retry_after_seconds`."""

    retry_after_seconds: int


class ResolveSession(Query, frozen=True, kw_only=True, tag="accounts.resolve_session.v1"):
    """Who holds this session token? Answers with an assertion for one service (a check)."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed
    audience: Literal["accounts", "linking", "paa_billing", "notify"]


class SessionResolved(Reply, frozen=True, kw_only=True, tag="accounts.session_resolved.v1"):
    """The assertion to send with commands and queries to the audience, good for 60 seconds."""

    account_id: UUID
    assertion: str
    expires_at: datetime


class SessionRefused(Reply, frozen=True, kw_only=True, tag="accounts.session_refused.v1"):
    """No session of this token is open."""


class SignOut(Command, frozen=True, kw_only=True, tag="accounts.sign_out.v1"):
    """End a session; asking again, or with an unknown token, changes nothing."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class SignedOut(Reply, frozen=True, kw_only=True, tag="accounts.signed_out.v1"):
    """No session of this token is open any more."""


class ChangePassword(Command, frozen=True, kw_only=True, tag="accounts.change_password.v1"):
    """Set a new password, proving the present one; ends all other sessions."""

    present_password: Sealed
    new_password: Sealed


class PasswordChanged(Event, frozen=True, kw_only=True, tag="accounts.password_changed.v1"):
    """The password was changed and all sessions were ended."""

    account_id: UUID


class PasswordChangeRefused(Reply, frozen=True, kw_only=True, tag="accounts.password_change_refused.v1"):
    """The password stays as it was."""

    reason: str
    field: str


class GrantRole(Command, frozen=True, kw_only=True, tag="accounts.grant_role.v1"):
    """Give an upgraded individual with a second factor a role, at one court or at all (PSC)."""

    account_id: UUID
    role: Literal["court_staff", "psc", "operator"]
    court_id: CourtId | None = None


class GrantFirstRole(Command, frozen=True, kw_only=True, tag="accounts.grant_first_role.v1"):
    """Make the first PSC account of an installation; refused once there is one."""

    spoken_by: ClassVar[Speaker] = "operator"
    account_number: AccountNumber


class RoleGranted(Event, frozen=True, kw_only=True, tag="accounts.role_granted.v1"):
    """The account holds a role from now on."""

    account_id: UUID
    role: Literal["court_staff", "psc", "operator"]
    court_id: CourtId | None = None
    actor_account_id: UUID | None = None


class RoleRefused(Reply, frozen=True, kw_only=True, tag="accounts.role_refused.v1"):
    """The role was not given."""

    reason: Literal[
        "account_not_found", "not_upgraded", "second_factor_missing", "not_allowed", "already_bootstrapped"
    ]


class MyAccount(Query, frozen=True, kw_only=True, tag="accounts.my_account.v1"):
    """My own account as `accounts` keeps it."""


class AccountShown(Reply, frozen=True, kw_only=True, tag="accounts.account_shown.v1"):
    """An account's public state, for its holder."""

    account_id: UUID
    account_number: AccountNumber
    user_name: UserName
    kind: Kind
    generation: Generation
    status: Status
    email_verified: bool
    has_second_factor: bool


class AccountChanged(Event, frozen=True, kw_only=True, tag="accounts.account_changed.v1"):
    """The whole public state of an account; a copy applies only a higher version."""

    account_id: UUID
    version: int
    account_number: AccountNumber
    first_name: str
    last_name: str
    kind: Kind
    generation: Generation
    status: Status
    email_verified: bool
    is_search_active: bool
    has_second_factor: bool


class ContactChanged(Event, frozen=True, kw_only=True, tag="accounts.contact_changed.v1"):
    """Name and verified e-mail address, for `notify` alone; a copy applies only a higher version."""

    account_id: UUID
    version: int
    name: str
    email: EmailAddress


class AccountErased(Event, frozen=True, kw_only=True, tag="accounts.account_erased.v1"):
    """Everything kept about this account is to be blanked, but what is under hold."""

    account_id: UUID


class EmailVerificationAsked(Event, frozen=True, kw_only=True, tag="accounts.email_verification_asked.v1"):
    """An address waits to be proved; `recipient` holds name and address, `token` the one-time token."""

    account_id: UUID
    recipient: Sealed
    token: Sealed


class AccountActivated(Event, frozen=True, kw_only=True, tag="accounts.account_activated.v1"):
    """The address is verified and the account works (mail: welcome)."""

    account_id: UUID


class AccountUpgradeFinished(Event, frozen=True, kw_only=True, tag="accounts.account_upgrade_finished.v1"):
    """A legacy account became an upgraded one (mail)."""

    account_id: UUID


class SignedInFromNewPlace(Event, frozen=True, kw_only=True, tag="accounts.signed_in_from_new_place.v1"):
    """A sign-in from a network not seen before for this account."""

    account_id: UUID
    at: datetime


class AccountLocked(Event, frozen=True, kw_only=True, tag="accounts.account_locked.v1"):
    """Too many failures: no sign-in until `locked_until`."""

    account_id: UUID
    locked_until: datetime


class SecondFactorChanged(Event, frozen=True, kw_only=True, tag="accounts.second_factor_changed.v1"):
    """An authenticator was added or removed."""

    account_id: UUID
    change: Literal["added", "removed"]
    authenticator_name: str


class SecondFactorRequired(Event, frozen=True, kw_only=True, tag="accounts.second_factor_required.v1"):
    """From now on this account needs a second factor; so many sign-ins without one are left."""

    account_id: UUID
    skips_left: int
    note: LongText = ""

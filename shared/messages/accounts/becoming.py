"""How an account comes to be: registered, verified, taken over from before, upgraded, given up."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.values import Kind, Person, Status, UserName
from shared.messages.base import AccountNumber, Command, Event, Reply, Speaker
from shared.sealed import Sealed


class RegisterAccount(Command, frozen=True, kw_only=True, tag="accounts.register_account.v1"):
    """Make an own account; nothing works until the e-mail address is verified (a check)."""

    spoken_by: ClassVar[Speaker] = "anyone"
    kind: Kind = "individual"
    person: Person
    user_name: UserName
    password: Sealed


class AccountRegistered(Reply, frozen=True, kw_only=True, tag="accounts.account_registered.v1"):
    """The account is made, and its address waits to be verified: the same answer whoever else is known.

    `status` is `pending_verification` and `warnings` empty: what the account shares with others is looked at
    once the address is verified, and told by `EmailVerified`.
    """

    account_id: UUID
    account_number: AccountNumber
    status: Status
    warnings: tuple[str, ...] = ()


class RegistrationRefused(Reply, frozen=True, kw_only=True, tag="accounts.registration_refused.v1"):
    """No account was made, or upgraded; `field` names what to mend."""

    reason: Literal[
        "text_not_allowed",
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
    """The address is proved; `warnings` names what the account shares with another (duplicate check).

    Three equal of name, date of birth and address: `status` is `held_for_review`. Two: a warning, where the
    address is one of them. Name and date of birth alone are told to nobody: whoever gave a name and tried
    dates would learn somebody's.
    """

    account_id: UUID
    status: Status
    warnings: tuple[str, ...] = ()


class TokenRefused(Reply, frozen=True, kw_only=True, tag="accounts.token_refused.v1"):
    """The token is not known, was used, or is too old; the answer is the same for all of them."""


class AskVerificationAgain(Command, frozen=True, kw_only=True, tag="accounts.ask_verification_again.v1"):
    """Mail a new token to the address given at registration; the one before stops working."""

    spoken_by: ClassVar[Speaker] = "anyone"
    user_name: UserName


class VerificationAskedAgain(Reply, frozen=True, kw_only=True, tag="accounts.verification_asked_again.v1"):
    """If such an account waits for its verification, a mail is on its way; the answer is always this one."""


class LegacyAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account from before 2014-08-11, unchecked, so that a bad row refuses no other.

    `kind` is `individual` or `paa`; `is_shared` marks a login that several people of a firm or chambers use.
    """

    user_name: str
    kind: str
    is_shared: bool = False
    first_name: str = ""
    last_name: str
    email: str


class LoadLegacyAccounts(Command, frozen=True, kw_only=True, tag="accounts.load_legacy_accounts.v1"):
    """Take over accounts from before 2014-08-11; loading one again changes nothing (a check).

    `verifiers` holds a JSON list of texts, one for each account in the same order: a PHC string that begins
    with `$argon2id$`, or `md5$`, `sha1$`, `sha256$` or `sha512$` with hex digits, before them a salt and `$`
    if there is one, or `pbkdf2_sha256$iterations$salt$base64`. They travel sealed, since a fast hash is as
    good as the password to who finds it.
    """

    spoken_by: ClassVar[Speaker] = "operator"
    accounts: Annotated[tuple[LegacyAccount, ...], msgspec.Meta(max_length=200)]
    verifiers: Sealed


class RowRefused(msgspec.Struct, frozen=True, kw_only=True):
    """One row that was not taken over: which (from 1), what of it, and why."""

    row: int
    field: str
    reason: str


class LegacyAccountsLoaded(Reply, frozen=True, kw_only=True, tag="accounts.legacy_accounts_loaded.v1"):
    """How many were new; each refused row is named and the rest is loaded."""

    loaded: int
    known_before: int
    refused: tuple[RowRefused, ...] = ()


class UpgradeAccount(Command, frozen=True, kw_only=True, tag="accounts.upgrade_account.v1"):
    """Turn a legacy account, individual or PAA, into an upgraded one; there is no way back (a check)."""

    is_sensitive: ClassVar[bool] = True
    person: Person
    user_name: UserName
    password: Sealed


class AccountUpgraded(Reply, frozen=True, kw_only=True, tag="accounts.account_upgraded.v1"):
    """The account is upgraded; all its sessions are ended, and the address given must be verified.

    `status` and `warnings` are as in `AccountRegistered`.
    """

    account_id: UUID
    status: Status
    warnings: tuple[str, ...] = ()


class DeactivateAccount(Command, frozen=True, kw_only=True, tag="accounts.deactivate_account.v1"):
    """Give up one's own account: all its sessions end and it can't sign in any more."""

    is_sensitive: ClassVar[bool] = True


class AccountDeactivated(Event, frozen=True, kw_only=True, tag="accounts.account_deactivated.v1"):
    """The account was given up by its holder; its sessions are ended (mail)."""

    account_id: UUID


class EmailVerificationAsked(Event, frozen=True, kw_only=True, tag="accounts.email_verification_asked.v1"):
    """An address waits to be proved.

    `recipient` holds JSON with `name` and `email`, `token` the one-time token; both expire with it.
    """

    account_id: UUID
    recipient: Sealed
    token: Sealed


class AccountActivated(Event, frozen=True, kw_only=True, tag="accounts.account_activated.v1"):
    """The address is verified and the account works (mail: welcome); `warnings` as in `EmailVerified`."""

    account_id: UUID
    warnings: tuple[str, ...] = ()


class AccountHeldForReview(Event, frozen=True, kw_only=True, tag="accounts.account_held_for_review.v1"):
    """The address is verified, but another account has the same name, date of birth and address (mail).

    Its holder may sign in, not search, until PSC has looked at both.
    """

    account_id: UUID


class AccountUpgradeFinished(Event, frozen=True, kw_only=True, tag="accounts.account_upgrade_finished.v1"):
    """A legacy account became an upgraded one (mail)."""

    account_id: UUID

"""Getting back in: whoever has forgotten the password or the user name."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.values import Network
from shared.messages.base import Command, Event, Reply, Speaker
from shared.sealed import Sealed


class AskRecovery(Command, frozen=True, kw_only=True, tag="accounts.ask_recovery.v1"):
    """Mail a one-time link with which the account's holder sets a new password."""

    spoken_by: ClassVar[Speaker] = "anyone"
    user_name: Annotated[str, msgspec.Meta(max_length=254)]
    network: Network = ""
    """Where the request came from, as in `SignIn`; its holder sees it in the history."""


class RecoveryAsked(Reply, frozen=True, kw_only=True, tag="accounts.recovery_asked.v1"):
    """If there is such an account, a mail is on its way; the answer is always this one."""


class MailRecovery(Command, frozen=True, kw_only=True, tag="accounts.mail_recovery.v1"):
    """Due work: what `AskRecovery` leads to; `account_id` may be nobody's."""

    spoken_by: ClassVar[Speaker] = "service"
    account_id: UUID
    network: Network = ""


class RecoveryStarted(Event, frozen=True, kw_only=True, tag="accounts.recovery_started.v1"):
    """Somebody asked to recover the account (mail with a link).

    `recipient` holds JSON with `name` and `email`, the verified address that the token is bound to, `token`
    the one-time token; both expire with it.
    """

    account_id: UUID
    recipient: Sealed
    token: Sealed


class RecoveryReferred(Event, frozen=True, kw_only=True, tag="accounts.recovery_referred.v1"):
    """Somebody asked to recover an account whose address nobody proved: PSC helps (mail without a link)."""

    account_id: UUID


class RecoverAccount(Command, frozen=True, kw_only=True, tag="accounts.recover_account.v1"):
    """Set a new password with the token that was mailed; ends all sessions and opens none (a check).

    Where an authenticator is enrolled, a passcode or a backup code must come with it.
    """

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed
    new_password: Sealed
    passcode: Sealed | None = None
    network: Network = ""


class RecoveryRefused(Reply, frozen=True, kw_only=True, tag="accounts.recovery_refused.v1"):
    """The password stays as it was, and the token can be used again; `field` names what to mend.

    `passcode_wrong` counts as a wrong passcode anywhere, and is also the answer while those are locked.
    """

    reason: Literal[
        "passcode_missing",
        "passcode_wrong",
        "password_too_short",
        "password_too_long",
        "password_too_common",
        "password_holds_own_data",
        "password_needs_classes",
    ]
    field: str


class AccountRecovered(Event, frozen=True, kw_only=True, tag="accounts.account_recovered.v1"):
    """The password was replaced by means of a mailed link, and all sessions were ended (mail)."""

    account_id: UUID


class AskUserName(Command, frozen=True, kw_only=True, tag="accounts.ask_user_name.v1"):
    """Mail the user names of the accounts whose verified address this is, to that address."""

    spoken_by: ClassVar[Speaker] = "anyone"
    email: Annotated[str, msgspec.Meta(max_length=254)]


class UserNameAsked(Reply, frozen=True, kw_only=True, tag="accounts.user_name_asked.v1"):
    """If there is an account with this address, a mail is on its way; the answer is always this one."""


class MailUserNames(Command, frozen=True, kw_only=True, tag="accounts.mail_user_names.v1"):
    """Due work: what `AskUserName` leads to; an id may be nobody's."""

    spoken_by: ClassVar[Speaker] = "service"
    account_ids: Annotated[tuple[UUID, ...], msgspec.Meta(max_length=20)]


class UserNameReminded(Event, frozen=True, kw_only=True, tag="accounts.user_name_reminded.v1"):
    """Somebody asked for the user name of an account (mail).

    `recipient` holds JSON with `name` and `email`, `user_name` the user name; both expire.
    """

    account_id: UUID
    recipient: Sealed
    user_name: Sealed

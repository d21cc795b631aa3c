"""The letters on what opens an account: authenticators, backup codes, personal tokens."""

from services.notify.model import Directory, Letter
from services.notify.rules.letters import in_words, to_person
from shared.messages.accounts import (
    AuthenticatorRenamed,
    BackupCodesReplaced,
    BackupCodeUsed,
    SecondFactorChanged,
    SecondFactorRequired,
)
from shared.messages.accounts.personal_tokens import PersonalTokenAdded

_NONE_LEFT = (
    "No authenticator is left: signing in takes your password alone, and your backup codes work no more."
)


def second_factor_changed(event: SecondFactorChanged, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    details = {
        "change": event.change,
        "authenticator_name": event.authenticator_name,
        "afterwards": _NONE_LEFT if event.was_last else "",
    }
    return (to_person("second_factor_changed", directory.contact(event.account_id), details),)


def second_factor_required(event: SecondFactorRequired, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    details = {"skips_left": str(event.skips_left), "note": event.note}
    return (to_person("second_factor_required", directory.contact(event.account_id), details),)


def authenticator_renamed(event: AuthenticatorRenamed, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder, with both names."""
    details = {"previous_name": event.previous_name, "authenticator_name": event.name}
    return (to_person("authenticator_renamed", directory.contact(event.account_id), details),)


def personal_token_added(event: PersonalTokenAdded, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder, with what the token serves; never with the token."""
    details = {
        "token_name": event.name,
        "scopes": ", ".join(event.scopes),
        "expires_at": in_words(event.expires_at, directory.business_zone),
    }
    return (to_person("personal_token_added", directory.contact(event.account_id), details),)


def backup_codes_replaced(event: BackupCodesReplaced, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder; never with a code."""
    return (to_person("backup_codes_replaced", directory.contact(event.account_id), {}),)


def backup_code_used(event: BackupCodeUsed, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder, who should make new ones before none is left."""
    details = {
        "used_at": in_words(event.used_at, directory.business_zone),
        "codes_left": str(event.codes_left),
    }
    return (to_person("backup_code_used", directory.contact(event.account_id), details),)

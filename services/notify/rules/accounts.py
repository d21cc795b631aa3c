"""The letters that follow from what `accounts` announces."""

from dataclasses import replace

from services.notify.model import Directory, Letter
from services.notify.rules.letters import in_words, to_person
from shared.messages.accounts import (
    AccountActivated,
    AccountDeactivated,
    AccountHeldForReview,
    AccountLocked,
    AccountUpgradeFinished,
    EmailVerificationAsked,
    PasswordChanged,
    SignedInFromNewPlace,
)

SHARED = {"name": "name", "date_of_birth": "date of birth", "email": "e-mail address"}


def verify_email(event: EmailVerificationAsked, directory: Directory) -> tuple[Letter, ...]:
    """To an address that isn't verified yet, so that it comes sealed, as does the one-time token."""
    letter = Letter(
        kind="verify_email",
        recipient=f"account:{event.account_id}",
        account_id=event.account_id,
        name="",
        email=None,
        details={"link_ends": in_words(event.token.expires_at, directory.business_zone)},
        sealed={"recipient": event.recipient, "token": event.token},
        expires_at=min(event.token.expires_at, event.recipient.expires_at),
    )
    return (letter,)


def welcome(event: AccountActivated, directory: Directory) -> tuple[Letter, ...]:
    """To whoever can now sign in, with what the account shares with another."""
    shared = " and ".join(words for field, words in SHARED.items() if field in event.warnings)
    return (to_person("welcome", directory.contact(event.account_id), {"shared": shared}),)


def account_held(event: AccountHeldForReview, directory: Directory) -> tuple[Letter, ...]:
    """To whoever can now sign in, and can't search yet."""
    return (to_person("account_held", directory.contact(event.account_id), {}),)


def account_upgraded(event: AccountUpgradeFinished, directory: Directory) -> tuple[Letter, ...]:
    """To the holder of the upgraded account."""
    return (to_person("account_upgraded", directory.contact(event.account_id), {}),)


def account_deactivated(event: AccountDeactivated, directory: Directory) -> tuple[Letter, ...]:
    """To whoever held the account."""
    return (to_person("account_deactivated", directory.contact(event.account_id), {}),)


def password_changed(event: PasswordChanged, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    return (to_person("password_changed", directory.contact(event.account_id), {}),)


def new_sign_in_place(event: SignedInFromNewPlace, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder, with the time but not the place: an address prefix helps nobody."""
    details = {"signed_in": in_words(event.at, directory.business_zone)}
    return (to_person("new_sign_in_place", directory.contact(event.account_id), details),)


def account_locked(event: AccountLocked, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder; with the one-time token that unlocks it, unless nobody proved the address."""
    details = {
        "locked_until": in_words(event.locked_until, directory.business_zone),
        "guard": event.guard,
    }
    letter = to_person("account_locked", directory.contact(event.account_id), details)
    if event.unlock_token is None:
        return (letter,)
    token = event.unlock_token
    return (replace(letter, sealed={"unlock_token": token}, expires_at=token.expires_at),)

"""The letters that follow from changes of the e-mail address and of one's own data."""

from services.notify.model import Details, Directory, Letter
from services.notify.rules.accounts import SHARED
from services.notify.rules.letters import in_words, to_person
from shared.messages.accounts import (
    EmailChangeAsked,
    EmailChanged,
    EmailPutBack,
    EmailTakenIntoUse,
    EmailWithdrawn,
    ProfileChanged,
    UserNameChanged,
)
from shared.sealed import Sealed

_FIELDS = {
    "first_name": "first name",
    "last_name": "last name",
    "address": "address",
    "city": "city",
    "state": "state",
    "postal_code": "postal code",
    "county": "county",
    "phone": "phone",
    "user_type": "user type",
}


def email_change(event: EmailChangeAsked, directory: Directory) -> tuple[Letter, ...]:
    """To the address that is to be proved."""
    ends = {"link_ends": in_words(event.token.expires_at, directory.business_zone)}
    return (_to_address("email_change", event, ends, token=event.token),)


def email_changed(event: EmailChanged, directory: Directory) -> tuple[Letter, ...]:
    """To the address that held until now, with the way back."""
    ends = {"link_ends": in_words(event.token.expires_at, directory.business_zone)}
    return (_to_address("email_changed", event, ends, token=event.token),)


def email_taken_into_use(event: EmailTakenIntoUse, directory: Directory) -> tuple[Letter, ...]:
    """To the address that holds from now on, with what the account shares with another."""
    shared = " and ".join(words for field, words in SHARED.items() if field in event.warnings)
    return (_to_address("email_taken_into_use", event, {"shared": shared}),)


def email_put_back(event: EmailPutBack, directory: Directory) -> tuple[Letter, ...]:
    """To the address that holds again."""
    return (_to_address("email_put_back", event, {}),)


def email_withdrawn(event: EmailWithdrawn, directory: Directory) -> tuple[Letter, ...]:
    """To the address that no longer holds."""
    return (_to_address("email_withdrawn", event, {}),)


def profile_changed(event: ProfileChanged, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder: which fields, not what stands in them."""
    shared = " and ".join(words for field, words in SHARED.items() if field in event.warnings)
    fields = ", ".join(words for field, words in _FIELDS.items() if field in event.fields)
    details = {"fields": fields, "shared": shared}
    return (to_person("profile_changed", directory.contact(event.account_id), details),)


def user_name_changed(event: UserNameChanged, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder, without the name: it is half of what a sign-in asks for."""
    return (to_person("user_name_changed", directory.contact(event.account_id), {}),)


def _to_address(
    kind: str,
    event: EmailChangeAsked | EmailChanged | EmailTakenIntoUse | EmailPutBack | EmailWithdrawn,
    details: Details,
    token: Sealed | None = None,
) -> Letter:
    """To an address that isn't the one in the contacts, or may not be yet; it comes sealed."""
    return Letter(
        kind=kind,
        recipient=f"account:{event.account_id}",
        account_id=event.account_id,
        name="",
        email=None,
        details=details,
        sealed={"recipient": event.recipient} | ({} if token is None else {"token": token}),
        expires_at=event.recipient.expires_at,
    )

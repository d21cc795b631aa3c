"""The letters on getting back in."""

from services.notify.model import Directory, Letter
from services.notify.rules.letters import in_words, to_person
from shared.messages.accounts import (
    AccountRecovered,
    RecoveryReferred,
    RecoveryStarted,
    UserNameReminded,
)


def recovery_link(event: RecoveryStarted, directory: Directory) -> tuple[Letter, ...]:
    """To the address that the token is bound to, which a contact may be behind of: so it comes sealed."""
    letter = Letter(
        kind="recovery_link",
        recipient=f"account:{event.account_id}",
        account_id=event.account_id,
        name="",
        email=None,
        details={"link_ends": in_words(event.token.expires_at, directory.business_zone)},
        sealed={"recipient": event.recipient, "token": event.token},
        expires_at=min(event.token.expires_at, event.recipient.expires_at),
    )
    return (letter,)


def recovery_referred(event: RecoveryReferred, directory: Directory) -> tuple[Letter, ...]:
    """To the address of a legacy account, which nobody proved: it gets no link."""
    return (to_person("recovery_referred", directory.contact(event.account_id), {}),)


def account_recovered(event: AccountRecovered, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    return (to_person("account_recovered", directory.contact(event.account_id), {}),)


def user_name_reminder(event: UserNameReminded, directory: Directory) -> tuple[Letter, ...]:
    """To the address that was proved for the account, as the user name sealed."""
    letter = Letter(
        kind="user_name_reminder",
        recipient=f"account:{event.account_id}",
        account_id=event.account_id,
        name="",
        email=None,
        details={},
        sealed={"recipient": event.recipient, "user_name": event.user_name},
        expires_at=min(event.user_name.expires_at, event.recipient.expires_at),
    )
    return (letter,)

"""The letters on locks that were ended, and on sessions that their holder ended."""

from services.notify.model import Directory, Letter
from services.notify.rules.letters import to_person
from shared.messages.accounts import AccountUnlocked, SessionsEnded


def account_unlocked(event: AccountUnlocked, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    return (to_person("account_unlocked", directory.contact(event.account_id), {}),)


def sessions_ended(event: SessionsEnded, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    details = {"session_count": str(event.session_count)}
    return (to_person("sessions_ended", directory.contact(event.account_id), details),)

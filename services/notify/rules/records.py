"""The letters about what is kept of a person: its erasure."""

from dataclasses import replace

from services.notify.model import Directory, Letter
from services.notify.rules.letters import in_words, to_person
from shared.messages.accounts import ErasureAsked, ErasureStopped


def erasure_asked(event: ErasureAsked, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder: what goes, what stays and why, and how to take it back."""
    details = {"final": in_words(event.final_at, directory.business_zone)}
    letter = to_person("erasure_asked", directory.contact(event.account_id), details)
    return (replace(letter, sealed={"token": event.token}, expires_at=event.token.expires_at),)


def erasure_stopped(event: ErasureStopped, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    return (to_person("erasure_stopped", directory.contact(event.account_id), {}),)

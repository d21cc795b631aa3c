"""The letters about what is kept of a person: its export and its erasure."""

from dataclasses import replace

from services.notify.model import Directory, Letter
from services.notify.rules.letters import in_words, to_person
from shared.messages.accounts import (
    ErasureAsked,
    ErasureStopped,
)
from shared.messages.accounts.exports import (
    ExportReady,
)


def erasure_asked(event: ErasureAsked, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder: what goes, what stays and why, and how to take it back."""
    details = {"final": in_words(event.final_at, directory.business_zone)}
    letter = to_person("erasure_asked", directory.contact(event.account_id), details)
    return (replace(letter, sealed={"token": event.token}, expires_at=event.token.expires_at),)


def erasure_stopped(event: ErasureStopped, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder."""
    return (to_person("erasure_stopped", directory.contact(event.account_id), {}),)


def export_ready(event: ExportReady, directory: Directory) -> tuple[Letter, ...]:
    """To the account's holder, who may not be who asked; the file is taken in the portal alone."""
    details = {"expires": in_words(event.expires_at, directory.business_zone)}
    return (to_person("export_ready", directory.contact(event.account_id), details),)

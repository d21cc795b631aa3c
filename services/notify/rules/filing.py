"""The letters on what helps when linking doesn't just work: linking codes, filing requests, conflicts."""

from zoneinfo import ZoneInfo

from services.notify.model import Court, Directory, Letter
from services.notify.rules.letters import ROLE_WORDS, in_words, to_court, to_person
from shared.messages.linking.codes import LinkingCodeIssued
from shared.messages.linking.conflicts import ConflictSettled
from shared.messages.linking.requests import FilingRequestDecided, FilingRequestMade


def linking_code_issued(event: LinkingCodeIssued, directory: Directory) -> tuple[Letter, ...]:
    """To the address on the filing account, which comes sealed: the code, or that one was given in person."""
    court = directory.court()
    letter = Letter(
        kind="linking_code_given" if event.code is None else "linking_code",
        recipient=f"filing_account:{event.filing_account_id}",
        account_id=None,
        name="",
        email=None,
        details={**_court_details(court), "code_ends": in_words(event.expires_at, ZoneInfo(court.time_zone))},
        sealed={"recipient": event.recipient} | ({} if event.code is None else {"code": event.code}),
        expires_at=event.expires_at,
    )
    return (letter,)


def filing_request_made(event: FilingRequestMade, directory: Directory) -> tuple[Letter, ...]:
    """To the court, which reads in the portal who it is."""
    court = directory.court()
    details = {
        "court_name": court.name,
        "role": ROLE_WORDS[event.role],
        "asked_at": in_words(event.asked_at, ZoneInfo(court.time_zone)),
        "request": str(event.request_id),
    }
    return (to_court("filing_request_court", court, details),)


def filing_request_decided(event: FilingRequestDecided, directory: Directory) -> tuple[Letter, ...]:
    """To who asked."""
    details = {**_court_details(directory.court()), "role": ROLE_WORDS[event.role]}
    person = directory.contact(event.account_id)
    if event.decision == "accepted":
        return (to_person("filing_request_accepted", person, details),)
    return (to_person("filing_request_refused", person, {**details, "reason": event.reason}),)


def conflict_settled(event: ConflictSettled, directory: Directory) -> tuple[Letter, ...]:
    """To both, neither of whom is told who the other is; a holder whose link ends hears that from its end."""
    details = {**_court_details(directory.court()), "role": ROLE_WORDS[event.role]}
    claimant = directory.contact(event.claimant_account_id)
    if event.decision == "unlink_holder":
        return (to_person("conflict_unlinked_claimant", claimant, details),)
    return (
        to_person("conflict_kept_holder", directory.contact(event.holder_account_id), details),
        to_person("conflict_kept_claimant", claimant, details),
    )


def _court_details(court: Court) -> dict[str, str]:
    return {"court_name": court.name, "help_desk": court.help_desk}

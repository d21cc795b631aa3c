"""The letters that follow from what `linking` announces."""

from zoneinfo import ZoneInfo

from services.notify.model import Court, Directory, Letter
from services.notify.rules.letters import ROLE_WORDS, in_words, to_court, to_person
from shared.messages.linking import (
    CourtWentLive,
    FilingAccountLinked,
    FilingAccountUnlinked,
    LinkConflictFound,
)


def filing_account_linked(event: FilingAccountLinked, directory: Directory) -> tuple[Letter, ...]:
    """To the holder of the PACER account."""
    court = directory.court()
    details = {
        **_court_details(court),
        "role": ROLE_WORDS[event.role],
        "linked_at": in_words(event.linked_at, ZoneInfo(court.time_zone)),
    }
    return (to_person("filing_account_linked", directory.contact(event.account_id), details),)


def filing_account_unlinked(event: FilingAccountUnlinked, directory: Directory) -> tuple[Letter, ...]:
    """To the holder and to the court; the court knows its filing account by the reference."""
    court = directory.court()
    details = {
        **_court_details(court),
        "role": ROLE_WORDS[event.role],
        "unlinked_at": in_words(event.unlinked_at, ZoneInfo(court.time_zone)),
        "remark": event.remark,
    }
    by_holder = event.unlinked_by == "holder"
    return (
        to_person(
            "filing_account_unlinked",
            directory.contact(event.account_id),
            {**details, "unlinked_by": "you" if by_holder else "the court"},
        ),
        to_court(
            "filing_account_unlinked_court",
            court,
            {
                **details,
                "unlinked_by": "its holder" if by_holder else "your staff",
                "filing_account": str(event.filing_account_id),
            },
        ),
    )


def link_conflict(event: LinkConflictFound, directory: Directory) -> tuple[Letter, ...]:
    """To the court alone: neither person is told of the other."""
    details = {"filing_account": str(event.filing_account_id), "conflict": str(event.conflict_id)}
    return (to_court("link_conflict_court", directory.court(), details),)


def court_went_live(event: CourtWentLive, directory: Directory) -> tuple[Letter, ...]:
    """To the court."""
    court = directory.court()
    details = {
        "court_name": court.name,
        "went_live_at": in_words(event.went_live_at, ZoneInfo(court.time_zone)),
    }
    return (to_court("court_went_live", court, details),)


def _court_details(court: Court) -> dict[str, str]:
    return {"court_name": court.name, "help_desk": court.help_desk}

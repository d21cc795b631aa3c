"""The letters that follow from a court's roster: to the court, and to whom it drops or names again."""

from zoneinfo import ZoneInfo

from services.notify.model import Court, Directory, Letter
from services.notify.rules.letters import ROLE_WORDS, in_words, to_court, to_person
from shared.messages.linking import FilingAccountGone, FilingAccountReturned, RosterFinished


def roster_loaded(event: RosterFinished, directory: Directory) -> tuple[Letter, ...]:
    """To the court: what its roster has changed, and how many rows were refused."""
    court, counts = directory.court(), event.counts
    details = {
        "court_name": court.name,
        "finished_at": in_words(event.finished_at, ZoneInfo(court.time_zone)),
        "loaded_by": "your staff" if event.actor_account_id else "the operator",
        "remark": event.remark,
        "rows": f"{counts.rows:,}",
        "added": f"{counts.added:,}",
        "changed": f"{counts.changed:,}",
        "unchanged": f"{counts.unchanged:,}",
        "refused": f"{counts.refused:,}",
        "unnamed": f"{counts.unnamed:,}",
        "gone": f"{event.gone:,}",
        "gone_while_linked": f"{event.gone_while_linked:,}",
    }
    return (to_court("roster_loaded_court", court, details),)


def filing_account_gone(event: FilingAccountGone, directory: Directory) -> tuple[Letter, ...]:
    """To the holder, who files nothing there now."""
    court = directory.court()
    details = {
        **_details(court, event.role),
        "gone_at": in_words(event.gone_at, ZoneInfo(court.time_zone)),
    }
    return (to_person("filing_account_gone", directory.contact(event.account_id), details),)


def filing_account_returned(event: FilingAccountReturned, directory: Directory) -> tuple[Letter, ...]:
    """To the holder, who may file there again."""
    court = directory.court()
    details = {
        **_details(court, event.role),
        "returned_at": in_words(event.returned_at, ZoneInfo(court.time_zone)),
    }
    return (to_person("filing_account_returned", directory.contact(event.account_id), details),)


def _details(court: Court, role: str) -> dict[str, str]:
    return {"court_name": court.name, "help_desk": court.help_desk, "role": ROLE_WORDS[role]}

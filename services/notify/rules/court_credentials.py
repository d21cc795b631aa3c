"""The letter to a court of which a machine's credential was issued or ended."""

from zoneinfo import ZoneInfo

from services.notify.model import Details, Directory, Letter
from services.notify.rules.letters import in_words, to_court
from shared.messages.accounts.court_credentials import CourtCredentialChanged

_BY_STAFF = {
    "issued": "a member of the court's staff",
    "ended": "a member of the staff of the court or of the PACER Service Center",
}
"""Who it may have been: the PACER Service Center ends them too, for a court that calls."""


def credential_changed(event: CourtCredentialChanged, directory: Directory) -> tuple[Letter, ...]:
    """To the court, whoever did it: what isn't wanted is seen."""
    court = directory.court()
    zone = ZoneInfo(court.time_zone)
    details: Details = {
        "credential_name": event.name,
        "credential_id": str(event.credential_id),
        "changed_at": in_words(event.changed_at, zone),
        "by": "the operator" if event.actor_account_id is None else _BY_STAFF[event.change],
    }
    if event.change == "ended":
        return (to_court("court_credential_ended", court, details),)
    ends = "" if event.ends_at is None else in_words(event.ends_at, zone)
    return (to_court("court_credential_issued", court, {**details, "ends": ends}),)

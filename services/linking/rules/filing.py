"""Decides whether an account files at a court, and as whom."""

from datetime import datetime

from services.linking.model import Asker, FilingHere
from services.linking.rules.standing import (
    CourtReason,
    newest_state,
    why_account_may_not_file,
    why_not_live,
)
from shared.assertion import Assertion
from shared.messages.linking import FilersFound, FilingRefused


def decide_filing(
    assertion: Assertion, court_id: str, here: FilingHere, now: datetime
) -> FilersFound | FilingRefused:
    """What the account lacks, then the court, then whether it is linked there.

    The session's level isn't asked for: who may not file with this session gets no assertion for `linking`.
    """
    account = newest_state(Asker(assertion=assertion, known=here.known))
    reason = why_account_may_not_file(account) or _why_not_at_court(here, now)
    if reason is not None:
        return FilingRefused(court_id=court_id, reason=reason)
    if not here.filers:
        return FilingRefused(court_id=court_id, reason="not_linked")
    return FilersFound(account_id=assertion.account_id, court_id=court_id, filers=here.filers)


def _why_not_at_court(here: FilingHere, now: datetime) -> CourtReason | None:
    return why_not_live(here.court_go_live_at, now) if here.is_court_known else "court_not_known"

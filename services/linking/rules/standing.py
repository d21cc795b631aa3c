"""Decides whether an account, with its session, may link at a court at all."""

from datetime import datetime, timedelta
from typing import Literal

from services.linking.model import AccountState, Asker, Court, is_live
from shared.assertion import Assertion
from shared.messages.linking import RefusalReason
from shared.policies import Policies

AccountReason = Literal["account_not_active", "upgrade_first", "email_not_verified", "not_an_individual"]
SessionReason = Literal["session_level_too_low", "proof_too_old"]
CourtReason = Literal["court_not_known", "court_not_live"]


def newest_state(asker: Asker) -> AccountState:
    """The account by whichever knows it later: who asks may have changed a moment ago."""
    assertion, known = asker.assertion, asker.known
    if known is not None and known.version > assertion.account_version:
        return known
    return AccountState(
        version=assertion.account_version,
        kind=assertion.kind,
        generation=assertion.generation,
        status=assertion.status,
        email_verified=assertion.email_verified,
    )


def why_account_may_not_file(account: AccountState) -> AccountReason | None:
    """The first thing that keeps the account from linking and filing.

    A legacy account proves an address by upgrading and in no other way.
    """
    if account.status != "active":
        return "account_not_active"
    if account.generation != "upgraded":
        return "upgrade_first"
    if not account.email_verified:
        return "email_not_verified"
    return None if account.kind == "individual" else "not_an_individual"


def why_session_may_not_link(assertion: Assertion, policies: Policies, now: datetime) -> SessionReason | None:
    """Linking is a sensitive act: it needs the level, and a recent proof of who this is."""
    if assertion.level < policies.linking.proof_level:
        return "session_level_too_low"
    is_fresh = now - assertion.proved_at <= timedelta(minutes=policies.accounts.sensitive_proof_minutes)
    return None if is_fresh else "proof_too_old"


def why_court_takes_no_links(court: Court | None, now: datetime) -> CourtReason | None:
    """Is there such a court, and is it live?"""
    return "court_not_known" if court is None else why_not_live(court.go_live_at, now)


def why_not_live(go_live_at: datetime | None, now: datetime) -> CourtReason | None:
    """Before its go-live instant a court takes its own logins and nobody can link."""
    return None if is_live(go_live_at, now) else "court_not_live"


def why_asker_may_not_link(asker: Asker, policies: Policies, now: datetime) -> RefusalReason | None:
    """What the account lacks, then what its session lacks."""
    return why_account_may_not_file(newest_state(asker)) or why_session_may_not_link(
        asker.assertion, policies, now
    )


def why_not_begin(
    asker: Asker, court: Court | None, policies: Policies, now: datetime
) -> RefusalReason | None:
    """What is refused before any filing account is looked at: account, session, court, in this order."""
    return why_asker_may_not_link(asker, policies, now) or why_court_takes_no_links(court, now)

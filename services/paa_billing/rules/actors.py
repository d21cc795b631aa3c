"""Who asks, and what keeps them from what they ask."""

from datetime import datetime, timedelta

from services.paa_billing.model.firms import Account, Actor
from shared.assertion import Assertion
from shared.messages.paa_billing import FirmRefusalReason
from shared.policies import Policies


def who_asks(assertion: Assertion, account: Account | None) -> Actor:
    """The asker in the newest state known: the assertion's, or our copy's if its version is higher."""
    newest = account if account is not None and account.version > assertion.account_version else assertion
    return Actor(
        account_id=assertion.account_id,
        kind=newest.kind,
        generation=newest.generation,
        status=newest.status,
        level=assertion.level,
        proved_at=assertion.proved_at,
    )


def why_not_as_administrator(actor: Actor) -> FirmRefusalReason | None:
    """What keeps an account from acting for a firm; a legacy one may only see usage and pay."""
    if actor.kind != "paa":
        return "not_a_paa"
    if actor.generation == "legacy":
        return "upgrade_first"
    return None if actor.status == "active" else "account_not_active"


def why_not_as_person(actor: Actor) -> FirmRefusalReason | None:
    """What keeps an account from having, or ending, a firm that pays for it."""
    if actor.kind != "individual":
        return "not_an_individual"
    if actor.generation == "legacy":
        return "upgrade_first"
    return None if actor.status == "active" else "account_not_active"


def why_not_sensitive(actor: Actor, policies: Policies, now: datetime) -> FirmRefusalReason | None:
    """What keeps a session from a sensitive act: joining and leaving need a recent proof of who it is."""
    if actor.level < policies.billing.joining_level:
        return "session_level_too_low"
    if now - actor.proved_at > timedelta(minutes=policies.accounts.sensitive_proof_minutes):
        return "proof_too_old"
    return None

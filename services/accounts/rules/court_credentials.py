"""Credentials of courts' machines: who issues and ends them, and what is signed for whoever shows one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.accounts.model import Account, CourtCredential, RoleGrant, Session
from services.accounts.rules import access
from shared.assertion import CourtAssertion
from shared.messages.accounts.court_credentials import (
    CourtCredentialChanged,
    CourtCredentialRefused,
    CourtCredentialShown,
    ResolveCourt,
)
from shared.messages.base import NotAllowed
from shared.policies import AccountPolicies

MOST_IN_FORCE = 5
"""Of a court at a time: each machine has its own, and one may take another's place."""


def refuse_court_staff(
    account: Account,
    session: Session | None,
    grants: Sequence[RoleGrant],
    court_id: str,
    *,
    or_psc: bool,
    now: datetime,
    policies: AccountPolicies,
) -> NotAllowed | None:
    """Why this asker may not act for this court in this session, or None; `grants` are those in force.

    `or_psc`: PSC staff may do it as well, for a court that calls.
    """
    refused = access.refuse_asker(account, session, now, policies)
    if refused is not None or session is None:
        return refused
    if session.level < 2:
        return NotAllowed(reason="session_level_too_low")
    carried = access.carried_roles(account, session, grants)
    is_staff = any(each.role == "court_staff" and each.court_id in (None, court_id) for each in carried)
    is_psc = or_psc and any(each.role == "psc" for each in carried)
    return None if is_staff or is_psc else NotAllowed(reason="role_missing")


def refuse_issue(ends_at: datetime | None, in_force: int, now: datetime) -> CourtCredentialRefused | None:
    """Why no credential is issued, or None."""
    if ends_at is not None and ends_at <= now:
        return CourtCredentialRefused(reason="end_not_ahead")
    return CourtCredentialRefused(reason="too_many") if in_force >= MOST_IN_FORCE else None


def assert_court(credential: CourtCredential, query: ResolveCourt, now: datetime) -> CourtAssertion | None:
    """What is signed of the court for one message, not beyond the credential's end; None without one."""
    if query.audience is None or query.for_message_id is None or query.for_message_name is None:
        return None
    latest = now + timedelta(seconds=access.ASSERTION_SECONDS)
    return CourtAssertion(
        audience=query.audience,
        court_id=credential.court_id,
        credential_id=credential.id,
        issued_at=now,
        expires_at=latest if credential.ends_at is None else min(latest, credential.ends_at),
        for_message_id=query.for_message_id,
        for_message_name=query.for_message_name,
    )


def changed(credential: CourtCredential) -> CourtCredentialChanged:
    """What is announced of a credential that was issued."""
    return CourtCredentialChanged(
        credential_id=credential.id,
        court_id=credential.court_id,
        name=credential.name,
        change="issued",
        changed_at=credential.issued_at,
        ends_at=credential.ends_at,
        actor_account_id=credential.issued_by,
    )


def shown(credential: CourtCredential) -> CourtCredentialShown:
    """A credential as it is listed."""
    return CourtCredentialShown(
        credential_id=credential.id,
        name=credential.name,
        issued_at=credential.issued_at,
        issued_by=credential.issued_by,
        ends_at=credential.ends_at,
        ended_at=credential.ended_at,
        last_used_at=credential.last_used_at,
    )

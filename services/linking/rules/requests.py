"""Decides on filing requests: whether one is made, and what becomes of it."""

from datetime import datetime
from uuid import UUID

from services.linking.model import Asker, Court, FilingAccount
from services.linking.model.cases import FilingRequest, RequestCase
from services.linking.rules.courts import why_not_staff
from services.linking.rules.links import why_role_is_taken
from services.linking.rules.roster import LONGEST_LOGIN, LONGEST_NAME
from services.linking.rules.standing import why_account_may_not_file, why_not_begin, why_not_live
from shared.assertion import Assertion
from shared.messages.base import NotAllowed
from shared.messages.linking import FilingAccountLinked
from shared.messages.linking.requests import (
    AskFilingPrivileges,
    FilingRequestDecided,
    FilingRequestKept,
    FilingRequestMade,
    FilingRequestNotMade,
)
from shared.policies import Policies


def decide_request(
    command: AskFilingPrivileges,
    asker: Asker,
    court: Court | None,
    roles_linked_at_court: frozenset[str],
    policies: Policies,
    request_id: UUID,
    now: datetime,
) -> FilingRequestMade | FilingRequestNotMade:
    """What a link needs, as far as it can be known before there is a filing account."""
    reason = why_not_begin(asker, court, policies, now)
    reason = reason or why_role_is_taken(command.role, roles_linked_at_court, policies)
    if reason is not None:
        return FilingRequestNotMade(court_id=command.court_id, reason=reason)
    return FilingRequestMade(
        request_id=request_id,
        account_id=asker.assertion.account_id,
        court_id=command.court_id,
        role=command.role,
        asked_at=now,
    )


def refuse_withdrawing(
    assertion: Assertion, request: FilingRequest | None
) -> FilingRequestKept | NotAllowed | None:
    """Why a request stays, or None: only who asked takes it back, while it is open."""
    if assertion.generation == "legacy":
        return NotAllowed(reason="upgrade_first")
    if request is None or request.account_id != assertion.account_id:
        return FilingRequestKept(reason="request_not_found")
    return None if request.state == "open" else FilingRequestKept(reason="already_decided")


def refuse_deciding(
    assertion: Assertion, request: FilingRequest | None
) -> FilingRequestKept | NotAllowed | None:
    """Why this account may not decide a request; for who is no staff of its court there is none."""
    if assertion.generation == "legacy":
        return NotAllowed(reason="upgrade_first")
    if request is None or not assertion.holds("court_staff", request.court_id):
        return FilingRequestKept(reason="request_not_found")
    if (not_allowed := why_not_staff(assertion, request.court_id)) is not None:
        return not_allowed
    if request.account_id == assertion.account_id:
        return NotAllowed(reason="not_yours")
    return None if request.state == "open" else FilingRequestKept(reason="already_decided")


def refuse_accepting(
    login: str, case: RequestCase, policies: Policies, now: datetime
) -> FilingRequestKept | None:
    """Why the filing account can't be made and linked, or None; who asked may have changed since."""
    if not login.isprintable() or not 0 < len(login) <= LONGEST_LOGIN:
        return FilingRequestKept(reason="login_unusable")
    if case.known is None:
        return FilingRequestKept(reason="account_not_known_yet")
    reason = (
        why_account_may_not_file(case.known)
        or why_not_live(case.court_go_live_at, now)
        or why_role_is_taken(case.request.role, case.roles_linked_at_court, policies)
    )
    return None if reason is None else FilingRequestKept(reason=reason)


def filing_account_for(case: RequestCase, login: str, filing_account_id: UUID) -> FilingAccount:
    """The filing account that an accepted request makes: in the name of who asked."""
    request = case.request
    return FilingAccount(
        id=filing_account_id,
        court_id=request.court_id,
        login=login,
        name=case.name[:LONGEST_NAME],
        role=request.role,
    )


def link_for(
    filing_account: FilingAccount, account_id: UUID, link_id: UUID, now: datetime
) -> FilingAccountLinked:
    """The link that comes with it."""
    return FilingAccountLinked(
        link_id=link_id,
        account_id=account_id,
        court_id=filing_account.court_id,
        filing_account_id=filing_account.id,
        role=filing_account.role,
        linked_at=now,
    )


def decided(
    request: FilingRequest, assertion: Assertion, now: datetime, reason: str | None = None
) -> FilingRequestDecided:
    """A request is accepted, or refused with a reason."""
    return FilingRequestDecided(
        request_id=request.id,
        account_id=request.account_id,
        court_id=request.court_id,
        role=request.role,
        decision="accepted" if reason is None else "refused",
        decided_at=now,
        actor_account_id=assertion.account_id,
        reason=reason or "",
    )

"""Handles filing requests: a person asks for privileges, the court's staff accept or refuse."""

from uuid import UUID

from services.linking import passwords
from services.linking.model import Asker
from services.linking.model.cases import FilingRequest, RequestCase
from services.linking.rules.looks import uses_of
from services.linking.rules.requests import (
    decide_request,
    decided,
    filing_account_for,
    link_for,
    refuse_accepting,
    refuse_deciding,
    refuse_withdrawing,
)
from services.linking.rules.roster import login_as_kept
from services.linking.settings import Resources
from services.linking.store import accounts, courts, links, requests
from shared.messages.base import NotAllowed
from shared.messages.linking.requests import (
    AcceptFilingRequest,
    AskFilingPrivileges,
    FilingRequestDecided,
    FilingRequestKept,
    FilingRequestMade,
    FilingRequestNotMade,
    FilingRequestWithdrawn,
    MyFilingRequests,
    MyFilingRequestsShown,
    RefuseFilingRequest,
    WithdrawFilingRequest,
)
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def ask_filing_privileges(
    command: AskFilingPrivileges, work: Work
) -> FilingRequestMade | FilingRequestNotMade:
    """Put a request into the court's queue."""
    account_id = work.assertion.account_id
    await accounts.lock_account(work.connection, account_id)
    known = await accounts.find_account_state(work.connection, account_id)
    court = await courts.find_court(work.connection, command.court_id)
    roles = await requests.list_roles_linked(work.connection, account_id, command.court_id)
    asker, policies = Asker(assertion=work.assertion, known=known), work.resources.policies

    outcome = decide_request(command, asker, court, roles, policies, work.new_id(), work.now)

    if isinstance(outcome, FilingRequestMade) and not await requests.insert_request(
        work.connection, outcome, command.remark.strip()
    ):
        return FilingRequestNotMade(court_id=command.court_id, reason="already_asked")
    return outcome


async def withdraw_filing_request(
    command: WithdrawFilingRequest, work: Work
) -> FilingRequestWithdrawn | FilingRequestKept | NotAllowed:
    """Take a request out of the court's queue."""
    request = await _hold(command.request_id, work)
    refusal = refuse_withdrawing(work.assertion, request)
    if request is None or refusal is not None:
        return refusal or FilingRequestKept(reason="request_not_found")
    await requests.decide_request(work.connection, request.id, "withdrawn", work.now)
    return FilingRequestWithdrawn(request_id=request.id)


async def refuse_filing_request(
    command: RefuseFilingRequest, work: Work
) -> FilingRequestDecided | FilingRequestKept | NotAllowed:
    """Refuse a request with a reason, which the person reads."""
    request, reason = await _hold(command.request_id, work), command.reason.strip()
    refusal = refuse_deciding(work.assertion, request)
    if request is None or refusal is not None:
        return refusal or FilingRequestKept(reason="request_not_found")
    if not reason:
        return FilingRequestKept(reason="reason_missing")
    return await _decide(request, work, reason=reason)


async def accept_filing_request(
    command: AcceptFilingRequest, work: Work
) -> FilingRequestDecided | FilingRequestKept | NotAllowed:
    """Make the filing account and its link; locks the account of who asked, then the request."""
    request, login = await _hold(command.request_id, work), login_as_kept(command.login)
    refusal = refuse_deciding(work.assertion, request)
    if request is None or refusal is not None:
        return refusal or FilingRequestKept(reason="request_not_found")
    case = await _case(request, work)
    if (kept := refuse_accepting(login, case, work.resources.policies, work.now)) is not None:
        return kept

    filing_account = filing_account_for(case, login, work.new_id())
    link = link_for(filing_account, request.account_id, work.new_id(), work.now)

    if not await requests.insert_filing_account(work.connection, filing_account, passwords.NOBODYS, work.now):
        return FilingRequestKept(reason="login_taken")
    await links.insert_link(work.connection, link)
    work.emit(link)
    return await _decide(request, work)


async def my_filing_requests(query: MyFilingRequests, work: Work) -> MyFilingRequestsShown | NotAllowed:
    """The asker's requests and what became of them."""
    if work.assertion.generation == "legacy":
        return NotAllowed(reason="upgrade_first")
    account_id = work.assertion.account_id
    found = await requests.list_requests_of(work.connection, account_id, query.limit)
    return MyFilingRequestsShown(requests=found)


async def _hold(request_id: UUID, work: Work) -> FilingRequest | None:
    account_id = await requests.find_account_of_request(work.connection, request_id)
    if account_id is None:
        return None
    await accounts.lock_account(work.connection, account_id)
    return await requests.lock_request(work.connection, request_id)


async def _case(request: FilingRequest, work: Work) -> RequestCase:
    connection, account_id = work.connection, request.account_id
    court = await courts.find_court(connection, request.court_id)
    return RequestCase(
        request=request,
        known=await accounts.find_account_state(connection, account_id),
        name=await requests.find_name(connection, account_id),
        court_go_live_at=None if court is None else court.go_live_at,
        roles_linked_at_court=await requests.list_roles_linked(connection, account_id, request.court_id),
    )


async def _decide(request: FilingRequest, work: Work, reason: str | None = None) -> FilingRequestDecided:
    outcome = decided(request, work.assertion, work.now, reason)
    await requests.decide_request(
        work.connection,
        request.id,
        outcome.decision,
        work.now,
        by=outcome.actor_account_id,
        reason=outcome.reason,
    )
    act = "accept_filing_request" if reason is None else "refuse_filing_request"
    for use in uses_of([request.account_id], work.assertion, request.court_id, act, work.now):
        work.emit(use)
    return outcome

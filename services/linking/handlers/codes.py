"""Handles linking codes: making one for a filing account, and proving the filing account by it."""

import secrets

from services.linking.handlers.links import queue_conflict
from services.linking.model import Asker, Claim, Throttle
from services.linking.model.cases import LinkingCode
from services.linking.rules.attempts import attempt_of
from services.linking.rules.codes import (
    code_digest,
    decide_code,
    decide_proof_by_code,
    issued,
    made,
    was_wrong,
)
from services.linking.rules.courts import why_not_staff
from services.linking.rules.links import proof_of
from services.linking.rules.roster import login_as_kept
from services.linking.rules.standing import why_not_begin
from services.linking.rules.throttles import throttles_of_code, window_edge
from services.linking.settings import Resources
from services.linking.store import accounts, attempts, codes, courts, filing_accounts, proofs
from shared.messages.base import NotAllowed
from shared.messages.linking import FilingAccountProved, LinkRefused
from shared.messages.linking.codes import (
    IssueLinkingCode,
    LinkingCodeMade,
    LinkingCodeRefused,
    ProveByLinkingCode,
)
from shared.messaging.unit_of_work import UnitOfWork
from shared.typed_codes import CODE_BYTES, code_from

Work = UnitOfWork[Resources]
Held = tuple[LinkingCode, Claim]


async def issue_linking_code(
    command: IssueLinkingCode, work: Work
) -> LinkingCodeMade | LinkingCodeRefused | NotAllowed:
    """Make a code for a filing account; the one before it stops working, and what it proved."""
    if (not_allowed := why_not_staff(work.assertion, command.court_id)) is not None:
        return not_allowed
    login, code = login_as_kept(command.login), code_from(secrets.token_bytes(CODE_BYTES))
    await codes.lock_login(work.connection, command.court_id, login)
    subject = await codes.find_subject(work.connection, command.court_id, login)
    digest = code_digest(code, command.court_id, work.resources.digest_key)

    kept = decide_code(
        command, work.assertion, subject, digest, work.new_id(), work.resources.policies, work.now
    )

    if isinstance(kept, LinkingCodeRefused):
        return kept
    await codes.end_codes(work.connection, [kept.filing_account_id], work.now)
    await proofs.end_proofs(work.connection, [kept.filing_account_id], work.now)
    await codes.insert_code(work.connection, kept)
    if (event := issued(kept, subject, code)) is not None:
        work.emit(event)
    return made(command, kept, code)


async def prove_by_linking_code(command: ProveByLinkingCode, work: Work) -> FilingAccountProved | LinkRefused:
    """Prove a filing account by its code; locks filing account, then counts, as proving by password does.

    No hashing, so one transaction: the count stands with the answer, and who asks again is answered the same.
    """
    policies, court = work.resources.policies, await courts.find_court(work.connection, command.court_id)
    known = await accounts.find_account_state(work.connection, work.assertion.account_id)
    asker = Asker(assertion=work.assertion, known=known)
    if (reason := why_not_begin(asker, court, policies, work.now)) is not None:
        return LinkRefused(court_id=command.court_id, reason=reason)
    held = await _hold(command, work)
    edge = window_edge(policies.linking, work.now)
    throttles = _throttles(command.court_id, work)
    is_over_limit = not await proofs.count_attempt(work.connection, throttles, work.now, edge)

    outcome = decide_proof_by_code(
        command.court_id,
        held,
        work.assertion.account_id,
        policies,
        work.new_id(),
        work.now,
        is_over_limit=is_over_limit,
    )

    if held is not None:
        await _save(outcome, *held, work)
    return outcome


async def _hold(command: ProveByLinkingCode, work: Work) -> Held | None:
    court_id, account_id = command.court_id, work.assertion.account_id
    digest = code_digest(work.open(command, "code"), court_id, work.resources.digest_key)
    if (found := await codes.find_code(work.connection, court_id, digest)) is not None:
        await filing_accounts.lock_filing_account(work.connection, found.filing_account_id)
    code = await codes.find_code(work.connection, court_id, digest)
    if code is None:
        return None
    return code, await filing_accounts.get_claim(work.connection, code.filing_account_id, account_id)


def _throttles(court_id: str, work: Work) -> tuple[Throttle, ...]:
    policies, key = work.resources.policies.linking, work.resources.digest_key
    return throttles_of_code(work.assertion.account_id, court_id, policies, key)


async def _save(
    outcome: FilingAccountProved | LinkRefused, code: LinkingCode, claim: Claim, work: Work
) -> None:
    account_id, login = work.assertion.account_id, claim.filing_account.login
    attempt = attempt_of(outcome, code.court_id, login, account_id, work.resources.digest_key)
    await attempts.note_attempt(work.connection, attempt, work.now)
    if was_wrong(outcome):
        return
    await proofs.forgive_attempt(work.connection, _throttles(code.court_id, work))
    if isinstance(outcome, LinkRefused):
        await queue_conflict(outcome, claim, work)
        return
    await codes.use_code(work.connection, code.id, account_id, work.now)
    proof = proof_of(outcome, code.filing_account_id, work.assertion)
    await proofs.insert_proof(work.connection, proof, work.now)

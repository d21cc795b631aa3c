"""Checks a CM/ECF login and password: count the attempt and commit, hash, then record."""

from functools import partial
from uuid import UUID

from services.linking import passwords
from services.linking.model import Asker, Throttle, Verifier
from services.linking.rules.attempts import attempt_of
from services.linking.rules.links import conflict_of, decide_proof, proof_of
from services.linking.rules.roster import login_as_kept
from services.linking.rules.standing import why_not_begin
from services.linking.rules.throttles import throttles_of, window_edge
from services.linking.settings import Resources
from services.linking.store import accounts, attempts, courts, filing_accounts, links, proofs
from shared.bounded_threads import BusyError
from shared.messages.linking import (
    FilingAccountProved,
    LinkRefused,
    ProveFilingAccount,
    ProvingBusy,
    RefusalReason,
)
from shared.messaging.bench import Bench
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]
Found = tuple[UUID, str, Verifier]
Outcome = FilingAccountProved | LinkRefused
RETRY_AFTER_SECONDS = 5


async def prove_filing_account(
    command: ProveFilingAccount, bench: Bench[Resources]
) -> FilingAccountProved | LinkRefused | ProvingBusy:
    """Show that a filing account is the asker's; an unknown login costs the same work as a wrong password."""
    refused = partial(LinkRefused, court_id=command.court_id)
    login, throttles = _login_and_throttles(command, bench)
    async with bench.transaction() as work:
        reason = await _why_not_try(command, throttles, work)
        nearest = await filing_accounts.find_nearest_verifier(work.connection, command.court_id, login)
        if reason is not None:
            return await _note(refused(reason=reason), command, login, work)
    password = bench.open(command, "password")
    verifier = passwords.NOBODYS if nearest is None else nearest[2]
    try:
        is_right = await bench.resources.hashing.run(partial(passwords.is_right, password, verifier))
    except BusyError:
        async with bench.transaction() as work:
            await proofs.forgive_attempt(work.connection, throttles)
        return ProvingBusy(retry_after_seconds=RETRY_AFTER_SECONDS)
    async with bench.transaction() as work:
        if nearest is None or nearest[1] != login or not is_right:
            return await _note(refused(reason="login_or_password_wrong"), command, login, work)
        proved = (nearest[0], login, verifier)
        return await _note(await _record(command, proved, throttles, work), command, login, work)


def _login_and_throttles(
    command: ProveFilingAccount, bench: Bench[Resources]
) -> tuple[str, tuple[Throttle, ...]]:
    login, resources = login_as_kept(command.login), bench.resources
    account_id, policies = bench.assertion.account_id, resources.policies.linking
    return login, throttles_of(account_id, command.court_id, login, policies, resources.digest_key)


async def _why_not_try(
    command: ProveFilingAccount, throttles: tuple[Throttle, ...], work: Work
) -> RefusalReason | None:
    """Refuse by account, session and court, or count the attempt; the first count over its limit refuses."""
    policies = work.resources.policies
    known = await accounts.find_account_state(work.connection, work.assertion.account_id)
    court = await courts.find_court(work.connection, command.court_id)
    asker = Asker(assertion=work.assertion, known=known)
    if (reason := why_not_begin(asker, court, policies, work.now)) is not None:
        return reason
    edge = window_edge(policies.linking, work.now)
    is_counted = await proofs.count_attempt(work.connection, throttles, work.now, edge)
    return None if is_counted else "too_many_attempts"


async def _note(outcome: Outcome, command: ProveFilingAccount, login: str, work: Work) -> Outcome:
    """Keep for the court's staff how an attempt ended; a login may be none, so only a digest of it stays."""
    if not (isinstance(outcome, LinkRefused) and outcome.reason == "court_not_known"):
        key = work.resources.digest_key
        attempt = attempt_of(outcome, command.court_id, login, work.assertion.account_id, key)
        await attempts.note_attempt(work.connection, attempt, work.now)
    return outcome


async def _record(
    command: ProveFilingAccount, proved: Found, throttles: tuple[Throttle, ...], work: Work
) -> FilingAccountProved | LinkRefused:
    filing_account_id, login, _ = proved
    await filing_accounts.lock_filing_account(work.connection, filing_account_id)
    if await filing_accounts.find_nearest_verifier(work.connection, command.court_id, login) != proved:
        # The court has changed the password meanwhile: what was shown is the old one.
        return LinkRefused(court_id=command.court_id, reason="login_or_password_wrong")
    claim = await filing_accounts.get_claim(work.connection, filing_account_id, work.assertion.account_id)

    outcome = decide_proof(claim, work.assertion.account_id, work.resources.policies, work.new_id(), work.now)

    await proofs.forgive_attempt(work.connection, throttles)
    if isinstance(outcome, FilingAccountProved):
        proof = proof_of(outcome, filing_account_id, work.assertion)
        await proofs.insert_proof(work.connection, proof, work.now)
        return outcome
    conflict = conflict_of(outcome, claim, work.assertion.account_id, work.new_id())
    if conflict is not None and await links.insert_conflict(work.connection, conflict, work.now):
        work.emit(conflict)
    return outcome

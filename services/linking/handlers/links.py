"""Handles links: confirming a proof, and unlinking."""

from services.linking.model import Asker, Claim, FilingAccount, Proof
from services.linking.rules.attempts import attempt_of
from services.linking.rules.links import conflict_of, decide_link, decide_unlink, refuse_without_proof
from services.linking.settings import Resources
from services.linking.store import accounts, attempts, codes, conflicts, filing_accounts, links, proofs
from shared.messages.base import NotAllowed
from shared.messages.linking import (
    ConfirmLink,
    FilingAccountLinked,
    FilingAccountUnlinked,
    LinkRefused,
    UnlinkFilingAccount,
    UnlinkRefused,
)
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def confirm_link(command: ConfirmLink, work: Work) -> FilingAccountLinked | LinkRefused:
    """Make the link that a proof allows; locks account, filing account and proof, in this order."""
    await accounts.lock_account(work.connection, work.assertion.account_id)
    known = await accounts.find_account_state(work.connection, work.assertion.account_id)
    asker, policies = Asker(assertion=work.assertion, known=known), work.resources.policies
    held = await _hold(command, work)
    if held is None:
        return refuse_without_proof(asker, policies, work.now)

    proof, claim = held
    outcome = decide_link(asker, proof, claim, policies, work.new_id(), work.now)

    await _note(outcome, claim.filing_account, work)
    if isinstance(outcome, FilingAccountLinked):
        await _make_link(outcome, proof, work)
        return outcome
    await queue_conflict(outcome, claim, work)
    return outcome


async def unlink_filing_account(
    command: UnlinkFilingAccount, work: Work
) -> FilingAccountUnlinked | UnlinkRefused | NotAllowed:
    """End a link; its history stays."""
    link = await links.lock_link(work.connection, command.link_id)

    outcome = decide_unlink(command, work.assertion, link, work.resources.policies, work.now)

    if isinstance(outcome, FilingAccountUnlinked):
        await links.end_link(work.connection, outcome)
        await conflicts.settle_with_link(
            work.connection, outcome.filing_account_id, outcome.account_id, work.now
        )
    return outcome


async def queue_conflict(refusal: LinkRefused, claim: Claim, work: Work) -> None:
    """Put a second person's claim into the court's queue, if that is why it was refused."""
    conflict = conflict_of(refusal, claim, work.assertion.account_id, work.new_id())
    if conflict is not None and await links.insert_conflict(work.connection, conflict, work.now):
        work.emit(conflict)


async def _hold(command: ConfirmLink, work: Work) -> tuple[Proof, Claim] | None:
    filing_account_id = await proofs.find_filing_account_of_proof(work.connection, command.proof_id)
    if filing_account_id is None:
        return None
    await filing_accounts.lock_filing_account(work.connection, filing_account_id)
    proof = await proofs.lock_proof(work.connection, command.proof_id)
    if proof is None:
        return None
    claim = await filing_accounts.get_claim(work.connection, filing_account_id, work.assertion.account_id)
    return proof, claim


async def _note(outcome: FilingAccountLinked | LinkRefused, at: FilingAccount, work: Work) -> None:
    attempt = attempt_of(outcome, at.court_id, at.login, work.assertion.account_id, work.resources.digest_key)
    await attempts.note_attempt(work.connection, attempt, work.now)


async def _make_link(link: FilingAccountLinked, proof: Proof, work: Work) -> None:
    await links.insert_link(work.connection, link)
    await proofs.use_proof(work.connection, proof.id, work.now)
    await proofs.end_proofs(work.connection, [link.filing_account_id], work.now)
    await codes.end_codes(work.connection, [link.filing_account_id], work.now)
    await filing_accounts.end_login(work.connection, link.filing_account_id, work.now)

"""Handles links: confirming a proof, and unlinking."""

from uuid import UUID

from services.linking import passwords
from services.linking.model import Asker, Claim, FilingAccount, Link, Proof
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
    held = await _hold_proof(command, work)
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
    """End a link; its history stays. Locks filing account, then link."""
    link = await _hold_link(command.link_id, work)

    outcome = decide_unlink(command, work.assertion, link, work.resources.policies, work.now)

    if isinstance(outcome, FilingAccountUnlinked):
        await end_link(outcome, work)
    return outcome


async def end_link(end: FilingAccountUnlinked, work: Work) -> None:
    """Save the end of a link with what ends with it.

    Where the court ended it the password with which it was made is in wrong hands: it proves no more.
    """
    await links.end_link(work.connection, end)
    await conflicts.settle_with_link(work.connection, end.filing_account_id, end.account_id, work.now)
    if end.unlinked_by == "court":
        await filing_accounts.end_verifier(work.connection, end.filing_account_id, passwords.NOBODYS)


async def queue_conflict(refusal: LinkRefused, claim: Claim, work: Work) -> None:
    """Put a second person's claim into the court's queue, if that is why it was refused."""
    conflict = conflict_of(refusal, claim, work.assertion.account_id, work.new_id())
    if conflict is not None and await links.insert_conflict(work.connection, conflict, work.now):
        work.emit(conflict)


async def _hold_proof(command: ConfirmLink, work: Work) -> tuple[Proof, Claim] | None:
    filing_account_id = await proofs.find_filing_account_of_proof(work.connection, command.proof_id)
    if filing_account_id is None:
        return None
    await filing_accounts.lock_filing_account(work.connection, filing_account_id)
    proof = await proofs.lock_proof(work.connection, command.proof_id)
    if proof is None:
        return None
    claim = await filing_accounts.get_claim(work.connection, filing_account_id, work.assertion.account_id)
    return proof, claim


async def _hold_link(link_id: UUID, work: Work) -> Link | None:
    """A link, held together with its filing account."""
    filing_account_id = await links.find_filing_account_of_link(work.connection, link_id)
    if filing_account_id is None:
        return None
    await filing_accounts.lock_filing_account(work.connection, filing_account_id)
    return await links.lock_link(work.connection, link_id)


async def _note(outcome: FilingAccountLinked | LinkRefused, at: FilingAccount, work: Work) -> None:
    attempt = attempt_of(outcome, at.court_id, at.login, work.assertion.account_id, work.resources.digest_key)
    await attempts.note_attempt(work.connection, attempt, work.now)


async def _make_link(link: FilingAccountLinked, proof: Proof, work: Work) -> None:
    await links.insert_link(work.connection, link)
    await proofs.use_proof(work.connection, proof.id, work.now)
    await proofs.end_proofs(work.connection, [link.filing_account_id], work.now)
    await codes.end_codes(work.connection, [link.filing_account_id], work.now)
    await filing_accounts.end_login(work.connection, link.filing_account_id, work.now)

"""Decides on proofs, links and their end."""

from datetime import datetime, timedelta
from uuid import UUID

from services.linking.model import Asker, Claim, Link, Proof
from services.linking.rules.courts import STAFF_LEVEL
from services.linking.rules.standing import (
    why_asker_may_not_link,
    why_not_live,
    why_session_may_not_link,
)
from shared.assertion import Assertion
from shared.messages.base import NotAllowed
from shared.messages.linking import (
    FilingAccountLinked,
    FilingAccountProved,
    FilingAccountUnlinked,
    LinkConflictFound,
    LinkRefused,
    RefusalReason,
    UnlinkFilingAccount,
    UnlinkRefused,
)
from shared.policies import Policies

MASK = "***"
MASKED_WORDS = 4


def masked_name(name: str) -> str:
    """Enough to know oneself by: the first letter of each word, at most four words, no lengths."""
    return " ".join(f"{word[0]}{MASK}" for word in name.split()[:MASKED_WORDS])


def decide_proof(
    claim: Claim, claimant_account_id: UUID, policies: Policies, proof_id: UUID, now: datetime
) -> FilingAccountProved | LinkRefused:
    """The login and password were right: may this account claim the filing account?"""
    filing_account = claim.filing_account
    if (reason := _why_claim_fails(claim, policies)) is not None:
        return _refused(reason, claim, claimant_account_id)
    return FilingAccountProved(
        proof_id=proof_id,
        court_id=filing_account.court_id,
        masked_name=masked_name(filing_account.name),
        role=filing_account.role,
        expires_at=now + timedelta(minutes=policies.linking.proof_minutes),
    )


def decide_link(
    asker: Asker, proof: Proof, claim: Claim, policies: Policies, link_id: UUID, now: datetime
) -> FilingAccountLinked | LinkRefused:
    """All refusals again, then the link.

    Whoever lost the race for a filing account is told that it is linked, not that their proof is bad.
    """
    filing_account = claim.filing_account
    reason = why_asker_may_not_link(asker, policies, now) or why_not_live(claim.court_go_live_at, now)
    if reason is None and not _is_own_and_fresh(proof, asker.assertion, now):
        reason = "proof_not_valid"
    if reason is None:
        reason = _why_claim_fails(claim, policies)
    if reason is None and proof.died_at is not None:
        reason = "proof_not_valid"
    if reason is not None:
        return _refused(reason, claim, asker.assertion.account_id)
    return FilingAccountLinked(
        link_id=link_id,
        account_id=asker.assertion.account_id,
        court_id=filing_account.court_id,
        filing_account_id=filing_account.id,
        role=filing_account.role,
        linked_at=now,
    )


def proof_of(proved: FilingAccountProved, filing_account_id: UUID, assertion: Assertion) -> Proof:
    """The proof as it is kept: for this account and session alone."""
    return Proof(
        id=proved.proof_id,
        account_id=assertion.account_id,
        session_id_hash=assertion.session_id_hash,
        filing_account_id=filing_account_id,
        expires_at=proved.expires_at,
        used_at=None,
        died_at=None,
    )


def refuse_without_proof(asker: Asker, policies: Policies, now: datetime) -> LinkRefused:
    """There is no such proof: said only after what the account and the session lack."""
    reason = why_asker_may_not_link(asker, policies, now) or "proof_not_valid"
    return LinkRefused(court_id=None, reason=reason)


def conflict_of(
    refusal: LinkRefused, claim: Claim, claimant_account_id: UUID, conflict_id: UUID
) -> LinkConflictFound | None:
    """The conflict, if a second person claimed it, rather than its holder once more."""
    if refusal.reason != "filing_account_already_linked" or refusal.is_own:
        return None
    return LinkConflictFound(
        conflict_id=conflict_id,
        court_id=claim.filing_account.court_id,
        filing_account_id=claim.filing_account.id,
        claimant_account_id=claimant_account_id,
    )


def decide_unlink(
    command: UnlinkFilingAccount, assertion: Assertion, link: Link | None, policies: Policies, now: datetime
) -> FilingAccountUnlinked | UnlinkRefused | NotAllowed:
    """The holder may end a link by a sensitive act, court staff with a remark; others find none."""
    if assertion.generation == "legacy":
        return NotAllowed(reason="upgrade_first")
    is_holder = link is not None and link.account_id == assertion.account_id
    is_staff = link is not None and assertion.holds("court_staff", link.court_id)
    if link is None or not (is_holder or is_staff):
        return UnlinkRefused(reason="link_not_found")
    remark = command.remark.strip()
    refusal = (
        _why_holder_may_not(assertion, policies, now) if is_holder else _why_staff_may_not(assertion, remark)
    )
    if refusal is None and link.unlinked_at is not None:
        refusal = UnlinkRefused(reason="already_unlinked")
    return refusal or ended(
        link,
        now,
        by_court=not is_holder,
        remark=remark,
        actor_account_id=assertion.account_id,
    )


def ended(
    link: Link, now: datetime, *, by_court: bool, remark: str, actor_account_id: UUID | None
) -> FilingAccountUnlinked:
    """The end of a link."""
    return FilingAccountUnlinked(
        link_id=link.id,
        account_id=link.account_id,
        court_id=link.court_id,
        filing_account_id=link.filing_account_id,
        role=link.role,
        unlinked_at=now,
        unlinked_by="court" if by_court else "holder",
        remark=remark,
        actor_account_id=actor_account_id,
    )


def _refused(reason: RefusalReason, claim: Claim, claimant_account_id: UUID) -> LinkRefused:
    is_own = reason == "filing_account_already_linked" and claim.holder_account_id == claimant_account_id
    return LinkRefused(court_id=claim.filing_account.court_id, reason=reason, is_own=is_own)


def _is_own_and_fresh(proof: Proof, assertion: Assertion, now: datetime) -> bool:
    is_own = proof.account_id == assertion.account_id and proof.session_id_hash == assertion.session_id_hash
    return is_own and proof.used_at is None and now < proof.expires_at


def why_role_is_taken(
    role: str, roles_linked_at_court: frozenset[str], policies: Policies
) -> RefusalReason | None:
    """Has the account a link at the court already: any, or one in this role, as the policy has it?"""
    is_one = policies.linking.links_per_court == "one" and bool(roles_linked_at_court)
    return "role_already_linked_at_court" if is_one or role in roles_linked_at_court else None


def _why_claim_fails(claim: Claim, policies: Policies) -> RefusalReason | None:
    if claim.holder_account_id is not None:
        return "filing_account_already_linked"
    return why_role_is_taken(claim.filing_account.role, claim.roles_linked_at_court, policies)


def _why_holder_may_not(assertion: Assertion, policies: Policies, now: datetime) -> UnlinkRefused | None:
    reason = why_session_may_not_link(assertion, policies, now)
    return None if reason is None else UnlinkRefused(reason=reason)


def _why_staff_may_not(assertion: Assertion, remark: str) -> UnlinkRefused | None:
    if assertion.level < STAFF_LEVEL:
        return UnlinkRefused(reason="session_level_too_low")
    return None if remark else UnlinkRefused(reason="remark_missing")

"""Decides on linking codes: for which filing account one is made, and whether one proves it."""

import json
from datetime import datetime, timedelta
from uuid import UUID

from services.linking.model import Claim, is_live
from services.linking.model.cases import CodeSubject, LinkingCode
from services.linking.rules.links import decide_proof
from services.linking.rules.throttles import keyed_digest
from shared.assertion import Assertion
from shared.messages.linking import FilingAccountProved, LinkRefused
from shared.messages.linking.codes import (
    IssueLinkingCode,
    LinkingCodeIssued,
    LinkingCodeMade,
    LinkingCodeRefused,
)
from shared.policies import Policies
from shared.sealed import to_be_sealed
from shared.typed_codes import plain_code

SHOWN_FOR = timedelta(minutes=10)


def code_digest(typed: str, court_id: str, key: bytes) -> bytes:
    """A code as it is kept: for one court, and of no use to who has the table but not the key."""
    return keyed_digest(key, "linking code", court_id, plain_code(typed) or "")


def decide_code(
    command: IssueLinkingCode,
    assertion: Assertion,
    subject: CodeSubject | None,
    digest: bytes,
    code_id: UUID,
    policies: Policies,
    now: datetime,
) -> LinkingCode | LinkingCodeRefused:
    """The code to keep, or why none is made: it is of use only while the filing account can be linked."""
    if subject is None:
        return LinkingCodeRefused(reason="filing_account_not_found")
    if not is_live(subject.court_go_live_at, now):
        return LinkingCodeRefused(reason="court_not_live")
    if subject.is_linked:
        return LinkingCodeRefused(reason="filing_account_already_linked")
    if command.way == "mailed" and subject.email is None:
        return LinkingCodeRefused(reason="address_missing")
    return LinkingCode(
        id=code_id,
        court_id=command.court_id,
        filing_account_id=subject.filing_account_id,
        code_digest=digest,
        way=command.way,
        issued_by_account_id=assertion.account_id,
        issued_at=now,
        expires_at=now + timedelta(days=policies.linking.linking_code_days),
    )


def issued(kept: LinkingCode, subject: CodeSubject | None, code: str) -> LinkingCodeIssued | None:
    """What is mailed to the address on the filing account, if it has one: the code, or that it was given."""
    if subject is None or subject.email is None:
        return None
    recipient, until = json.dumps({"name": subject.name, "email": subject.email}), kept.expires_at
    is_mailed = kept.way == "mailed"
    return LinkingCodeIssued(
        code_id=kept.id,
        court_id=kept.court_id,
        filing_account_id=kept.filing_account_id,
        way=kept.way,
        issued_at=kept.issued_at,
        expires_at=until,
        actor_account_id=kept.issued_by_account_id,
        recipient=to_be_sealed(recipient, reader="notify", expires_at=until),
        code=to_be_sealed(code, reader="notify", expires_at=until) if is_mailed else None,
    )


def made(command: IssueLinkingCode, kept: LinkingCode, code: str) -> LinkingCodeMade:
    """What staff are told: the code itself only where they give it in person."""
    is_shown = command.way == "in_person"
    shown_until = kept.issued_at + SHOWN_FOR
    return LinkingCodeMade(
        court_id=command.court_id,
        login=command.login,
        way=command.way,
        expires_at=kept.expires_at,
        code=to_be_sealed(code, reader="portal", expires_at=shown_until) if is_shown else None,
    )


def decide_proof_by_code(
    court_id: str,
    held: tuple[LinkingCode, Claim] | None,
    claimant_account_id: UUID,
    policies: Policies,
    proof_id: UUID,
    now: datetime,
    *,
    is_over_limit: bool,
) -> FilingAccountProved | LinkRefused:
    """Whatever is wrong with a code, the answer is that of a wrong password."""
    if is_over_limit:
        return LinkRefused(court_id=court_id, reason="too_many_attempts")
    if held is None or not held[0].is_usable(now):
        return LinkRefused(court_id=court_id, reason="login_or_password_wrong")
    return decide_proof(held[1], claimant_account_id, policies, proof_id, now)


def was_wrong(outcome: FilingAccountProved | LinkRefused) -> bool:
    """Does the attempt count as a guess?"""
    reasons = ("too_many_attempts", "login_or_password_wrong")
    return isinstance(outcome, LinkRefused) and outcome.reason in reasons

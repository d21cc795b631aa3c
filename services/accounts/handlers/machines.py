"""Credentials of courts' machines: issued by the court's staff or the operator, ended by PSC as well."""

import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.accounts.model import CourtCredential
from services.accounts.rules import court_credentials as rules
from services.accounts.store import accounts, saving
from services.accounts.store import court_credentials as credentials
from services.accounts.store.asking import lock_staff
from services.accounts.store.saving import Work
from shared.messages.accounts.court_credentials import (
    CourtCredentialChanged,
    CourtCredentialIssued,
    CourtCredentialRefused,
    CourtCredentialsListed,
    EndCourtCredential,
    EndCourtCredentialByOperator,
    IssueCourtCredential,
    IssueCourtCredentialByOperator,
    ListCourtCredentials,
    ListCourtCredentialsByOperator,
)
from shared.messages.base import NotAllowed
from shared.sealed import to_be_sealed

PREFIX: Final = "ngcourt_"
"""By which whoever searches for secrets that lie about finds a credential."""
_SECRET_BYTES = 32
_MOST_LISTED = 50
_SHOWN_FOR = timedelta(minutes=1)

Issued = CourtCredentialIssued | CourtCredentialRefused
Ended = CourtCredentialChanged | CourtCredentialRefused


async def issue_credential(command: IssueCourtCredential, work: Work) -> Issued | NotAllowed:
    """The court's staff issue one; it stands in the history of who did it."""
    refused = await _refuse_staff_of(command.court_id, work)
    if refused is not None:
        return refused
    issued = await _issue(command, work, work.assertion.account_id, reader="portal")
    if isinstance(issued, CourtCredentialIssued):
        await _record(work, "court_credential_issued", command.court_id, issued.credential_id)
    return issued


async def issue_credential_by_operator(command: IssueCourtCredentialByOperator, work: Work) -> Issued:
    """The operator issues one."""
    return await _issue(command, work, None, reader="operator")


async def end_credential(command: EndCourtCredential, work: Work) -> Ended | NotAllowed:
    """The court's staff, or PSC whom a court has called, end one; it stands in the history of who did it."""
    refused = await _refuse_staff_of(command.court_id, work, or_psc=True)
    if refused is not None:
        return refused
    ended = await _end(command, work, work.assertion.account_id)
    if isinstance(ended, CourtCredentialChanged):
        await _record(work, "court_credential_ended", command.court_id, command.credential_id)
    return ended


async def end_credential_by_operator(command: EndCourtCredentialByOperator, work: Work) -> Ended:
    """The operator ends one."""
    return await _end(command, work, None)


async def list_credentials(command: ListCourtCredentials, work: Work) -> CourtCredentialsListed | NotAllowed:
    """The court's staff see them, and PSC."""
    return await _refuse_staff_of(command.court_id, work, or_psc=True) or await _list(command.court_id, work)


async def list_credentials_by_operator(
    query: ListCourtCredentialsByOperator, work: Work
) -> CourtCredentialsListed:
    """The operator sees them."""
    return await _list(query.court_id, work)


async def _refuse_staff_of(court_id: str, work: Work, *, or_psc: bool = False) -> NotAllowed | None:
    staff = await lock_staff(work)
    return rules.refuse_court_staff(
        staff.account,
        staff.session,
        staff.grants,
        court_id,
        or_psc=or_psc,
        now=work.now,
        policies=work.resources.policies,
    )


async def _issue(
    command: IssueCourtCredential | IssueCourtCredentialByOperator,
    work: Work,
    actor_id: UUID | None,
    *,
    reader: str,
) -> Issued:
    """Of two that are issued for a court at once, one sees the other."""
    await accounts.lock_identity(work.connection, f"credentials of {command.court_id}")
    in_force = await credentials.count_in_force(work.connection, command.court_id, work.now)
    refused = rules.refuse_issue(command.ends_at, in_force, work.now)
    if refused is not None:
        return refused
    secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    credential = CourtCredential(
        id=work.new_id(),
        court_id=command.court_id,
        name=command.name,
        issued_at=work.now,
        issued_by=actor_id,
        ends_at=command.ends_at,
    )
    await credentials.insert_credential(work.connection, credential, saving.hash_token(secret))
    work.emit(rules.changed(credential))
    return CourtCredentialIssued(
        credential_id=credential.id,
        court_id=credential.court_id,
        name=credential.name,
        credential=to_be_sealed(secret, reader=reader, expires_at=work.now + _SHOWN_FOR),
        ends_at=credential.ends_at,
    )


async def _end(
    command: EndCourtCredential | EndCourtCredentialByOperator, work: Work, actor_id: UUID | None
) -> Ended:
    name = await credentials.end_credential(
        work.connection, command.court_id, command.credential_id, actor_id, work.now
    )
    if name is None:
        return CourtCredentialRefused(reason="not_in_force")
    return CourtCredentialChanged(
        credential_id=command.credential_id,
        court_id=command.court_id,
        name=name,
        change="ended",
        changed_at=work.now,
        actor_account_id=actor_id,
    )


async def _list(court_id: str, work: Work) -> CourtCredentialsListed:
    found = await credentials.list_credentials(work.connection, court_id, _MOST_LISTED, work.now)
    return CourtCredentialsListed(court_id=court_id, credentials=tuple(map(rules.shown, found)))


async def _record(work: Work, kind: str, court_id: str, credential_id: UUID) -> None:
    details = {"court_id": court_id, "credential_id": str(credential_id)}
    await saving.record_for(work, work.assertion.account_id, kind, **details)

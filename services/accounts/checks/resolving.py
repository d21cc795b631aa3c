"""Resolving a session or a personal token: the one thing that every page of the portal asks for."""

from msgspec import structs

from services.accounts.checks.settling import Workbench
from services.accounts.model import Session
from services.accounts.rules import access
from services.accounts.rules import personal_tokens as programs
from services.accounts.store import accounts, personal_tokens, resolving, saving
from shared.assertion import Assertion, sign_assertion
from shared.messages.accounts import ResolveSession, SessionRefused, SessionResolved


async def resolve_session(query: ResolveSession, bench: Workbench) -> SessionResolved | SessionRefused:
    """Note that the session is used, and sign for one service who holds it."""
    token = bench.open(query, "token")
    if programs.is_one(token):
        return await _resolve_program(query, saving.hash_token(token), bench)
    policies, now = bench.resources.policies, bench.now()
    async with bench.connected() as connection:
        holder = await resolving.use_session(
            connection, saving.hash_token(token), access.in_force(now, policies), now
        )
    if holder is None or not access.serves(holder.account, holder.session, query.audience):
        return SessionRefused()
    account, session = holder.account, holder.session
    assertion = access.assert_for(account, session, holder.grants, query=query, now=now, policies=policies)
    resolved = _resolved(assertion, session, bench)
    return structs.replace(
        resolved,
        serves_search=session.serves_search and account.is_search_active,
        is_proof_fresh=access.is_proof_fresh(session, now, policies),
    )


async def _resolve_program(
    query: ResolveSession, token_hash: bytes, bench: Workbench
) -> SessionResolved | SessionRefused:
    """The same for a personal token: the assertion says how far it reaches."""
    now = bench.now()
    async with bench.transaction() as work:
        token = await personal_tokens.use_token(work.connection, token_hash, now)
        if token is None:
            return SessionRefused()
        account = await accounts.get_account(work.connection, token.account_id)
    assertion = programs.assert_for(account, token, query=query, now=now)
    if assertion is None:
        return SessionRefused()
    return structs.replace(_resolved(assertion, token.session, bench), serves_search=False)


def _resolved(assertion: Assertion, session: Session, bench: Workbench) -> SessionResolved:
    signed = sign_assertion(assertion, bench.resources.signing_key, bench.resources.signing_key_id)
    return SessionResolved(
        account_id=assertion.account_id,
        assertion=signed,
        expires_at=assertion.expires_at,
        client_code=session.client_code,
    )

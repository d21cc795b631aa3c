"""Resolving a session: the one thing that every page of the portal asks for."""

from services.accounts.checks.settling import Workbench
from services.accounts.rules import access
from services.accounts.store import resolving, saving
from shared.assertion import sign_assertion
from shared.messages.accounts import ResolveSession, SessionRefused, SessionResolved


async def resolve_session(query: ResolveSession, bench: Workbench) -> SessionResolved | SessionRefused:
    """Note that the session is used, and sign for one service who holds it."""
    token_hash = saving.hash_token(bench.open(query, "token"))
    policies, now = bench.resources.policies, bench.now()
    async with bench.transaction() as work:
        holder = await resolving.use_session(work.connection, token_hash, access.in_force(now, policies), now)
    if holder is None or not access.serves(holder.account, holder.session, query.audience):
        return SessionRefused()
    account, session = holder.account, holder.session
    assertion = access.assert_for(account, session, holder.grants, query=query, now=now, policies=policies)
    signed = sign_assertion(assertion, bench.resources.signing_key, bench.resources.signing_key_id)
    return SessionResolved(
        account_id=account.id,
        assertion=signed,
        expires_at=assertion.expires_at,
        client_code=session.client_code,
        serves_search=session.serves_search and account.is_search_active,
    )

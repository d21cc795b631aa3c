"""Resolving a session: the one thing that every page of the portal asks for."""

from services.accounts.checks.settling import Workbench
from services.accounts.rules import access
from services.accounts.store import accounts, saving, sessions
from shared.assertion import sign_assertion
from shared.messages.accounts import ResolveSession, SessionRefused, SessionResolved


async def resolve_session(query: ResolveSession, bench: Workbench) -> SessionResolved | SessionRefused:
    """Note that the session is used, and sign for one service who holds it."""
    token_hash = saving.hash_token(bench.open(query, "token"))
    policies, now = bench.resources.policies, bench.now()
    used_after, opened_after = access.earliest_in_force(now, policies)
    async with bench.transaction() as work:
        session = await sessions.use_session(
            work.connection, token_hash, now=now, used_after=used_after, opened_after=opened_after
        )
        if session is None:
            return SessionRefused()
        account = await accounts.get_account(work.connection, session.account_id)
        roles = await sessions.list_roles(work.connection, account.id)
    if not access.serves(account, session, query.audience):
        return SessionRefused()
    assertion = access.assert_for(account, session, roles, query=query, now=now, policies=policies)
    signed = sign_assertion(assertion, bench.resources.signing_key, bench.resources.signing_key_id)
    return SessionResolved(account_id=account.id, assertion=signed, expires_at=assertion.expires_at)

"""A person's own sessions: listing and ending them."""

from services.accounts.model import Account, Session
from services.accounts.rules import access
from services.accounts.store import open_sessions, saving
from services.accounts.store.asking import is_reader_restricted, lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    EndOtherSessions,
    EndSession,
    MySessions,
    NoSuchSession,
    SessionsEnded,
    SessionShown,
    SessionsShown,
)
from shared.messages.base import NotAllowed

MOST_SHOWN = 200


async def my_sessions(query: MySessions, work: Work) -> SessionsShown | NotAllowed:
    """Where the asker is signed in."""
    refused = access.refuse_reader(await is_reader_restricted(work))
    if refused is not None:
        return refused
    in_force = access.in_force(work.now, work.resources.policies)
    found = await open_sessions.list_sessions(
        work.connection, work.assertion.account_id, in_force, MOST_SHOWN
    )
    this_one = bytes.fromhex(work.assertion.session_id_hash)
    return SessionsShown(sessions=tuple(_shown(session, this_one) for session in found))


async def end_session(command: EndSession, work: Work) -> SessionsEnded | NoSuchSession | NotAllowed:
    """End one of the asker's sessions; of somebody else's the answer is that of an unknown one."""
    asker = await lock_asker(work)
    refused = access.refuse_session(asker.account, asker.session)
    if refused is not None:
        return refused
    token_hash = bytes.fromhex(command.session_id)
    in_force = access.in_force(work.now, work.resources.policies)
    count = await open_sessions.end_one(work.connection, asker.account.id, token_hash, in_force, work.now)
    return await _outcome(asker.account, count, work)


async def end_other_sessions(
    command: EndOtherSessions, work: Work
) -> SessionsEnded | NoSuchSession | NotAllowed:
    """End all of the asker's sessions but this one."""
    asker = await lock_asker(work)
    refused = access.refuse_session(asker.account, asker.session)
    if refused is not None:
        return refused
    kept = bytes.fromhex(work.assertion.session_id_hash)
    in_force = access.in_force(work.now, work.resources.policies)
    count = await open_sessions.end_others(work.connection, asker.account.id, kept, in_force, work.now)
    return await _outcome(asker.account, count, work)


async def _outcome(account: Account, count: int, work: Work) -> SessionsEnded | NoSuchSession:
    if count == 0:
        return NoSuchSession()
    await saving.record(work, account, "sessions_ended", session_count=str(count))
    return SessionsEnded(account_id=account.id, session_count=count)


def _shown(session: Session, this_one: bytes) -> SessionShown:
    return SessionShown(
        session_id=session.token_hash.hex(),
        opened_at=session.opened_at,
        last_used_at=session.last_used_at,
        network=session.network,
        level=session.level,
        is_this_one=session.token_hash == this_one,
    )

"""Who asks for something sensitive: the account, held, and its session if that is still open."""

from dataclasses import dataclass

from services.accounts.model import Account, RoleGrant, Session
from services.accounts.store import accounts, personal_tokens, roles, sessions
from services.accounts.store.saving import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The account that asks, as it is now, and the session in which it asks, unless that has ended."""

    account: Account
    session: Session | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff(Asker):
    """Who asks, with the roles granted to them that nobody has ended and whose time isn't over."""

    grants: tuple[RoleGrant, ...]


async def is_reader_restricted(work: Work) -> bool | None:
    """Is who asks a question in a session that serves only to put something right? None if it has ended.

    An assertion outlives its session by up to a minute.
    """
    if work.assertion.scopes is not None:
        return None if await _find_program(work) is None else False
    token_hash = bytes.fromhex(work.assertion.session_id_hash)
    return await sessions.is_restricted(work.connection, token_hash)


async def lock_asker(work: Work) -> Asker:
    """Read who asks and hold both rows; an assertion outlives its session by up to a minute.

    A personal token is no session: nothing that asks so may be asked by one.
    """
    account = await accounts.lock_account(work.connection, work.assertion.account_id)
    token_hash = bytes.fromhex(work.assertion.session_id_hash)
    session = await sessions.lock_open_session(work.connection, token_hash, account.id)
    return Asker(account=account, session=session)


async def _find_program(work: Work) -> Session | None:
    """What stands in for a session where a personal token asks, unless that has ended."""
    token_hash = bytes.fromhex(work.assertion.session_id_hash)
    token = await personal_tokens.find_token(work.connection, token_hash, work.assertion.account_id, work.now)
    return None if token is None else token.session


async def lock_staff(work: Work) -> Staff:
    """The same, with the roles as they are now: an assertion outlives an ended role by up to a minute."""
    asker = await lock_asker(work)
    grants = await roles.list_roles(work.connection, asker.account.id, work.now)
    return Staff(account=asker.account, session=asker.session, grants=grants)

"""Personal tokens: what may be made, and what one says of its holder."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from services.accounts.model import Account, PersonalToken, Session
from services.accounts.rules import access
from shared.assertion import Assertion
from shared.messages.accounts import ResolveSession
from shared.messages.accounts.personal_tokens import MakePersonalToken, PersonalTokenRefused
from shared.policies import AccountPolicies

PREFIX = "nextgen_"
"""By which a token is known for one, wherever it was left lying."""
SCOPES = ("accounts:read", "linking:read", "linking:write")
"""Without `accounts:write`: whatever a person may tell `accounts` is sensitive, and no token does that."""


def is_one(token: str) -> bool:
    """Is it a personal token, and no session's?"""
    return token.startswith(PREFIX)


def refuse_making(
    command: MakePersonalToken, present: Iterable[PersonalToken], policies: AccountPolicies
) -> PersonalTokenRefused | None:
    """Why no such token is made, or None; `present` are those that work."""
    if not set(command.scopes) <= set(SCOPES):
        return PersonalTokenRefused(reason="scope_not_known")
    if command.days > policies.personal_token_days:
        return PersonalTokenRefused(reason="lasts_too_long")
    if len(tuple(present)) >= policies.personal_tokens:
        return PersonalTokenRefused(reason="too_many")
    return None


def made(
    command: MakePersonalToken, session: Session, *, token_id: UUID, token_hash: bytes, now: datetime
) -> PersonalToken:
    """The token that somebody makes within a session, whose level it keeps."""
    return PersonalToken(
        id=token_id,
        token_hash=token_hash,
        account_id=session.account_id,
        name=command.name.strip(),
        scopes=tuple(sorted(set(command.scopes))),
        level=session.level,
        created_at=now,
        expires_at=now + timedelta(days=command.days),
    )


def assert_for(
    account: Account, token: PersonalToken, *, query: ResolveSession, now: datetime
) -> Assertion | None:
    """What is signed about a program's holder; None for an account that couldn't sign in, either.

    It carries no role: a token that lies in some file opens nobody else's data.
    """
    if not access.may_sign_in(account):
        return None
    return access.asserted(
        account, token.session, query=query, now=now, ends_at=token.expires_at, scopes=token.scopes
    )

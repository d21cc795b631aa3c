"""What a signed-in person does with sessions: prove again who they are, list them, end them."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.values import Network
from shared.messages.base import Command, Event, Query, Reply
from shared.sealed import Sealed

SessionId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256 of a token")]


class ProveAgain(Command, frozen=True, kw_only=True, tag="accounts.prove_again.v1"):
    """Prove within a session who holds it, as sensitive acts need that shortly before (a check)."""

    is_sensitive: ClassVar[bool] = True
    password: Sealed
    passcode: Sealed | None = None


class ProvedAgain(Reply, frozen=True, kw_only=True, tag="accounts.proved_again.v1"):
    """The session's proof is fresh, and of this level."""

    level: Literal[1, 2]
    proved_at: datetime


class ProofRefused(Reply, frozen=True, kw_only=True, tag="accounts.proof_refused.v1"):
    """The same answer for every failure: wrong password or passcode, or locked; the proof stays as old."""


class MySessions(Query, frozen=True, kw_only=True, tag="accounts.my_sessions.v1"):
    """Where am I signed in? The sessions that can be used now, at most 200, those used last first."""


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """One session, as its holder sees it; `session_id` names it and opens nothing."""

    session_id: SessionId
    opened_at: datetime
    last_used_at: datetime
    network: Network
    level: Literal[1, 2]
    is_this_one: bool


class SessionsShown(Reply, frozen=True, kw_only=True, tag="accounts.sessions_shown.v1"):
    """The asker's sessions."""

    sessions: tuple[SessionShown, ...]


class EndSession(Command, frozen=True, kw_only=True, tag="accounts.end_session.v1"):
    """End one of my sessions; it may be the one that asks."""

    is_sensitive: ClassVar[bool] = True
    session_id: SessionId


class EndOtherSessions(Command, frozen=True, kw_only=True, tag="accounts.end_other_sessions.v1"):
    """End all my sessions but the one that asks."""

    is_sensitive: ClassVar[bool] = True


class SessionsEnded(Event, frozen=True, kw_only=True, tag="accounts.sessions_ended.v1"):
    """Their holder ended so many sessions from within another, or that one itself."""

    account_id: UUID
    session_count: Annotated[int, msgspec.Meta(ge=1)]


class NoSuchSession(Reply, frozen=True, kw_only=True, tag="accounts.no_such_session.v1"):
    """None of the asker's sessions is meant that is open: unknown, ended, or somebody else's alike."""

"""Personal tokens: what people make so that their own programs may ask for them."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, Event, Query, Reply, ShortText
from shared.sealed import Sealed

Scope = Annotated[
    str,
    msgspec.Meta(
        max_length=40,
        pattern=r"^[a-z_]+:(read|write)$(?!\n)",
        description="a service, and whether its questions or its acts: accounts:read, linking:write",
    ),
]


class MakePersonalToken(Command, frozen=True, kw_only=True, tag="accounts.make_personal_token.v1"):
    """Make a token with which a program asks for me, within its scopes and for so many days.

    No token carries a sensitive act, or a role.
    """

    is_sensitive: ClassVar[bool] = True
    name: ShortText
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1, max_length=20)]
    days: Annotated[int, msgspec.Meta(ge=1, le=3660)]


class PersonalTokenMade(Reply, frozen=True, kw_only=True, tag="accounts.personal_token_made.v1"):
    """The token, shown once, and until when it works."""

    token_id: UUID
    expires_at: datetime
    token: Sealed | None
    secret_shown_once: bool = False


class PersonalTokenRefused(Reply, frozen=True, kw_only=True, tag="accounts.personal_token_refused.v1"):
    """No token was made: no such scope, too long a life, or as many tokens as one may have."""

    reason: Literal["scope_not_known", "lasts_too_long", "too_many"]


class PersonalTokenAdded(Event, frozen=True, kw_only=True, tag="accounts.personal_token_added.v1"):
    """A program can ask for the account from now on, within these scopes (mail)."""

    account_id: UUID
    token_id: UUID
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime


class MyPersonalTokens(Query, frozen=True, kw_only=True, tag="accounts.my_personal_tokens.v1"):
    """My tokens that work, those made last first."""


class PersonalTokenShown(msgspec.Struct, frozen=True, kw_only=True):
    """One token, as its holder sees it; `token_id` names it and opens nothing."""

    token_id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None


class PersonalTokensShown(Reply, frozen=True, kw_only=True, tag="accounts.personal_tokens_shown.v1"):
    """The asker's tokens."""

    tokens: tuple[PersonalTokenShown, ...]


class EndPersonalToken(Command, frozen=True, kw_only=True, tag="accounts.end_personal_token.v1"):
    """Make one of my tokens work no more."""

    is_sensitive: ClassVar[bool] = True
    token_id: UUID


class PersonalTokenEnded(Reply, frozen=True, kw_only=True, tag="accounts.personal_token_ended.v1"):
    """The token opens nothing any more."""

    token_id: UUID


class NoSuchPersonalToken(Reply, frozen=True, kw_only=True, tag="accounts.no_such_personal_token.v1"):
    """None of the asker's tokens is meant that works: unknown, over, or somebody else's alike."""

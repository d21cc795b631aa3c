"""Sessions and one-time tokens, as they are kept: by their hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session: how well its holder proved who they are, and when.

    `is_restricted`: it serves only to change the password, and to enrol a factor unless that password has
    grown too old; a legacy account upgrades instead. A program may have named a `client_code` for its
    searches; `serves_search` is about the session alone, the account's search privilege comes on top.
    """

    token_hash: bytes
    account_id: UUID
    level: Literal[1, 2]
    proved_at: datetime
    opened_at: datetime
    last_used_at: datetime
    is_restricted: bool
    network: str
    client_code: str = ""
    serves_search: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalToken:
    """A token that its holder made for a program: as far as its scopes reach, until it expires.

    `level` is how well its holder had proved who they are when it was made.
    """

    id: UUID
    token_hash: bytes
    account_id: UUID
    name: str
    scopes: tuple[str, ...]
    level: Literal[1, 2]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None

    @property
    def session(self) -> Session:
        """What it is to whatever asks for a session: one proved when it was made, never for searches."""
        return Session(
            token_hash=self.token_hash,
            account_id=self.account_id,
            level=self.level,
            proved_at=self.created_at,
            opened_at=self.created_at,
            last_used_at=self.last_used_at or self.created_at,
            is_restricted=False,
            network="",
            serves_search=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Which sessions can be used: used after one instant and opened after another, if they weren't ended."""

    used_after: datetime
    opened_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A one-time token that proves an e-mail address, until it is used, replaced or too old."""

    token_hash: bytes
    account_id: UUID
    email: str
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None

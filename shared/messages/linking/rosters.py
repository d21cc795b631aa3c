"""Rosters: the filing accounts that a court loads."""

from typing import Annotated, Literal

import msgspec

from shared.messages.base import Command, CourtId, Reply
from shared.sealed import Sealed


class RosterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A filing account as a court's roster gives it, without its verifier, unchecked: each field is text.

    `login` counts as written, capitals too. `role` may be in any case, its words joined by space, `-` or `_`.
    """

    line: int
    login: str
    name: str
    email: str
    role: str


class LoadRoster(Command, frozen=True, kw_only=True, tag="linking.load_roster.v1"):
    """Court staff load filing accounts (a check); loading the same rows again changes nothing.

    `verifiers` holds a JSON list of texts, one for each row in the same order: `scheme$hex` with the scheme
    `sha256`, `sha1` or `md5`, or a PHC string that begins with `$argon2id$`. They travel sealed, since a
    fast hash is as good as the password to who finds it.
    """

    court_id: CourtId
    rows: Annotated[tuple[RosterRow, ...], msgspec.Meta(max_length=200)]
    verifiers: Sealed


class RosterRowRefused(msgspec.Struct, frozen=True, kw_only=True):
    """One row that was not taken: its line in the file, the field, the reason."""

    line: int
    field: str
    reason: str


class RosterLoaded(Reply, frozen=True, kw_only=True, tag="linking.roster_loaded.v1"):
    """What the rows did; each refused one is named, the others are loaded."""

    court_id: CourtId
    added: int
    changed: int
    unchanged: int
    refused: tuple[RosterRowRefused, ...] = ()


class RosterRefused(Reply, frozen=True, kw_only=True, tag="linking.roster_refused.v1"):
    """No row was loaded."""

    reason: Literal["court_not_known", "not_one_verifier_for_each_row"]

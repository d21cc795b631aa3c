"""Why can't this person link? What court staff see of the attempts at a filing login."""

from datetime import datetime
from uuid import UUID

import msgspec

from shared.messages.base import Command, CourtId, Reply
from shared.messages.linking.links import FilingLogin
from shared.messages.linking.staff import PersonSeen


class WhyCantLink(Command, frozen=True, kw_only=True, tag="linking.why_cant_link.v1"):
    """The last attempts at a filing login, and what was refused (court staff; a check)."""

    court_id: CourtId
    login: FilingLogin


class LinkAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """How attempts of one person ended, how often, and when last; in plain words, with what to do next.

    `outcome` is `proved`, `linked`, or why it was refused, as in `linking.link_refused.v1`.
    """

    person: PersonSeen
    outcome: str
    meaning: str
    next_step: str
    count: int
    last_at: datetime


class LinkAttemptsShown(Reply, frozen=True, kw_only=True, tag="linking.link_attempts_shown.v1"):
    """The filing login as the court has it, and the attempts at it, the newest first."""

    court_id: CourtId
    login: FilingLogin
    filing_account_id: UUID | None
    is_linked: bool
    has_open_code: bool
    attempts: tuple[LinkAttempt, ...]

"""A credential of a court's machine; what the machine shows is kept as a hash alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtCredential:
    """A credential, in force until it is ended or its end has come; no `issued_by`: the operator."""

    id: UUID
    court_id: str
    name: str
    issued_at: datetime
    issued_by: UUID | None
    ends_at: datetime | None
    ended_at: datetime | None = None
    last_used_at: datetime | None = None

"""A role as it was granted to an account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.assertion import Role
from shared.messages.accounts import RoleName


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrant:
    """A grant that nobody has ended; without `granted_by` the operator's login gave it."""

    id: UUID
    account_id: UUID
    role: RoleName
    court_id: str | None
    granted_by: UUID | None
    granted_at: datetime
    ends_at: datetime | None

    @property
    def asserted(self) -> Role:
        """As it stands in an assertion."""
        return Role(role=self.role, court_id=self.court_id)

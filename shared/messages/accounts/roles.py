"""Roles: what an account may do beyond its own affairs."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.messages.accounts.values import RoleName
from shared.messages.base import AccountNumber, Command, CourtId, Event, Reply, Speaker


class GrantRole(Command, frozen=True, kw_only=True, tag="accounts.grant_role.v1"):
    """Give an upgraded individual with a second factor a role, at one court or at all (PSC)."""

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    role: RoleName
    court_id: CourtId | None = None


class GrantFirstRole(Command, frozen=True, kw_only=True, tag="accounts.grant_first_role.v1"):
    """Make the first PSC account of an installation; refused once there is one."""

    spoken_by: ClassVar[Speaker] = "operator"
    account_number: AccountNumber


class RoleGranted(Event, frozen=True, kw_only=True, tag="accounts.role_granted.v1"):
    """The account holds a role from now on."""

    account_id: UUID
    role: RoleName
    court_id: CourtId | None = None
    actor_account_id: UUID | None = None


class RoleRefused(Reply, frozen=True, kw_only=True, tag="accounts.role_refused.v1"):
    """The role was not given."""

    reason: Literal[
        "account_not_found",
        "account_not_active",
        "not_an_individual",
        "not_upgraded",
        "second_factor_missing",
        "not_allowed",
        "already_held",
        "already_bootstrapped",
    ]

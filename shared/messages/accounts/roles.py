"""Roles: what an account may do beyond its own affairs."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.values import PageSize, RoleName
from shared.messages.base import AccountNumber, Command, CourtId, Event, Query, Reply, Speaker


class GrantRole(Command, frozen=True, kw_only=True, tag="accounts.grant_role.v1"):
    """Give an upgraded individual with a second factor a role, at one court or at all (PSC).

    From `ends_at` on it counts no more. Nobody is given a role by themselves.
    """

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    role: RoleName
    court_id: CourtId | None = None
    ends_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class GrantFirstRole(Command, frozen=True, kw_only=True, tag="accounts.grant_first_role.v1"):
    """Make the first PSC account of an installation; refused once there is one."""

    spoken_by: ClassVar[Speaker] = "operator"
    account_number: AccountNumber


class RoleGranted(Event, frozen=True, kw_only=True, tag="accounts.role_granted.v1"):
    """The account holds a role from now on, to `ends_at` or without an end (mail)."""

    account_id: UUID
    role: RoleName
    court_id: CourtId | None = None
    actor_account_id: UUID | None = None
    ends_at: datetime | None = None


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


class EndRole(Command, frozen=True, kw_only=True, tag="accounts.end_role.v1"):
    """Take a role from somebody else, at once (PSC); nobody ends a role of their own."""

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    role: RoleName
    court_id: CourtId | None = None


class RoleEnded(Event, frozen=True, kw_only=True, tag="accounts.role_ended.v1"):
    """The account holds this role no more: PSC ended it, or its holder's second factor was reset (mail)."""

    account_id: UUID
    role: RoleName
    court_id: CourtId | None = None
    actor_account_id: UUID | None = None


class RoleNotEnded(Reply, frozen=True, kw_only=True, tag="accounts.role_not_ended.v1"):
    """The role was not ended: nobody else would be PSC without an end, it isn't held, or it is one's own."""

    reason: Literal["account_not_found", "not_held", "own_role", "last_psc"]


class MyRoles(Query, frozen=True, kw_only=True, tag="accounts.my_roles.v1"):
    """The roles that I hold now, and until when."""


class RoleShown(msgspec.Struct, frozen=True, kw_only=True):
    """A role in force."""

    role: RoleName
    court_id: CourtId | None = None
    granted_at: datetime
    ends_at: datetime | None = None


class RolesShown(Reply, frozen=True, kw_only=True, tag="accounts.roles_shown.v1"):
    """The asker's roles."""

    roles: tuple[RoleShown, ...]


class ListRoles(Command, frozen=True, kw_only=True, tag="accounts.list_roles.v1"):
    """Who holds which role now (PSC); each holder sees in the history who looked (a check).

    For the next page ask with `after` the last grant's id while `has_more`.
    """

    is_sensitive: ClassVar[bool] = True
    role: RoleName | None = None
    after: UUID | None = None
    limit: PageSize = 50


class RoleHeld(msgspec.Struct, frozen=True, kw_only=True):
    """A grant in force, who holds it, and who gave it; the operator's login where that is nobody."""

    grant_id: UUID
    account_id: UUID
    account_number: AccountNumber
    first_name: str
    last_name: str
    role: RoleName
    court_id: CourtId | None = None
    granted_by: UUID | None = None
    granted_at: datetime
    ends_at: datetime | None = None


class RolesListed(Reply, frozen=True, kw_only=True, tag="accounts.roles_listed.v1"):
    """A page of the roles in force."""

    grants: tuple[RoleHeld, ...]
    has_more: bool

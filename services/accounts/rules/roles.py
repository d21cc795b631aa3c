"""Roles: who may hold one, and what may not be done to one's own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.accounts.model import Account, RoleGrant
from shared.assertion import Role
from shared.messages.accounts import (
    EndRole,
    GrantRole,
    RoleGranted,
    RoleHeld,
    RoleName,
    RoleNotEnded,
    RoleRefused,
    RoleShown,
)


def refuse_grant(
    command: GrantRole, asker_id: UUID, own: Sequence[RoleGrant], now: datetime
) -> RoleRefused | None:
    """Why nobody could be given this role by this asker, who has `own` roles, or None.

    Whose being PSC ends makes nobody PSC for longer: that somebody would give it back for ever.
    """
    is_own = command.account_id == asker_id
    is_past = command.ends_at is not None and command.ends_at <= now
    own_end = next((grant.ends_at for grant in own if grant.role == "psc"), None)
    is_too_long = (
        command.role == "psc"
        and own_end is not None
        and (command.ends_at is None or command.ends_at > own_end)
    )
    return RoleRefused(reason="not_allowed") if is_own or is_past or is_too_long else None


def refuse_role(account: Account | None, role: RoleName, court_id: str | None) -> RoleRefused | None:
    """Why the account may not hold this role, or None."""
    if account is None:
        return RoleRefused(reason="account_not_found")
    if account.kind != "individual":
        return RoleRefused(reason="not_an_individual")
    if not account.is_upgraded:
        return RoleRefused(reason="not_upgraded")
    if account.status != "active" or not account.is_email_verified:
        return RoleRefused(reason="account_not_active")
    if not account.has_second_factor:
        return RoleRefused(reason="second_factor_missing")
    if role != "court_staff" and court_id is not None:
        return RoleRefused(reason="not_allowed")
    return None


def refuse_end(
    command: EndRole, account: Account | None, asker_id: UUID, *, is_another_psc: bool
) -> RoleNotEnded | None:
    """Why this role is not ended, or None; `is_another_psc`: would somebody else be PSC, without an end?

    Whoever could end their own would leave an installation that nobody can give a role in.
    """
    if account is None:
        return RoleNotEnded(reason="account_not_found")
    if account.id == asker_id:
        return RoleNotEnded(reason="own_role")
    if command.role == "psc" and not is_another_psc:
        return RoleNotEnded(reason="last_psc")
    return None


def as_recorded(role: Role, actor_id: UUID | None, ends_at: datetime | None = None) -> dict[str, str]:
    """The details of an act about a role; `actor_id` is None for the operator's login."""
    until = {} if ends_at is None else {"ends_at": ends_at.isoformat()}
    return {
        "role": role.role,
        "court_id": role.court_id or "",
        "actor_account_id": str(actor_id or ""),
        **until,
    }


def announced(grant: RoleGrant) -> RoleGranted:
    """What is announced of a new grant."""
    return RoleGranted(
        account_id=grant.account_id,
        role=grant.role,
        court_id=grant.court_id,
        actor_account_id=grant.granted_by,
        ends_at=grant.ends_at,
    )


def shown(grant: RoleGrant) -> RoleShown:
    """A role as its holder sees it."""
    return RoleShown(
        role=grant.role, court_id=grant.court_id, granted_at=grant.granted_at, ends_at=grant.ends_at
    )


def listed(grant: RoleGrant, holder: Account) -> RoleHeld:
    """A role as PSC staff see it in the list of all."""
    return RoleHeld(
        grant_id=grant.id,
        account_id=holder.id,
        account_number=holder.account_number,
        first_name=holder.first_name,
        last_name=holder.last_name,
        role=grant.role,
        court_id=grant.court_id,
        granted_by=grant.granted_by,
        granted_at=grant.granted_at,
        ends_at=grant.ends_at,
    )

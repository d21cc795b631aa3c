"""Granting and ending roles, and showing them to who holds them."""

from uuid import UUID

from services.accounts.handlers.casework import refuse_psc
from services.accounts.model import Account, RoleGrant
from services.accounts.rules import access
from services.accounts.rules import roles as rules
from services.accounts.store import accounts, roles, saving
from services.accounts.store.asking import is_reader_restricted
from services.accounts.store.saving import Work
from shared.assertion import Role
from shared.messages.accounts import (
    EndRole,
    GrantFirstRole,
    GrantRole,
    MyRoles,
    RoleEnded,
    RoleGranted,
    RoleNotEnded,
    RoleRefused,
    RolesShown,
)
from shared.messages.base import NotAllowed


async def grant_role(command: GrantRole, work: Work) -> RoleGranted | RoleRefused | NotAllowed:
    """PSC staff give somebody a role; the act stands in that person's history, refused or not."""
    actor_id = work.assertion.account_id
    await accounts.hold_accounts(work.connection, {actor_id, command.account_id})
    own = await roles.list_roles(work.connection, actor_id, work.now)
    refused = await refuse_psc(work) or rules.refuse_grant(command, actor_id, own, work.now)
    if refused is not None:
        return refused
    return await _grant(work, command, actor_id) or RoleRefused(reason="already_held")


async def grant_first_role(command: GrantFirstRole, work: Work) -> RoleGranted | RoleRefused:
    """The operator makes the first PSC account; a constraint says that there is one such grant at most."""
    account_id = await accounts.find_id_by_number(work.connection, command.account_number)
    if account_id is None:
        return RoleRefused(reason="account_not_found")
    granted = await _grant(work, GrantRole(account_id=account_id, role="psc"), None)
    return granted or RoleRefused(reason="already_bootstrapped")


async def end_role(command: EndRole, work: Work) -> RoleEnded | RoleNotEnded | NotAllowed:
    """PSC staff take a role from somebody; of two who do it at once, one sees what the other did."""
    actor_id = work.assertion.account_id
    await accounts.lock_identity(work.connection, f"role {command.role}")
    await accounts.hold_accounts(work.connection, {actor_id, command.account_id})
    not_allowed = await refuse_psc(work)
    if not_allowed is not None:
        return not_allowed
    account = await accounts.find_account(work.connection, command.account_id)
    is_another_psc = await roles.is_another_psc_without_end(work.connection, command.account_id)
    refused = rules.refuse_end(command, account, actor_id, is_another_psc=is_another_psc)
    if account is None or refused is not None:
        return refused or RoleNotEnded(reason="account_not_found")
    return await _end(work, account, Role(role=command.role, court_id=command.court_id), actor_id)


async def my_roles(_: MyRoles, work: Work) -> RolesShown | NotAllowed:
    """The asker's roles, as they are now."""
    refused = access.refuse_reader(await is_reader_restricted(work))
    if refused is not None:
        return refused
    grants = await roles.list_roles(work.connection, work.assertion.account_id, work.now)
    return RolesShown(roles=tuple(map(rules.shown, grants)))


async def _grant(work: Work, wanted: GrantRole, actor_id: UUID | None) -> RoleGranted | RoleRefused | None:
    found = await accounts.find_account(work.connection, wanted.account_id)
    account = None if found is None else await accounts.lock_account(work.connection, found.id)
    refused = rules.refuse_role(account, wanted.role, wanted.court_id)
    if account is None:
        return refused
    grant = RoleGrant(
        id=work.new_id(),
        account_id=account.id,
        role=wanted.role,
        court_id=wanted.court_id,
        granted_by=actor_id,
        granted_at=work.now,
        ends_at=wanted.ends_at,
    )
    await roles.close_past_grants(work.connection, account.id, work.now)
    is_granted = refused is None and await roles.insert_role_grant(work.connection, grant)
    # A refusal, too, has told the asker something of the account.
    kind = "role_granted" if is_granted else "role_refused"
    await saving.record(work, account, kind, **rules.as_recorded(grant.asserted, actor_id, wanted.ends_at))
    return rules.announced(grant) if is_granted else refused


async def _end(work: Work, account: Account, role: Role, actor_id: UUID) -> RoleEnded | RoleNotEnded:
    is_ended = await roles.end_role(work.connection, account.id, role, work.now)
    kind = "role_ended" if is_ended else "role_not_ended"
    await saving.record(work, account, kind, **rules.as_recorded(role, actor_id))
    if not is_ended:
        return RoleNotEnded(reason="not_held")
    return RoleEnded(account_id=account.id, role=role.role, court_id=role.court_id, actor_account_id=actor_id)

"""Granting roles."""

from uuid import UUID

from services.accounts.rules import access
from services.accounts.store import accounts, saving, sessions
from services.accounts.store.asking import lock_asker
from services.accounts.store.saving import Work
from shared.assertion import Role
from shared.messages.accounts import GrantFirstRole, GrantRole, RoleGranted, RoleRefused
from shared.messages.base import NotAllowed


async def grant_role(command: GrantRole, work: Work) -> RoleGranted | RoleRefused | NotAllowed:
    """PSC staff give somebody a role; the act stands in that person's history, refused or not."""
    await accounts.hold_accounts(work.connection, {work.assertion.account_id, command.account_id})
    asker = await lock_asker(work)
    not_allowed = access.refuse_granting(work.assertion, asker.account, asker.session)
    if not_allowed is not None:
        return not_allowed
    role = Role(role=command.role, court_id=command.court_id)
    granted = await _grant(work, command.account_id, role, actor=work.assertion.account_id)
    return granted or RoleRefused(reason="already_held")


async def grant_first_role(command: GrantFirstRole, work: Work) -> RoleGranted | RoleRefused:
    """The operator makes the first PSC account; a constraint says that there is one such grant at most."""
    account_id = await accounts.find_id_by_number(work.connection, command.account_number)
    granted = await _grant(work, account_id, Role(role="psc"), actor=None)
    return granted or RoleRefused(reason="already_bootstrapped")


async def _grant(
    work: Work, account_id: UUID | None, role: Role, *, actor: UUID | None
) -> RoleGranted | RoleRefused | None:
    found = None if account_id is None else await accounts.find_account(work.connection, account_id)
    account = None if found is None else await accounts.lock_account(work.connection, found.id)
    refused = access.refuse_role(account, role.role, role.court_id)
    if account is None:
        return refused
    is_granted = refused is None and await sessions.insert_role_grant(
        work.connection, work.new_id(), account.id, role, granted_by=actor, at=work.now
    )
    # A refusal, too, has told the asker something of the account.
    kind = "role_granted" if is_granted else "role_refused"
    content = {"role": role.role, "court_id": role.court_id or "", "actor_account_id": str(actor or "")}
    await saving.record(work, account, kind, **content)
    if not is_granted:
        return refused
    return RoleGranted(account_id=account.id, role=role.role, court_id=role.court_id, actor_account_id=actor)

"""Resetting a lost second factor: asked for by PSC, stopped by whoever is warned, done when it is due."""

from dataclasses import replace

from services.accounts.handlers.casework import Case, open_case, record, refuse
from services.accounts.model import Account, Credential
from services.accounts.rules import access, guards
from services.accounts.rules import staff as rules
from services.accounts.store import (
    accounts,
    backup_codes,
    credentials,
    resets,
    roles,
    saving,
    sessions,
    tokens,
)
from services.accounts.store.asking import lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import RoleEnded, TokenRefused
from shared.messages.accounts.factor_reset import (
    AskFactorReset,
    FactorResetBegun,
    FactorResetStopped,
    FactorWasReset,
    NoFactorReset,
    ResetFactor,
    StopFactorReset,
    StopFactorResetByStaff,
    StopMyFactorReset,
)
from shared.messages.accounts.staff import StaffActRefused
from shared.messages.base import NotAllowed


async def ask_factor_reset(
    command: AskFactorReset, work: Work
) -> FactorResetBegun | StaffActRefused | NotAllowed:
    """Plan the reset and warn the holder at once."""
    case = await open_case(work, command.account_id)
    if not isinstance(case, Case):
        return case
    present = await resets.find_open_reset(work.connection, case.account.id)
    refused = rules.refuse_reset(case.account, is_one_open=present is not None)
    if refused is not None:
        return await refuse(work, case, "ask_factor_reset", refused)
    is_strangers = command.is_factor_a_strangers
    if is_strangers:
        await _shut_out(work, case.account)
    as_recorded = {"is_factor_a_strangers": "true"} if is_strangers else {}
    await record(work, case, "factor_reset_asked", remark=command.remark, **as_recorded)
    return await resets.open_reset(
        work,
        case.account,
        remark=command.remark,
        actor_id=case.actor_id,
        is_factor_a_strangers=is_strangers,
    )


async def stop_factor_reset(command: StopFactorReset, work: Work) -> FactorResetStopped | TokenRefused:
    """Whoever reads the holder's mail stops it; from its effect on the link is worth nothing."""
    account = await resets.lock_reset(work, work.open(command, "token"))
    stopped = None if account is None else await resets.stop_reset(work, account, stopped_by="link")
    return stopped or TokenRefused()


async def stop_my_factor_reset(
    _: StopMyFactorReset, work: Work
) -> FactorResetStopped | NoFactorReset | NotAllowed:
    """Whoever is signed in stops it, though the proof may be old: a session opened before counts for this."""
    asker = await lock_asker(work)
    refused = access.refuse_session(asker.account, asker.session)
    if refused is not None:
        return refused
    stopped = await resets.stop_lost_reset(
        work, asker.account, stopped_by="holder", actor_id=asker.account.id
    )
    return stopped or NoFactorReset()


async def stop_factor_reset_by_staff(
    command: StopFactorResetByStaff, work: Work
) -> FactorResetStopped | StaffActRefused | NotAllowed:
    """PSC learned that it was asked for wrongly."""
    case = await open_case(work, command.account_id)
    if not isinstance(case, Case):
        return case
    stopped = await resets.stop_reset(
        work, case.account, stopped_by="staff", actor_id=case.actor_id, remark=command.remark
    )
    return stopped or await refuse(
        work, case, "stop_factor_reset", StaffActRefused(reason="no_reset_is_open")
    )


async def reset_factor(command: ResetFactor, work: Work) -> FactorWasReset | None:
    """Remove the second factor and end what rested on it, unless this reset was stopped or is done."""
    account = await accounts.lock_account(work.connection, command.account_id)
    present = await resets.find_open_reset(work.connection, account.id)
    if present is None or not rules.is_reset_due(account, present, command.takes_effect_at, work.now):
        return None
    is_strangers = resets.is_strangers(present)
    if is_strangers:
        await _void_password(work, account)
    await resets.close_resets(work, account)
    await credentials.delete_authenticators(work.connection, account.id)
    await backup_codes.delete_backup_codes(work.connection, account.id)
    guard = await credentials.lock_guard(work.connection, account.id, "passcode")
    await credentials.update_guard(work.connection, guards.after_success(guard))
    await saving.save_account(work, account, replace(account, has_second_factor=False))
    await sessions.end_all_sessions(work.connection, account.id, at=work.now, ended_by="factor_reset")
    await _end_roles(work, account)
    await saving.record(work, account, "factor_reset")
    return FactorWasReset(account_id=account.id, is_password_void=is_strangers)


async def _shut_out(work: Work, account: Account) -> None:
    """Somebody else is in this account: what they have open ends, and until the reset nobody signs in."""
    await sessions.end_all_sessions(work.connection, account.id, at=work.now, ended_by="factor_reset")
    await tokens.close_tokens(work.connection, account.id, ["email_change"], work.now)


async def _void_password(work: Work, account: Account) -> None:
    """The stranger knows it, and would enrol again before its holder: recovery by mail sets another one."""
    nobody_knows = work.resources.decoy_hash
    await credentials.update_credential(
        work.connection,
        Credential(account_id=account.id, scheme="argon2id", password_hash=nobody_knows, changed_at=work.now),
    )


async def _end_roles(work: Work, account: Account) -> None:
    """Whoever enrols anew may be somebody else: a role is given again by who knows them."""
    for grant in await roles.list_roles(work.connection, account.id, work.now):
        await roles.end_role(work.connection, account.id, grant.asserted, work.now)
        await saving.record(work, account, "role_ended", role=grant.role, court_id=grant.court_id or "")
        work.emit(RoleEnded(account_id=account.id, role=grant.role, court_id=grant.court_id))

"""A look of PSC staff at one person: written down each time, then read."""

from collections.abc import Collection
from uuid import UUID

from services.accounts.checks.looking import find_like_ids, read_summaries, refuse_psc
from services.accounts.checks.settling import Workbench
from services.accounts.rules import roles as role_rules
from services.accounts.rules import staff_looks
from services.accounts.rules.history import act_shown
from services.accounts.store import accounts, history, looks, resets, roles
from services.accounts.store.saving import Work
from shared.messages.accounts.staff_looks import AccountShownToStaff, LookRefused, ShowAccountToStaff
from shared.messages.base import NotAllowed


async def show_account(
    command: ShowAccountToStaff, bench: Workbench
) -> AccountShownToStaff | LookRefused | NotAllowed:
    """One account with its history; for those that it is like the look is written down once a day."""
    refused = await refuse_psc(bench)
    if refused is not None:
        return refused
    async with bench.transaction() as work:
        like_ids = await find_like_ids(work, [command.account_id])
        held = await looks.hold_unerased(work.connection, {command.account_id, *like_ids})
        if command.account_id not in held:
            return LookRefused(reason="account_not_found")
        await looks.record_look(work, command.account_id, "show_account")
        await looks.record_looks(work, like_ids, "show_like_account")
    async with bench.transaction() as work:
        return await _read(command, like_ids, work)


async def _read(command: ShowAccountToStaff, like_ids: Collection[UUID], work: Work) -> AccountShownToStaff:
    account = await accounts.get_account(work.connection, command.account_id)
    (summary,) = await read_summaries(work, [account.id])
    grants = await roles.list_roles(work.connection, account.id, work.now)
    like = await looks.list_like_accounts(work.connection, [account.id], among=like_ids)
    reset = await resets.find_open_reset(work.connection, account.id)
    entries = await history.list_newest(work.connection, account.id, command.before, command.limit + 1)
    return AccountShownToStaff(
        account=summary,
        created_at=account.created_at,
        upgraded_at=account.upgraded_at,
        deactivated_at=account.deactivated_at,
        factor_reset_at=None if reset is None else reset.expires_at,
        roles=tuple(map(role_rules.shown, grants)),
        like=staff_looks.like(account.id, like),
        acts=tuple(map(act_shown, entries[: command.limit])),
        has_more=len(entries) > command.limit,
    )

"""Looks of PSC staff at many: first it is written down for whoever is seen, then it is read."""

from uuid import UUID

from services.accounts.checks.settling import Workbench
from services.accounts.rules import access, staff_looks, texts
from services.accounts.rules import roles as role_rules
from services.accounts.store import accounts, looks, roles
from services.accounts.store.asking import lock_staff
from services.accounts.store.saving import Work
from shared.messages.accounts import ListRoles, RolesListed
from shared.messages.accounts.staff_looks import (
    AccountsFound,
    AccountSummary,
    FindAccounts,
    HeldAccount,
    HeldAccounts,
    HeldAccountsShown,
    LookRefused,
)
from shared.messages.base import NotAllowed


async def refuse_psc(bench: Workbench) -> NotAllowed | None:
    """Why who asks may not look, or None; nothing is looked for before that is known."""
    async with bench.transaction() as work:
        staff = await lock_staff(work)
    policies = bench.resources.policies
    return access.refuse_psc(staff.account, staff.session, staff.grants, now=work.now, policies=policies)


async def find_accounts(command: FindAccounts, bench: Workbench) -> AccountsFound | LookRefused | NotAllowed:
    """A page of the accounts of a number, a user name, an address or a name."""
    refused = await refuse_psc(bench) or staff_looks.refuse_search(command)
    if refused is not None:
        return refused
    async with bench.transaction() as work:
        found = await _find(command, work)
        seen = await looks.record_looks(work, found[: command.limit], "find_accounts")
    async with bench.transaction() as work:
        summaries = await read_summaries(work, seen)
    return AccountsFound(accounts=summaries, has_more=len(found) > command.limit)


async def held_accounts(command: HeldAccounts, bench: Workbench) -> HeldAccountsShown | NotAllowed:
    """A page of the accounts that wait for a review, each with those that it is like."""
    refused = await refuse_psc(bench)
    if refused is not None:
        return refused
    async with bench.transaction() as work:
        found = await looks.list_held_ids(work.connection, command.after, command.limit + 1)
        page = found[: command.limit]
        seen = {*page, *await find_like_ids(work, page)}
        await looks.record_looks(work, seen, "held_accounts")
    async with bench.transaction() as work:
        like = await looks.list_like_accounts(work.connection, page, among=seen)
        summaries = await read_summaries(work, page)
    shown = tuple(HeldAccount(account=s, like=staff_looks.like(s.account_id, like)) for s in summaries)
    return HeldAccountsShown(accounts=shown, has_more=len(found) > len(page))


async def list_roles(command: ListRoles, bench: Workbench) -> RolesListed | NotAllowed:
    """A page of the roles in force, and who holds them."""
    refused = await refuse_psc(bench)
    if refused is not None:
        return refused
    async with bench.transaction() as work:
        found = await roles.list_grants(
            work.connection, command.role, command.after, command.limit + 1, work.now
        )
        page = found[: command.limit]
        holder_ids = {grant.account_id for grant in page}
        await looks.record_looks(work, holder_ids, "list_roles")
    async with bench.transaction() as work:
        holders = {each.id: each for each in await accounts.list_accounts(work.connection, holder_ids)}
    listed = tuple(role_rules.listed(grant, holders[grant.account_id]) for grant in page)
    return RolesListed(grants=listed, has_more=len(found) > len(page))


async def find_like_ids(work: Work, account_ids: list[UUID]) -> set[UUID]:
    """The accounts that these are like."""
    return {each.account_id for each in await looks.list_like_accounts(work.connection, account_ids)}


async def read_summaries(work: Work, account_ids: list[UUID]) -> tuple[AccountSummary, ...]:
    """Accounts in short, by id."""
    found = await accounts.list_accounts(work.connection, account_ids)
    locks = await looks.list_locks(work.connection, account_ids, work.now)
    return staff_looks.summaries(found, locks)


async def _find(command: FindAccounts, work: Work) -> list[UUID]:
    """One more than the page holds, if there are more; a number and a user name are one account's."""
    limit = command.limit + 1
    if command.email is not None:
        key = texts.email_key(command.email)
        return await looks.find_ids_by_email(work.connection, key, command.after, limit)
    if command.last_name is not None:
        return await looks.find_ids_by_name(
            work.connection, command.last_name.strip(), command.first_name, command.after, limit
        )
    if command.account_number is not None:
        found = await accounts.find_id_by_number(work.connection, command.account_number)
    else:
        found = await accounts.find_id_by_user_name(work.connection, (command.user_name or "").lower())
    return [] if found is None else [found]

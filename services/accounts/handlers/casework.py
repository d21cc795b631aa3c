"""What all acts of PSC staff begin with: who asks, whether they may, and whose account it is."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.accounts.model import Account
from services.accounts.rules import access
from services.accounts.store import accounts, saving
from services.accounts.store.asking import lock_staff
from services.accounts.store.saving import Work
from shared.messages.accounts.staff import AddressCorrectionRefused, StaffActRefused
from shared.messages.base import NotAllowed

R = TypeVar("R", StaffActRefused, AddressCorrectionRefused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An account that PSC staff act on, and which of them."""

    account: Account
    actor_id: UUID


async def refuse_psc(work: Work) -> NotAllowed | None:
    """Why who asks may not act as PSC staff now, or None; their rows are held."""
    staff = await lock_staff(work)
    return access.refuse_psc(
        staff.account, staff.session, staff.grants, now=work.now, policies=work.resources.policies
    )


async def open_case(work: Work, account_id: UUID) -> Case | NotAllowed | StaffActRefused:
    """Hold both accounts, always in the same order; nobody acts on an account of their own."""
    actor_id = work.assertion.account_id
    await accounts.hold_accounts(work.connection, {actor_id, account_id})
    refused = await refuse_psc(work)
    if refused is not None:
        return refused
    if account_id == actor_id:
        return StaffActRefused(reason="own_account")
    account = await accounts.find_account(work.connection, account_id)
    if account is None or account.erased_at is not None:
        return StaffActRefused(reason="account_not_found")
    return Case(account=account, actor_id=actor_id)


async def record(work: Work, case: Case, kind: str, **content: str) -> None:
    """Add what staff did to the history of the account's holder, with who did it."""
    await saving.record(work, case.account, kind, **content, actor_account_id=str(case.actor_id))


async def refuse(work: Work, case: Case, act: str, refused: R) -> R:
    """A refusal, too, has told something of the account."""
    await record(work, case, "staff_act_refused", act=act, reason=refused.reason)
    return refused

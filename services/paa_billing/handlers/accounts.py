"""The copy of accounts, and what follows for firms when an account changes."""

from dataclasses import replace
from uuid import UUID

from services.paa_billing.handlers.memberships import end_membership
from services.paa_billing.handlers.waiting import plan_retry_for
from services.paa_billing.model.firms import Account
from services.paa_billing.rules.firms import is_taken_over
from services.paa_billing.rules.memberships import end_of
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts, firms, memberships, unbooked
from shared.messages.accounts import AccountChanged, AccountErased
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked
from shared.messages.paa_billing import RecordPayment, RecordUsage
from shared.messaging import erasure
from shared.messaging.unit_of_work import UnitOfWork


async def remember_account(event: AccountChanged, work: UnitOfWork[Resources]) -> None:
    account = _account_from(event)
    if await erasure.is_erased(work.connection, account.account_id):
        account = replace(account, first_name="", last_name="")
    await accounts.hold_number(work.connection, account.account_number)
    if not await accounts.upsert_account(work.connection, account):
        return
    await _take_over_firm(account, work)
    if account.status == "deactivated":
        await _end_all(account.account_id, work)
    if await unbooked.has_waiting(work.connection, account.account_number):
        await plan_retry_for(work, account.account_number)


async def forget_account(event: AccountErased, work: UnitOfWork[Resources]) -> None:
    """Names and remarks go; number, lines, ledger, statements and what prices stand on are under hold."""
    known = await accounts.find_account(work.connection, event.account_id)
    await accounts.blank_account(work.connection, event.account_id)
    await memberships.blank_invitations(work.connection, event.account_id)
    await memberships.blank_memberships(work.connection, event.account_id)
    # An invitation says who is asked by number and last name; a court's batch says others' numbers too.
    number = [] if known is None else [erasure.quoted(known.account_number)]
    await erasure.begin(work, event.account_id, terms=number, kept_types=(RecordUsage, RecordPayment))


async def remember_link(event: FilingAccountLinked, work: UnitOfWork[Resources]) -> None:
    await accounts.insert_filing_link(work.connection, event.link_id, event.account_id)


async def forget_link(event: FilingAccountUnlinked, work: UnitOfWork[Resources]) -> None:
    await accounts.end_filing_link(work.connection, event.link_id, event.account_id)


async def _take_over_firm(account: Account, work: UnitOfWork[Resources]) -> None:
    """A legacy administrator's firm is older than this system: it comes with the account."""
    if not is_taken_over(account, await firms.find_firm_of(work.connection, account.account_id)):
        return
    paa_id, name = work.new_id(), account.name or account.account_number
    await firms.insert_firm(work.connection, paa_id, name, work.now, registered_at=None)
    await firms.insert_administrator(work.connection, account.account_id, paa_id, work.now)


async def _end_all(account_id: UUID, work: UnitOfWork[Resources]) -> None:
    """Its membership ends at the instant of the deactivation, and what it was asked needs no answer."""
    await memberships.withdraw_invitations(work.connection, account_id, work.now)
    present = await memberships.find_membership(work.connection, account_id)
    firm = None if present is None else await firms.find_firm(work.connection, present.paa_id)
    if present is not None and firm is not None:
        left = end_of(present, firm, work.cause.time, "deactivation", "")
        await end_membership(work, left)
        work.emit(left)


def _account_from(event: AccountChanged) -> Account:
    return Account(
        account_id=event.account_id,
        version=event.version,
        account_number=event.account_number,
        first_name=event.first_name,
        last_name=event.last_name,
        kind=event.kind,
        generation=event.generation,
        status=event.status,
        is_search_active=event.is_search_active,
        has_second_factor=event.has_second_factor,
    )

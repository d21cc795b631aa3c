"""A payer's open balance, and how it moves with a person who joins a firm."""

from collections.abc import Sequence
from uuid import UUID

from services.paa_billing.handlers.books import hold_open_quarters
from services.paa_billing.ledger import LedgerEntry, LedgerOperation, OperationKind, moving_entries
from services.paa_billing.model import Quarter
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts, firms, ledger
from shared.errors import NotYetKnownError
from shared.messaging.unit_of_work import UnitOfWork
from shared.money import Cents


async def open_balance(work: UnitOfWork[Resources], payer_id: UUID) -> Cents:
    """Issued and unpaid, less unapplied credit; negative: a credit."""
    return await ledger.sum_open_balance(work.connection, payer_id)


async def hold_balances(work: UnitOfWork[Resources], payer_ids: Sequence[UUID]) -> None:
    """Let nobody else change these balances until this transaction ends; before any quarter is held."""
    await ledger.lock_payers(work.connection, payer_ids)


async def move_balance(
    work: UnitOfWork[Resources], from_payer: UUID, to_payer: UUID, amount_cents: Cents
) -> None:
    """Post a person's open balance, which is held, to the firm that they join; a credit moves too."""
    if amount_cents == 0:
        return
    standings = await ledger.sum_standings(work.connection, [from_payer, to_payer])
    entries = moving_entries(from_payer, to_payer, amount_cents, standings, lambda _: work.new_id())
    person = await accounts.find_account(work.connection, from_payer)
    firm = await firms.find_firm(work.connection, to_payer)
    whose = "" if person is None else f" of account {person.account_number}"
    whither = "" if firm is None else f" to {firm.name}"
    await post(work, "balance_moved", f"Balance{whose} moved{whither} on joining", entries)


async def post(
    work: UnitOfWork[Resources], kind: OperationKind, explanation: str, entries: tuple[LedgerEntry, ...]
) -> LedgerOperation:
    """Book an operation for the statement of the oldest open quarter; its payers' balances are held."""
    operation = LedgerOperation(
        id=work.new_id(),
        kind=kind,
        quarter=await _stated_in(work),
        at=work.now,
        explanation=explanation,
        entries=entries,
    )
    await ledger.insert_operations(work.connection, [operation])
    await ledger.insert_entries(work.connection, [operation])
    return operation


async def _stated_in(work: UnitOfWork[Resources]) -> Quarter:
    open_quarters = await hold_open_quarters(work)
    if not open_quarters:
        raise NotYetKnownError("every quarter was closed just now")
    return open_quarters[0]

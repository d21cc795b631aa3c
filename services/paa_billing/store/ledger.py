"""The ledger: operations and their entries, which are only added, and balances, which are only summed."""

from collections.abc import Sequence
from uuid import UUID

from services.paa_billing.ledger import BalanceChange, LedgerAccount, LedgerEntry, LedgerOperation, Standing
from services.paa_billing.model import Quarter
from services.paa_billing.model.closes import PayerBalances
from shared.database import Connection
from shared.money import Cents

_LOCK_CLASS = 1_906
"""The first key of the advisory locks on payers; the second is taken from the payer's id."""


async def lock_payers(connection: Connection, payer_ids: Sequence[UUID]) -> None:
    """Let nobody else change these payers' balances until this transaction ends.

    Whoever locks a quarter's books too does that afterwards, so that no two wait for each other.
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock($1, key) FROM unnest($2::integer[]) AS key",
        _LOCK_CLASS,
        sorted({_key(payer_id) for payer_id in payer_ids}),
    )


async def insert_operations(connection: Connection, operations: Sequence[LedgerOperation]) -> None:
    """An operation that was posted before is a unique violation."""
    await connection.execute(
        """
        INSERT INTO ledger_operations (id, kind, quarter, at, explanation)
        SELECT id, kind, quarter, at, explanation
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[])
               AS posted (id, kind, quarter, at, explanation)
        """,
        [each.id for each in operations],
        [each.kind for each in operations],
        [str(each.quarter) for each in operations],
        [each.at for each in operations],
        [each.explanation for each in operations],
    )


async def insert_entries(connection: Connection, operations: Sequence[LedgerOperation]) -> None:
    """The entries of operations that were inserted in this transaction."""
    rows = [(operation.id, entry) for operation in operations for entry in operation.entries]
    await connection.execute(
        """
        INSERT INTO ledger_entries (id, operation_id, debit_kind, debit_payer_id, debit_court_id, credit_kind,
                                    credit_payer_id, credit_court_id, amount_cents, reverses)
        SELECT id, operation_id, debit_kind, debit_payer_id, debit_court_id, credit_kind, credit_payer_id,
               credit_court_id, amount_cents, reverses
          FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[],
                      $8::text[], $9::bigint[], $10::uuid[])
               AS posted (id, operation_id, debit_kind, debit_payer_id, debit_court_id, credit_kind,
                          credit_payer_id, credit_court_id, amount_cents, reverses)
        """,
        [entry.id for _, entry in rows],
        [operation_id for operation_id, _ in rows],
        [entry.debit.kind for _, entry in rows],
        [entry.debit.payer_id for _, entry in rows],
        [entry.debit.court_id for _, entry in rows],
        [entry.credit.kind for _, entry in rows],
        [entry.credit.payer_id for _, entry in rows],
        [entry.credit.court_id for _, entry in rows],
        [entry.amount_cents for _, entry in rows],
        [entry.reverses for _, entry in rows],
    )


async def list_entries(
    connection: Connection, operation_ids: Sequence[UUID]
) -> dict[UUID, list[LedgerEntry]]:
    """The entries of operations."""
    rows = await connection.fetch(
        """
        SELECT operation_id, id, debit_kind, debit_payer_id, debit_court_id, credit_kind, credit_payer_id,
               credit_court_id, amount_cents, reverses
          FROM ledger_entries
         WHERE operation_id = ANY($1::uuid[])
         ORDER BY operation_id, id
        """,
        operation_ids,
    )
    found: dict[UUID, list[LedgerEntry]] = {operation_id: [] for operation_id in operation_ids}
    for row in rows:
        entry = LedgerEntry(
            id=row["id"],
            debit=LedgerAccount(row["debit_kind"], row["debit_payer_id"], row["debit_court_id"]),
            credit=LedgerAccount(row["credit_kind"], row["credit_payer_id"], row["credit_court_id"]),
            amount_cents=row["amount_cents"],
            reverses=row["reverses"],
        )
        found[row["operation_id"]].append(entry)
    return found


async def sum_standings(connection: Connection, payer_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """What each payer owes, settled quarters included, and what stands to the payer's credit."""
    rows = await connection.fetch(
        """
        SELECT payer_id,
               coalesce(sum(amount_cents) FILTER (WHERE account_kind = 'receivable'), 0)::bigint
                   AS receivable_cents,
               coalesce(-sum(amount_cents) FILTER (WHERE account_kind = 'unapplied_cash'), 0)::bigint
                   AS unapplied_cents
          FROM payer_movements
         WHERE payer_id = ANY($1::uuid[])
         GROUP BY payer_id
        """,
        payer_ids,
    )
    found = {
        row["payer_id"]: Standing(
            receivable_cents=row["receivable_cents"], unapplied_cents=row["unapplied_cents"]
        )
        for row in rows
    }
    return {payer_id: found.get(payer_id, Standing()) for payer_id in payer_ids}


async def sum_open_balance(connection: Connection, payer_id: UUID) -> Cents:
    """Issued and unpaid, less unapplied credit; a settlement counts from the issue of its statement on."""
    balance = await connection.fetchval(
        """
        SELECT coalesce(sum(m.amount_cents), 0)::bigint
          FROM payer_movements AS m
         WHERE m.payer_id = $1
           AND (m.kind <> 'settlement'
                OR EXISTS (SELECT FROM statements AS s WHERE s.payer_id = $1 AND s.quarter = m.quarter))
        """,
        payer_id,
    )
    return Cents(balance)


async def sum_balances_for_close(
    connection: Connection, quarter: Quarter, payer_ids: Sequence[UUID]
) -> dict[UUID, PayerBalances]:
    """What a quarter's statements begin with, beside what the last statement said."""
    rows = await connection.fetch(
        """
        SELECT p.payer_id,
               coalesce(b.carried, 0)::bigint AS carried_cents,
               coalesce(b.before, 0)::bigint AS before_cents,
               coalesce(s.balance_cents, 0) AS stated_cents,
               EXISTS (SELECT FROM closing_payers AS c
                        WHERE c.payer_id = p.payer_id AND c.quarter < $1 AND c.stage <> 'issued')
                   AS is_earlier_unissued
          FROM unnest($2::uuid[]) AS p (payer_id)
          LEFT JOIN LATERAL (
               SELECT sum(m.amount_cents) FILTER (WHERE m.quarter < $1) AS carried,
                      sum(m.amount_cents) FILTER (WHERE m.quarter < $1 OR m.kind <> 'settlement') AS before
                 FROM payer_movements AS m
                WHERE m.payer_id = p.payer_id AND m.quarter <= $1) AS b ON true
          LEFT JOIN LATERAL (
               SELECT last.balance_cents
                 FROM statements AS last
                WHERE last.payer_id = p.payer_id AND last.quarter < $1
                ORDER BY last.quarter DESC
                LIMIT 1) AS s ON true
        """,
        str(quarter),
        payer_ids,
    )
    return {
        row["payer_id"]: PayerBalances(**{k: v for k, v in row.items() if k != "payer_id"}) for row in rows
    }


async def list_changes(
    connection: Connection, payer_ids: Sequence[UUID]
) -> dict[UUID, tuple[BalanceChange, ...]]:
    """All that ever changed these payers' balances, oldest first."""
    rows = await connection.fetch(
        """
        SELECT payer_id, operation_id, kind, quarter, at, explanation,
               sum(amount_cents)::bigint AS amount_cents
          FROM payer_movements
         WHERE payer_id = ANY($1::uuid[])
         GROUP BY payer_id, operation_id, kind, quarter, at, explanation
        HAVING sum(amount_cents) <> 0
         ORDER BY payer_id, at, operation_id
        """,
        payer_ids,
    )
    found: dict[UUID, tuple[BalanceChange, ...]] = dict.fromkeys(payer_ids, ())
    for row in rows:
        fields = {**row, "quarter": Quarter.parse(row["quarter"])}
        payer_id = fields.pop("payer_id")
        found[payer_id] = (*found[payer_id], BalanceChange(**fields))
    return found


def _key(payer_id: UUID) -> int:
    return (payer_id.int & 0xFFFFFFFF) - (1 << 31)

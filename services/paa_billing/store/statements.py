"""Drafts, issued statements and their files: only added, never changed."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.paa_billing.model import Quarter
from services.paa_billing.model.closes import PayerNamed
from services.paa_billing.model.issued import FileKept, IssuedStatement
from shared.database import Connection


async def list_names(connection: Connection, account_ids: Sequence[UUID]) -> dict[UUID, PayerNamed]:
    """How these accounts are called on a statement."""
    rows = await connection.fetch(
        """
        SELECT account_id, account_number, trim(first_name || ' ' || last_name) AS name
          FROM accounts
         WHERE account_id = ANY($1::uuid[])
        """,
        account_ids,
    )
    return {
        row["account_id"]: PayerNamed(account_number=row["account_number"], name=row["name"]) for row in rows
    }


async def list_firm_names(connection: Connection, paa_ids: Sequence[UUID]) -> dict[UUID, PayerNamed]:
    """How these firms are called on a statement; the number is that of the first administrator."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (f.paa_id) f.paa_id, f.name, a.account_number
          FROM firms AS f
          JOIN firm_administrators AS d USING (paa_id)
          JOIN accounts AS a USING (account_id)
         WHERE f.paa_id = ANY($1::uuid[])
         ORDER BY f.paa_id, d.since_at, a.account_number
        """,
        paa_ids,
    )
    return {row["paa_id"]: PayerNamed(account_number=row["account_number"], name=row["name"]) for row in rows}


async def list_administrators(
    connection: Connection, paa_ids: Sequence[UUID]
) -> dict[UUID, tuple[UUID, ...]]:
    """Those of these payers that are firms, with the accounts that administer them."""
    rows = await connection.fetch(
        """
        SELECT paa_id, array_agg(account_id ORDER BY account_id) AS account_ids
          FROM firm_administrators
         WHERE paa_id = ANY($1::uuid[])
         GROUP BY paa_id
        """,
        paa_ids,
    )
    return {row["paa_id"]: tuple(row["account_ids"]) for row in rows}


async def insert_drafts(
    connection: Connection, quarter: Quarter, drafts: Mapping[UUID, tuple[bytes, str]]
) -> None:
    """Keep sealed drafts with their digests; a second one of a payer's quarter is a unique violation."""
    await connection.execute(
        """
        INSERT INTO statement_drafts (quarter, payer_id, canonical, sha256)
        SELECT $1, payer_id, canonical, sha256
          FROM unnest($2::uuid[], $3::bytea[], $4::text[]) AS sealed (payer_id, canonical, sha256)
        """,
        str(quarter),
        list(drafts),
        [canonical for canonical, _ in drafts.values()],
        [digest for _, digest in drafts.values()],
    )


async def list_drafts(
    connection: Connection, quarter: Quarter, payer_ids: Sequence[UUID]
) -> dict[UUID, bytes]:
    """The canonical JSON of drafts, in the order of their payers."""
    rows = await connection.fetch(
        """
        SELECT payer_id, canonical
          FROM statement_drafts
         WHERE quarter = $1 AND payer_id = ANY($2::uuid[])
         ORDER BY payer_id
        """,
        str(quarter),
        payer_ids,
    )
    return {row["payer_id"]: row["canonical"] for row in rows}


async def find_last_number(connection: Connection) -> int:
    """The highest statement number, 0 before the first; only for who holds `closes.lock_issuing`."""
    return int(await connection.fetchval("SELECT coalesce(max(number), 0) FROM statements"))


async def insert_statements(connection: Connection, statements: Sequence[IssuedStatement]) -> None:
    """A second statement of a payer's quarter, or a number given twice, is a unique violation."""
    await connection.execute(
        """
        INSERT INTO statements (id, number, quarter, payer_id, payer_name, kind, total_cents, waived_cents,
                                newly_due_cents, balance_cents, due_on, issued_at, sha256)
        SELECT id, number, quarter, payer_id, payer_name, kind, total_cents, waived_cents, newly_due_cents,
               balance_cents, due_on, issued_at, sha256
          FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bigint[],
                      $8::bigint[], $9::bigint[], $10::bigint[], $11::date[], $12::timestamptz[], $13::text[])
               AS issued (id, number, quarter, payer_id, payer_name, kind, total_cents, waived_cents,
                          newly_due_cents, balance_cents, due_on, issued_at, sha256)
        """,
        [each.id for each in statements],
        [each.number for each in statements],
        [str(each.quarter) for each in statements],
        [each.payer_id for each in statements],
        [each.payer_name for each in statements],
        [each.kind for each in statements],
        [each.total_cents for each in statements],
        [each.waived_cents for each in statements],
        [each.newly_due_cents for each in statements],
        [each.balance_cents for each in statements],
        [each.due_on for each in statements],
        [each.issued_at for each in statements],
        [each.sha256 for each in statements],
    )


async def insert_renderings(connection: Connection, statement_ids: Sequence[UUID]) -> None:
    """Have the files of statements made."""
    await connection.execute(
        "INSERT INTO statement_renderings (statement_id) SELECT unnest($1::uuid[])", statement_ids
    )


async def insert_files(connection: Connection, statement_id: UUID, files: Sequence[FileKept]) -> None:
    """Name the files whose objects are written; those that are named already stay."""
    await connection.execute(
        """
        INSERT INTO statement_files (statement_id, form, key, sha256)
        SELECT $1, form, key, sha256
          FROM unnest($2::text[], $3::text[], $4::text[]) AS written (form, key, sha256)
        ON CONFLICT (statement_id, form) DO NOTHING
        """,
        statement_id,
        [each.form for each in files],
        [each.key for each in files],
        [each.sha256 for each in files],
    )


async def delete_rendering(connection: Connection, statement_id: UUID) -> None:
    await connection.execute("DELETE FROM statement_renderings WHERE statement_id = $1", statement_id)


async def list_statements(connection: Connection, payer_id: UUID, limit: int) -> list[IssuedStatement]:
    """A payer's statements, newest first."""
    rows = await connection.fetch(
        """
        SELECT id, number, quarter, payer_id, payer_name, kind, total_cents, waived_cents, newly_due_cents,
               balance_cents, due_on, issued_at, sha256
          FROM statements
         WHERE payer_id = $1
         ORDER BY number DESC
         LIMIT $2
        """,
        payer_id,
        limit,
    )
    return [IssuedStatement(**{**row, "quarter": Quarter.parse(row["quarter"])}) for row in rows]


async def find_quarter(connection: Connection, statement_id: UUID, payer_id: UUID) -> str | None:
    """The quarter of a payer's statement; None if there is no such statement of this payer."""
    quarter: str | None = await connection.fetchval(
        "SELECT quarter FROM statements WHERE id = $1 AND payer_id = $2", statement_id, payer_id
    )
    return quarter


async def list_files(
    connection: Connection, statement_ids: Sequence[UUID]
) -> dict[UUID, tuple[FileKept, ...]]:
    """The files of statements, as far as they are made, in the order JSON, CSV, PDF."""
    rows = await connection.fetch(
        """
        SELECT statement_id, form, key, sha256
          FROM statement_files
         WHERE statement_id = ANY($1::uuid[])
         ORDER BY statement_id, array_position(ARRAY['json', 'csv', 'pdf'], form)
        """,
        statement_ids,
    )
    found: dict[UUID, tuple[FileKept, ...]] = dict.fromkeys(statement_ids, ())
    for row in rows:
        kept = FileKept(form=row["form"], key=row["key"], sha256=row["sha256"])
        found[row["statement_id"]] = (*found[row["statement_id"]], kept)
    return found

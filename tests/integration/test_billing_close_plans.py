"""The statements that a close repeats for each chunk find their rows by an index."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import asyncpg

from deploy.local.servers import Servers
from deploy.tool import databases
from services.paa_billing.model import Quarter
from services.paa_billing.service import SERVICE
from services.paa_billing.store import closes, ledger, statements, totals
from shared.messaging.registry import Service
from tests.billing import opened
from tests.closing import close, in_chunks_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
Ask = Callable[[Any, list[Any]], Coroutine[Any, Any, Any]]
QUARTER = Quarter(2024, 1)
PEOPLE, LINES_EACH = 1_000, 8
BY_EITHER_SIDE = ("ledger_entries_by_debited_payer", "ledger_entries_by_credited_payer")
ASKED: list[tuple[Ask, tuple[str, ...]]] = [
    (lambda c, payers: totals.sum_lines(c, QUARTER, payers), ("payer_id_used_at",)),
    (lambda c, payers: totals.list_lines(c, QUARTER, payers), ("payer_id_used_at",)),
    (lambda c, payers: totals.sum_charged_by_person(c, QUARTER, payers), ("account_id_used_at",)),
    (ledger.sum_standings, BY_EITHER_SIDE),
    (ledger.list_changes, BY_EITHER_SIDE),
    (lambda c, payers: ledger.sum_balances_for_close(c, QUARTER, payers), BY_EITHER_SIDE),
    (lambda c, payers: ledger.sum_open_balance(c, payers[0]), BY_EITHER_SIDE),
    (lambda c, _: closes.lock_listed(c, QUARTER, 200), ("closing_payers",)),
    (lambda c, _: closes.list_sealed(c, QUARTER, 200), ("closing_payers",)),
    (lambda c, _: statements.find_last_number(c), ("statements_number_key",)),
]


class ExplainedError(Exception):
    """A plan in the place of rows."""


class Explaining:
    """A connection that answers each statement with its plan."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *arguments: Any) -> None:
        rows = await self._connection.fetch(f"EXPLAIN {statement}", *arguments)
        raise ExplainedError("\n".join(row[0] for row in rows))

    fetchrow = fetchval = fetch


async def test_statements_of_the_close_are_answered_by_index(
    workplace_of: Make, servers: Servers, role_passwords: dict[str, str]
) -> None:
    place = await opened(await workplace_of(SERVICE, in_chunks_of(500)))
    await fill(place)
    await close(place)
    await analyze(place, servers, role_passwords)
    payers = [
        row["payer_id"] for row in await place.pool.fetch("SELECT payer_id FROM closing_payers LIMIT 5")
    ]

    for ask, indexes in ASKED:
        async with place.pool.acquire() as connection:
            plan = await plan_of(ask, connection, payers)
        large = ("on usage_lines", "on ledger_entries", "on closing_payers", "on statements")
        scanned = [line for line in plan.splitlines() if "Seq Scan" in line and any(t in line for t in large)]
        assert scanned == [], plan
        assert all(index in plan for index in indexes), plan


async def plan_of(ask: Ask, connection: Any, payers: list[Any]) -> str:
    try:
        await ask(Explaining(connection), payers)
    except ExplainedError as explained:
        return str(explained)
    raise AssertionError("nothing was asked")


async def analyze(place: Workplace, servers: Servers, role_passwords: dict[str, str]) -> None:
    database = await place.pool.fetchval("SELECT current_database()")
    role = "paa_billing_owner"
    url = databases.url_for(servers.postgres_url, role, role_passwords[role], database)
    owner = await asyncpg.connect(url)
    await owner.execute("ANALYZE")
    await owner.close()


async def fill(place: Workplace) -> None:
    """A quarter of some size."""
    await place.pool.execute(
        """
        INSERT INTO accounts (account_id, version, account_number, first_name, last_name, kind, generation,
                              status, is_search_active, has_second_factor)
        SELECT gen_random_uuid(), 1, lpad(i::text, 7, '0'), 'Ada', 'Member', 'individual', 'upgraded',
               'active', true, true
          FROM generate_series(1, $1::integer) AS i
        """,
        PEOPLE,
    )
    await place.pool.execute(
        """
        INSERT INTO usage_lines (id, court_id, usage_id, account_id, payer_id, used_at, recorded_at, kind,
                                 page_count, description, case_number, client_code, schedule_effective_on,
                                 gross_cents, exempt_cents, reasons, used_quarter, billed_quarter)
        SELECT gen_random_uuid(), 'ncwbk', account_number || i, account_id, account_id, '2024-02-01',
               '2024-02-01', 'document', 12, '', '', '', '2020-01-01', 120, 0, '{per_page}', '2024-Q1',
               '2024-Q1'
          FROM accounts, generate_series(1, $1::integer) AS i
        """,
        LINES_EACH,
    )

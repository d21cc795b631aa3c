"""What may be filed is found by index among a hundred thousand links, whatever the statistics say."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from deploy.local.servers import Servers
from deploy.tool import databases
from services.linking.store import filing
from tests.integration.linking_builders import COURT, Make, a_workplace
from tests.integration.test_billing_close_plans import plan_of
from tests.messaging import NOON, Workplace

ACCOUNTS, COURTS_EACH = 30_000, 4
Ask = Callable[[Any, list[Any]], Awaitable[Any]]
ASKED: dict[str, Ask] = {
    "what may I file": lambda connection, ids: filing.read_filing_rights(connection, ids[0], NOON),
    "who files here": lambda connection, ids: filing.read_filing_here(connection, ids[0], COURT),
}
NEEDED = (
    "one_open_link_for_an_account_court_and_role",
    "Index Scan using filing_accounts_",
    "Index Scan using accounts_pkey",
)
FILL: tuple[tuple[Any, ...], ...] = (
    (
        """
        INSERT INTO accounts (account_id, version, account_number, first_name, last_name, kind, generation,
                              status, email_verified, is_search_active, has_second_factor)
        SELECT lpad(to_hex(n), 32, '0')::uuid, 1, lpad(n::text, 7, '0'), 'Jane', 'Public', 'individual',
               'upgraded', 'active', true, true, true
          FROM generate_series(1, $1::integer) AS n
        """,
        ACCOUNTS,
    ),
    (
        """
        INSERT INTO filing_accounts (id, court_id, login, name, email, role, verifier_scheme, verifier,
                                     roster_digest, loaded_at)
        SELECT lpad(to_hex(n * 1000 + court.place), 32, '0')::uuid, court.id, n::text, 'Jane Q. Public',
               'jane@lawfirm.example', 'attorney', 'plain', '$argon2id$', decode(repeat('00', 32), 'hex'),
               now()
          FROM generate_series(1, $1::integer) AS n
          JOIN (SELECT id, row_number() OVER (ORDER BY id <> $3, id) AS place FROM courts) AS court
            ON court.place <= $2
        """,
        ACCOUNTS,
        COURTS_EACH,
        COURT,
    ),
    (
        """
        INSERT INTO links (id, account_id, court_id, filing_account_id, role, linked_at)
        SELECT id, lpad(to_hex(login::integer), 32, '0')::uuid, court_id, id, role, loaded_at
          FROM filing_accounts
        """,
    ),
    (
        """
        INSERT INTO links (id, account_id, court_id, filing_account_id, role, linked_at, unlinked_at,
                           unlinked_by, remark)
        SELECT gen_random_uuid(), account_id, court_id, filing_account_id, role, linked_at, linked_at,
               'holder', ''
          FROM links
        """,
    ),
)
"""Each account is linked at four courts, and has been before."""


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    for statement, *arguments in FILL:
        await made.pool.execute(statement, *arguments)
    return made


async def analyze(place: Workplace, servers: Servers, role_passwords: dict[str, str]) -> None:
    database = await place.pool.fetchval("SELECT current_database()")
    role = "linking_owner"
    owner = await asyncpg.connect(
        databases.url_for(servers.postgres_url, role, role_passwords[role], database)
    )
    await owner.execute("ANALYZE")
    await owner.close()


async def test_what_may_be_filed_is_found_by_index_among_a_hundred_thousand_links(
    place: Workplace, servers: Servers, role_passwords: dict[str, str]
) -> None:
    ids = [row["account_id"] for row in await place.pool.fetch("SELECT account_id FROM accounts LIMIT 1")]

    before = await plans(place, ids)
    await analyze(place, servers, role_passwords)
    after = await plans(place, ids)

    assert await place.pool.fetchval("SELECT count(*) FROM links WHERE unlinked_at IS NULL") == 120_000
    for plan in (*before, *after):
        scanned = [line for line in plan.splitlines() if "Seq Scan" in line and "on courts" not in line]
        assert scanned == [], plan
        assert all(index in plan for index in NEEDED), plan


async def plans(place: Workplace, ids: list[Any]) -> list[str]:
    async with place.pool.acquire() as connection:
        return [await plan_of(ask, connection, ids) for ask in ASKED.values()]

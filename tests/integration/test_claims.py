"""Every claim takes at most as many rows as it was asked for, however the planner joins."""

import ast
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from services.linking.store import proofs
from services.paa_billing.store import unbooked
from shared.database import Connection, Pool
from shared.messaging.due_work import take_due
from tests.messaging import NOON

LIMIT, ROWS = 2, 12
FORCED = """
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_hashagg = off; SET enable_sort = off;
SET enable_material = off; SET enable_memoize = off
"""
"""Nested loops only: a limited SELECT on the inner side, unless materialized, is run again for each row."""

DUE_WORK = """
INSERT INTO due_work (kind, subject, occasion, due_at, body, correlation_id, causation_id)
SELECT 'kind', n::text, 'once', $1, ''::bytea, gen_random_uuid(), gen_random_uuid()
  FROM generate_series(1, $2::integer) AS n
"""
WAITING = """
INSERT INTO waiting_usage (court_id, usage_id, digest, account_number, batch_id, position, record,
                           received_at, give_up_at)
SELECT 'ncwbk', n::text, sha256(n::text::bytea), lpad(n::text, 7, '0'), gen_random_uuid(), 0, ''::bytea,
       $1, $1
  FROM generate_series(1, $2::integer) AS n
"""
ACCOUNTS = """
INSERT INTO accounts (account_id, version, account_number, first_name, last_name, kind, generation, status,
                      is_search_active, has_second_factor)
SELECT gen_random_uuid(), 1, lpad(n::text, 7, '0'), '', '', 'individual', 'upgraded', 'active', true, true
  FROM generate_series(1, $1::integer) AS n
"""
THROTTLES = """
INSERT INTO throttles (scope, subject, window_started_at, failure_count)
SELECT 'account', sha256(n::text::bytea), $1, 1
  FROM generate_series(1, $2::integer) AS n
"""
Connect = Callable[[str], Awaitable[Connection]]
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
async def connections(pool_of: Callable[[str], Awaitable[Pool]]) -> AsyncIterator[Connect]:
    """Makes a connection to a fresh database of a service that joins by nested loops only."""
    async with AsyncExitStack() as stack:

        async def connect(service: str) -> Connection:
            connection = await stack.enter_async_context((await pool_of(service)).acquire())
            await connection.execute(FORCED)
            return connection

        yield connect


async def test_due_work_is_taken_no_more_than_asked_for(connections: Connect) -> None:
    billing = await connections("paa_billing")
    await billing.execute(DUE_WORK, NOON, ROWS)

    assert len(await take_due(billing, NOON, LIMIT)) == LIMIT
    assert await billing.fetchval("SELECT count(*) FROM due_work") == ROWS - LIMIT


async def test_waiting_uses_are_taken_no_more_than_asked_for(connections: Connect) -> None:
    billing = await connections("paa_billing")
    await billing.execute(WAITING, NOON, ROWS)
    await billing.execute(ACCOUNTS, ROWS)

    assert len(await unbooked.take_bookable(billing, None, LIMIT)) == LIMIT
    assert len(await unbooked.take_given_up(billing, NOON, LIMIT)) == LIMIT
    assert await billing.fetchval("SELECT count(*) FROM waiting_usage") == ROWS - 2 * LIMIT


async def test_old_counts_are_forgotten_no_more_than_asked_for(connections: Connect) -> None:
    linking = await connections("linking")
    await linking.execute(THROTTLES, NOON - timedelta(days=1), ROWS)

    assert await proofs.delete_old_throttles(linking, NOON, LIMIT) == LIMIT


def test_every_claim_materializes_what_it_selects() -> None:
    claims = [claim for folder in ("services", "shared") for claim in claims_in(ROOT / folder)]

    assert any("due_work.py" in place for place, _ in claims)
    assert [place for place, statement in claims if "AS MATERIALIZED (" not in statement] == []


def claims_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Every statement that takes rows by changing or deleting them, with the module it stands in."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "SKIP LOCKED" in node.value:
                what_changes = node.value.replace("FOR UPDATE", "")
                if "UPDATE " in what_changes or "DELETE FROM" in what_changes:
                    yield str(path), node.value

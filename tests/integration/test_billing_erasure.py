"""An erased account in billing: names and remarks go, and what is under hold stays to the byte."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.paa_billing.service import SERVICE
from shared.messages.accounts import AccountErased
from shared.messages.paa_billing import InviteAccount, LeaveFirm
from shared.messaging.ids import new_id
from shared.messaging.parked import Parked, insert_parked
from shared.messaging.registry import Service
from tests.billing import Holder, a_batch, a_firm, a_person, a_use, join, later, opened, report, resources
from tests.closing import balances_of, close, issued_bytes, pay, statements_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
NAME = "Zworykin-Vj"
HELD = (
    *("usage_ids", "usage_lines", "ledger_operations", "ledger_entries", "payments", "statements"),
    *("statement_drafts", "statement_files", "firms", "exemptions", "quarantined_usage", "waiting_usage"),
)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


async def held_rows(place: Workplace) -> dict[str, list[str]]:
    """All that is under hold, as text."""
    rows = {
        table: await place.pool.fetch(f'SELECT t::text AS row FROM "{table}" AS t ORDER BY 1')  # noqa: S608
        for table in HELD
    }
    return {table: [row["row"] for row in found] for table, found in rows.items()}


async def tables_with(place: Workplace, word: str) -> set[str]:
    """Tables in which a word stands, as text or as bytes."""
    names = await place.pool.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND has_table_privilege(oid, 'SELECT')"
    )
    query = 'SELECT bool_or(position($1 in t::text) + position($2 in t::text) > 0) FROM "{}" AS t'
    return {
        name["relname"]
        for name in names
        if await place.pool.fetchval(query.format(name["relname"]), word, word.encode().hex())
    }


async def a_person_with_bills(place: Workplace) -> Holder:
    """Somebody who used, paid, joined a firm and left it with a remark, and got a statement."""
    person, firm = await a_person(place, first_name="W", last_name=NAME), await a_firm(place)
    await report(place, a_use(person, kind="transcript", pages=400), a_use(person, pages=-1))
    await pay(place, person, 1500, "check 17")
    await join(place, firm, person)
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark=f"goodbye from {NAME}"), by=person.asks(place.clock()))
    await close(place)
    return person


async def erase(place: Workplace, person: Holder) -> None:
    """Publish what waits, and erase."""
    await place.pool.execute("DELETE FROM outbox")
    place.clock.forward(minutes=1)
    await place.send(AccountErased(account_id=person.account_id))
    await place.work_off("erasures")


async def test_ledger_statements_and_usage_lines_are_unchanged_to_the_byte(place: Workplace) -> None:
    person = await a_person_with_bills(place)
    before, issued = await held_rows(place), await issued_bytes(place)

    await erase(place, person)

    assert await held_rows(place) == before
    assert all(
        before[table] for table in HELD if table not in ("statement_files", "exemptions", "waiting_usage")
    )
    assert await issued_bytes(place) == issued


async def test_the_books_balance_and_each_statement_verifies_after_an_erasure(place: Workplace) -> None:
    person = await a_person_with_bills(place)
    balances = await balances_of(place)

    await erase(place, person)

    assert await balances_of(place) == balances
    assert sum(balances.values()) == 0
    assert f"W {NAME}" in [each.payer.name for each in await statements_of(place)]


async def test_an_erased_name_stands_only_on_what_is_under_hold(place: Workplace) -> None:
    person = await a_person_with_bills(place)
    found_before = await tables_with(place, NAME)

    await erase(place, person)

    assert {"accounts", "memberships", "statements", "statement_drafts"} <= found_before
    assert await tables_with(place, NAME) == {"statements", "statement_drafts"}


async def test_a_name_that_comes_after_the_erasure_is_not_kept(place: Workplace) -> None:
    person = await a_person(place, last_name=NAME)
    await erase(place, person)

    await place.send(later(person, status="deactivated").changed)

    kept = await place.pool.fetchrow("SELECT last_name, status FROM accounts")
    assert tuple(kept or ()) == ("", "deactivated")


async def test_what_an_erased_person_used_is_billed_under_the_number_alone(place: Workplace) -> None:
    person = await a_person(place, last_name=NAME)
    await report(place, a_use(person, kind="transcript", pages=400))
    await erase(place, person)

    await close(place, at=datetime(2024, 4, 10, 15, tzinfo=UTC))

    (statement,) = await statements_of(place)
    assert (statement.payer.name, statement.payer.account_number) == ("", person.number)
    assert statement.totals.balance_cents == 4000
    assert await place.work_off("files 1") == 1


async def test_a_parked_invitation_is_erased_and_a_parked_batch_of_uses_is_not(place: Workplace) -> None:
    person = await a_person(place)
    invitation = InviteAccount(account_number=person.number, last_name=NAME)
    for body in (invitation, a_batch(a_use(person))):
        await _park(place, type(body).message_name(), msgspec.json.encode(body))

    await erase(place, person)

    rows = await place.pool.fetch("SELECT type, body IS NULL AS is_gone FROM parked_messages ORDER BY type")
    assert [tuple(row) for row in rows] == [
        ("paa_billing.invite_account.v1", True),
        ("paa_billing.record_usage.v1", False),
    ]


async def _park(place: Workplace, type_name: str, body: bytes) -> None:
    parked = Parked(
        id=new_id(place.clock()),
        queue="paa_billing.commands",
        message_id=new_id(place.clock()),
        type=type_name,
        sender="portal",
        correlation_id=new_id(place.clock()),
        headers={},
        body=body,
        reason="failed",
        error="ValueError",
        attempts=5,
        parked_at=place.clock(),
    )
    async with place.pool.acquire() as connection:
        await insert_parked(connection, parked)

"""What a firm sees is a matter of the database: row security, tried through it and around it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.paa_billing.service import SERVICE
from services.paa_billing.store.lines import list_lines_of_firm
from services.paa_billing.store.looks import Look, as_firm, name_firm, take_role_of_firm
from shared.database import Connection, Pool, open_pool
from shared.messages.paa_billing import BillingRefused, FirmUsage, LeaveFirm
from shared.messaging.registry import Service
from tests.billing import FirmHolder, Holder, a_firm, a_person, a_use, join, opened, report, resources
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
QUARTER = "2024-Q1"


@pytest.fixture
async def address(database_of: Callable[[str], Awaitable[str]]) -> str:
    return await database_of("paa_billing")


@pytest.fixture
async def place(address: str) -> AsyncIterator[Workplace]:
    pool = await open_pool(address, size=8, name="test")
    yield await opened(Workplace(service=SERVICE, pool=pool, resources=resources()))
    pool.terminate()


@pytest.fixture
async def alone(address: str) -> AsyncIterator[Pool]:
    """A pool of one connection to the same database, as the same role."""
    pool = await open_pool(address, size=1, name="test of one connection")
    yield pool
    pool.terminate()


async def a_firm_with_a_member(place: Workplace, name: str) -> tuple[FirmHolder, Holder]:
    firm, person = await a_firm(place, name), await a_person(place, last_name=f"Of {name}")
    await join(place, firm, person)
    await report(place, a_use(person, description=f"by {name}"))
    return firm, person


async def seen_by(place: Workplace, firm: Holder, **query: Any) -> list[str]:
    shown = await place.send(FirmUsage(quarter=QUARTER, **query), by=firm.asks(place.clock()))
    return [line.description for line in shown.lines]


async def visible(connection: Connection) -> list[str]:
    rows = await connection.fetch("SELECT description FROM usage_lines ORDER BY description")
    return [row["description"] for row in rows]


async def test_a_firm_sees_what_it_pays_for_and_nothing_before_after_or_else(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await a_firm_with_a_member(place, "Other")
    await report(place, a_use(person, NOON - timedelta(seconds=1), description="before"))
    await join(place, firm, person)
    await report(place, a_use(person, NOON, description="while"))
    place.clock.forward(minutes=1)
    await place.send(LeaveFirm(remark="bye"), by=person.asks(place.clock()))
    await report(place, a_use(person, place.clock(), description="after"))

    assert await seen_by(place, firm) == ["while"]


async def test_a_firm_sees_name_number_and_cost_but_never_what_was_searched_for(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await join(place, firm, person)
    await report(place, a_use(person, kind="name_search", description="Doe, Jane", pages=2))

    (line,) = (await place.send(FirmUsage(quarter=QUARTER), by=firm.asks())).lines

    assert (line.member_name, line.account_number) == ("Ada Member", person.number)
    assert (line.description, line.pages, line.gross_cents) == ("", 2, 20)


async def test_a_firm_sees_search_terms_where_the_policy_says_so(workplace_of: Make) -> None:
    place = await opened(await workplace_of(SERVICE, resources(show_search_terms=True)))
    firm, person = await a_firm(place), await a_person(place)
    await join(place, firm, person)
    await report(place, a_use(person, kind="name_search", description="Doe, Jane"))

    assert await seen_by(place, firm) == ["Doe, Jane"]


async def test_a_firm_reads_page_by_page(place: Workplace) -> None:
    firm, person = await a_firm(place), await a_person(place)
    await join(place, firm, person)
    await report(place, *[a_use(person, NOON, description=f"{n}") for n in range(5)])

    first = await place.send(FirmUsage(quarter=QUARTER, limit=3), by=firm.asks())
    after = first.lines[-1].line_id
    rest = await place.send(FirmUsage(quarter=QUARTER, limit=3, after=after), by=firm.asks())

    assert (len(first.lines), first.has_more, len(rest.lines), rest.has_more) == (3, True, 2, False)
    assert len({line.line_id for line in (*first.lines, *rest.lines)}) == 5


async def test_who_has_no_firm_sees_nothing_and_no_look_is_recorded(place: Workplace) -> None:
    person, lone = await a_person(place), await a_person(place, kind="paa")

    answers = [await place.send(FirmUsage(quarter=QUARTER), by=each.asks()) for each in (person, lone)]

    assert answers == [BillingRefused(reason="not_a_paa"), BillingRefused(reason="firm_not_found")]
    assert await place.pool.fetchval("SELECT count(*) FROM firm_looks") == 0


async def test_two_firms_in_turn_on_one_pooled_connection_see_their_own(
    place: Workplace, alone: Pool
) -> None:
    first, _ = await a_firm_with_a_member(place, "First")
    second, _ = await a_firm_with_a_member(place, "Second")
    at_one = replace(place, pool=alone)

    turns = [await seen_by(at_one, firm) for firm in (first, second, first)]

    assert turns == [["by First"], ["by Second"], ["by First"]]
    assert alone.get_size() == 1


async def test_with_no_firm_named_the_firms_role_sees_nothing_on_a_new_and_on_a_used_connection(
    place: Workplace, alone: Pool
) -> None:
    firm, _ = await a_firm_with_a_member(place, "First")

    async def unnamed() -> list[list[str]]:
        async with alone.acquire() as connection, connection.transaction():
            await take_role_of_firm(connection)
            return [
                await visible(connection),
                [
                    row["account_number"]
                    for row in await connection.fetch("SELECT account_number FROM accounts")
                ],
                [row["paa_id"] for row in await connection.fetch("SELECT paa_id FROM memberships")],
            ]

    on_new = await unnamed()
    seen = await seen_by(replace(place, pool=alone), firm)
    on_used = await unnamed()

    assert (on_new, seen, on_used) == ([[], [], []], ["by First"], [[], [], []])


async def test_after_a_firms_look_the_connection_is_the_services_again(place: Workplace, alone: Pool) -> None:
    firm, _ = await a_firm_with_a_member(place, "First")

    await seen_by(replace(place, pool=alone), firm)

    assert await alone.fetchval("SELECT current_user") == "paa_billing"
    assert await alone.fetchval("SELECT current_setting('app.paa_id', true)") in (None, "")


async def test_asking_for_another_firms_lines_with_ones_own_eyes_shows_none(place: Workplace) -> None:
    first, _ = await a_firm_with_a_member(place, "First")
    second, _ = await a_firm_with_a_member(place, "Second")

    look = Look(paa_id=first.paa_id, administrator_id=first.account_id, kind="usage", quarter=QUARTER)
    async with as_firm(place.bench, look) as connection:
        asked_for_another = await list_lines_of_firm(connection, second.paa_id, QUARTER, None, 10, [])
        everything = await visible(connection)
        names = [row["last_name"] for row in await connection.fetch("SELECT last_name FROM accounts")]

    assert (asked_for_another, everything, names) == ([], ["by First"], ["Of First"])


@pytest.mark.parametrize(
    "question",
    [
        "SELECT count(*) FROM usage_lines_2024q1",
        "SELECT reasons FROM usage_lines",
        "SELECT exemption_id FROM usage_lines",
        "SELECT status FROM accounts",
        "SELECT count(*) FROM invitations",
        "SELECT count(*) FROM usage_ids",
        "SELECT count(*) FROM firm_looks",
        "UPDATE usage_lines SET paa_id = NULL",
        "DELETE FROM usage_lines",
        "INSERT INTO accounts (account_id) VALUES (gen_random_uuid())",
    ],
)
async def test_the_firms_role_may_not_go_around_it(place: Workplace, question: str) -> None:
    firm, _ = await a_firm_with_a_member(place, "First")

    look = Look(paa_id=firm.paa_id, administrator_id=firm.account_id, kind="usage", quarter=QUARTER)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with as_firm(place.bench, look) as connection:
            await connection.execute(question)


@pytest.mark.parametrize(
    "question",
    [
        "SELECT count(*) FROM usage_lines_2024q1",
        "INSERT INTO usage_lines_2024q1 SELECT * FROM usage_lines",
        "DELETE FROM usage_lines",
        "UPDATE usage_lines SET gross_cents = 0",
        "UPDATE usage_ids SET digest = digest",
        "DELETE FROM usage_ids",
        "UPDATE fee_schedules SET page_cents = 0",
        "DELETE FROM memberships",
        "UPDATE memberships SET joined_at = now()",
        "UPDATE firm_looks SET looked_at = now()",
        "DELETE FROM firm_looks",
        "DELETE FROM quarantined_usage",
        "ALTER TABLE usage_lines DISABLE ROW LEVEL SECURITY",
    ],
)
async def test_the_service_itself_may_not_change_what_only_grows(place: Workplace, question: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await place.pool.execute(question)


async def test_a_firm_that_is_no_id_is_an_error(place: Workplace) -> None:
    await a_firm_with_a_member(place, "First")

    async with place.pool.acquire() as connection, connection.transaction():
        await take_role_of_firm(connection)
        await connection.execute("SELECT set_config('app.paa_id', 'not a uuid', true)")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await visible(connection)


async def test_row_security_is_forced_on_every_table_that_a_firm_may_read(place: Workplace) -> None:
    readable = await place.pool.fetch(
        """
        SELECT DISTINCT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS is_forced
          FROM pg_class AS c
          JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
           AND has_column_privilege('paa_billing_firm', c.oid, a.attnum, 'SELECT')
         ORDER BY c.relname
        """
    )

    assert [tuple(row) for row in readable] == [
        ("accounts", True),
        ("filing_links", True),
        ("memberships", True),
        ("usage_lines", True),
    ]


async def test_a_firms_page_is_read_by_the_index_of_its_lines(place: Workplace) -> None:
    firm, _ = await a_firm_with_a_member(place, "First")
    page = """
        EXPLAIN SELECT id FROM usage_lines WHERE payer_id = $1 AND billed_quarter = '2024-Q1'
         ORDER BY used_at, id LIMIT 10
        """

    async with place.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        await take_role_of_firm(connection)
        await name_firm(connection, firm.paa_id)
        plan = " ".join(row[0] for row in await connection.fetch(page, firm.paa_id))

    assert "usage_lines_2024q1_payer_id_used_at_id_idx" in plan
    assert "usage_lines_2024q2" not in plan
    assert "Sort" not in plan


async def test_naming_a_firm_lasts_as_long_as_its_transaction(place: Workplace) -> None:
    firm, _ = await a_firm_with_a_member(place, "First")

    async with place.pool.acquire() as connection:
        async with connection.transaction():
            await take_role_of_firm(connection)
            await name_firm(connection, firm.paa_id)
            within = await visible(connection)
        async with connection.transaction():
            await take_role_of_firm(connection)
            afterwards = await visible(connection)

    assert (within, afterwards) == (["by First"], [])

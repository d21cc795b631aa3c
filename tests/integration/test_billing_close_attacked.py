"""What the database holds against mistakes: books that only grow, and entries that are none."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from services.paa_billing.service import SERVICE
from shared.messaging.registry import Service
from tests.billing import Holder, a_person, a_use, opened, report
from tests.closing import (
    CLOSING_DAY,
    QUARTER,
    begin_close,
    close,
    do_one_step,
    in_chunks_of,
    pay,
    show,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
REFUSED = asyncpg.InsufficientPrivilegeError


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, in_chunks_of(2)))


async def three_people(place: Workplace) -> list[Holder]:
    """Three people with an invoice each."""
    people = [await a_person(place) for _ in range(3)]
    await report(place, *[a_use(each, kind="transcript", pages=400) for each in people])
    return people


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount_cents = 1",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries CASCADE",
        "UPDATE ledger_operations SET quarter = quarter",
        "DELETE FROM ledger_operations",
        "UPDATE payments SET amount_cents = 1",
        "DELETE FROM payments",
        "UPDATE statements SET balance_cents = 0",
        "DELETE FROM statements",
        "UPDATE statement_drafts SET sha256 = sha256",
        "DELETE FROM statement_drafts",
        "UPDATE statement_files SET key = ''",
        "DELETE FROM statement_files",
        "UPDATE closes SET cut_off_at = now()",
        "DELETE FROM closing_payers",
        "DELETE FROM quarters",
        "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
    ],
)
async def test_the_service_can_not_change_the_books(place: Workplace, statement: str) -> None:
    with pytest.raises(REFUSED):
        await place.pool.execute(statement)


@pytest.mark.parametrize(
    ("debit", "credit", "amount", "constraint"),
    [
        (("cash", None, None), ("waived", None, None), 0, "amount_cents"),
        (("cash", None, None), ("waived", None, None), -1, "amount_cents"),
        (("cash", None, None), ("cash", None, None), 1, "check"),
        (("receivable", None, None), ("cash", None, None), 1, "check"),
        (("cash", None, None), ("unapplied_cash", None, None), 1, "check"),
        (("fees", None, None), ("cash", None, None), 1, "check"),
        (("cash", None, "ncwbk"), ("waived", None, None), 1, "check"),
        (("pocket", None, None), ("cash", None, None), 1, "debit_kind"),
    ],
)
async def test_an_entry_that_is_none_is_refused(
    place: Workplace,
    debit: tuple[str, object, object],
    credit: tuple[str, object, object],
    amount: int,
    constraint: str,
) -> None:
    operation = await place.pool.fetchval(
        """
        INSERT INTO ledger_operations (id, kind, quarter, at, explanation)
        VALUES (gen_random_uuid(), 'write_off', $1, now(), '') RETURNING id
        """,
        QUARTER,
    )

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await place.pool.execute(
            """
            INSERT INTO ledger_entries (id, operation_id, debit_kind, debit_payer_id, debit_court_id,
                                        credit_kind, credit_payer_id, credit_court_id, amount_cents)
            VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8)
            """,
            operation,
            *debit,
            *credit,
            amount,
        )

    assert constraint in (refused.value.constraint_name or "")


async def test_an_entry_is_reversed_once(place: Workplace) -> None:
    await pay(place, await a_person(place), 100, "check 1")
    reversing = """
        INSERT INTO ledger_entries (id, operation_id, debit_kind, debit_payer_id, credit_kind,
                                    credit_payer_id, amount_cents, reverses)
        SELECT gen_random_uuid(), operation_id, credit_kind, credit_payer_id, debit_kind, debit_payer_id,
               amount_cents, id
          FROM ledger_entries WHERE reverses IS NULL
        """
    await place.pool.execute(reversing)

    with pytest.raises(asyncpg.UniqueViolationError):
        await place.pool.execute(reversing)


async def test_a_payer_has_one_statement_a_quarter_and_a_number_is_given_once(place: Workplace) -> None:
    await three_people(place)
    await close(place)
    copying = """
        INSERT INTO statements (id, number, quarter, payer_id, payer_name, kind, total_cents, waived_cents,
                                newly_due_cents, balance_cents, due_on, issued_at, sha256)
        SELECT gen_random_uuid(), number + $1, quarter, payer_id, payer_name, kind, total_cents, waived_cents,
               newly_due_cents, balance_cents, due_on, issued_at, repeat('0', 64)
          FROM statements WHERE number = 1
        """

    for numbers_later in (0, 10):
        with pytest.raises(asyncpg.UniqueViolationError):
            await place.pool.execute(copying, numbers_later)


async def test_a_draft_that_is_not_what_its_digest_says_is_refused(place: Workplace) -> None:
    await three_people(place)
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    while (await show(place)).state != "settled":
        await do_one_step(place)

    with pytest.raises(asyncpg.CheckViolationError):
        await place.pool.execute(
            "INSERT INTO statement_drafts (quarter, payer_id, canonical, sha256)"
            " SELECT quarter, payer_id, '{}', repeat('0', 64) FROM closing_payers LIMIT 1"
        )

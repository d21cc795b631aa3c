"""A payer whose step of a close fails each time is set aside alone; everybody else gets a statement."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from deploy.local.servers import Servers
from services.paa_billing.jobs.failures import MOST_FAILURES
from services.paa_billing.model import Quarter
from services.paa_billing.model.closes import ClosingPayer, Parked
from services.paa_billing.service import SERVICE
from services.paa_billing.store import closes, leases
from shared.database import OwnConnection as Owner
from shared.errors import UnavailableError
from shared.messages.paa_billing import StatementIssued
from shared.messaging.registry import Service
from tests.billing import Holder, a_person, a_use, opened, report
from tests.closing import (
    CLOSING_DAY,
    QUARTER,
    FailingPool,
    as_owner,
    begin_close,
    close,
    do_one_step,
    finish_close,
    in_chunks_of,
    show,
    statements_of,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
JULY = datetime(2024, 7, 10, 15, tzinfo=UTC)
MOST_STEPS = 60
BREAKING = {
    "settle": ("ledger_entries", "debit_payer_id IS DISTINCT FROM"),
    "seal": ("statement_drafts", "payer_id <>"),
}
"""By which rule a step fails for one payer: the table that it writes, and what may not be written."""


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, in_chunks_of(2)))


@pytest.fixture
async def owner(place: Workplace, servers: Servers, role_passwords: dict[str, str]) -> AsyncIterator[Owner]:
    async with as_owner(place, servers, role_passwords) as connection:
        yield connection


async def five_people(place: Workplace) -> list[Holder]:
    """Five people with an invoice each: three chunks."""
    people = [await a_person(place) for _ in range(5)]
    await report(place, *[a_use(each, kind="transcript", pages=400) for each in people])
    return sorted(people, key=lambda each: each.account_id)


async def break_for(owner: Owner, work: str, payer_id: UUID) -> None:
    table, rule = BREAKING[work]
    await owner.execute(
        f"ALTER TABLE {table} ADD CONSTRAINT broken_on_purpose CHECK ({rule} '{payer_id}') NOT VALID"
    )


async def work_on(place: Workplace) -> int:
    """Steps of the close, again after each failure as the runtime does; answers how many failed."""
    failed = 0
    for _ in range(MOST_STEPS):
        try:
            if not await do_one_step(place):
                return failed
        except asyncpg.CheckViolationError:
            failed += 1
    raise AssertionError("the close does not come to an end")


@pytest.mark.parametrize("work", BREAKING)
async def test_a_payer_whose_step_fails_each_time_is_set_aside_and_the_close_goes_on(
    place: Workplace, owner: Owner, work: str
) -> None:
    people = await five_people(place)
    failing = people[2].account_id
    await break_for(owner, work, failing)
    place.clock.now = CLOSING_DAY
    await begin_close(place)

    with capture_logs() as logs:
        failed = await work_on(place)

    assert failed == MOST_FAILURES
    shown = await show(place)
    assert (shown.state, shown.issued, shown.parked) == ("closed", 4, 1)
    assert {each.payer.id for each in await statements_of(place)} == {each.account_id for each in people} - {
        failing
    }
    (row,) = await place.pool.fetch("SELECT * FROM closing_payers WHERE stage = 'parked'")
    assert (row["payer_id"], row["reason"], row["failures"]) == (failing, "failed", MOST_FAILURES)
    assert row["expected"] == f"a step '{work}' without an error"
    for part in ("CheckViolationError", "sqlstate=23514", "constraint_name=broken_on_purpose", ".py:"):
        assert part in row["found"]
    assert str(failing) not in row["found"], "the text of an error names what was written"
    sizes = [line["payers"] for line in logs if line["event"] == "job_failed"]
    assert sizes == [2, 1, 1, 1], "after a failure with another, each goes on alone"


@pytest.mark.parametrize("work", BREAKING)
async def test_a_payer_set_aside_for_failing_gets_its_statement_once_it_no_longer_fails(
    place: Workplace, owner: Owner, work: str
) -> None:
    people = await five_people(place)
    await break_for(owner, work, people[2].account_id)
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    await work_on(place)
    await owner.execute(f"ALTER TABLE {BREAKING[work][0]} DROP CONSTRAINT broken_on_purpose")

    await begin_close(place)
    await finish_close(place)

    shown = await show(place)
    assert (shown.state, shown.issued, shown.parked) == ("closed", 5, 0)
    assert (await statements_of(place))[-1].payer.id == people[2].account_id
    assert len(await place.emitted(StatementIssued)) == 5
    assert set(await failures_of(place)) == {0}


async def test_the_next_quarter_is_closed_although_a_payer_failed_in_this_one(
    place: Workplace, owner: Owner
) -> None:
    people = await five_people(place)
    await break_for(owner, "settle", people[0].account_id)
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    await work_on(place)
    await report(place, a_use(people[4], place.clock(), usage_id="second quarter"))

    await close(place, "2024-Q2", JULY)

    shown = await show(place, "2024-Q2")
    assert (shown.state, shown.issued, shown.parked) == ("closed", 1, 0)


async def test_who_failed_with_another_goes_on_as_if_nothing_had_been(place: Workplace) -> None:
    await five_people(place)
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    broken: Any = FailingPool(place.pool, "INSERT INTO ledger_entries")
    await do_one_step(place)
    with pytest.raises(ArithmeticError):
        await SERVICE.jobs["close"](replace(place.bench, pool=broken))
    assert sorted(await failures_of(place)) == [0, 0, 0, 1, 1]

    await finish_close(place)

    assert len(await statements_of(place)) == 5
    assert set(await failures_of(place)) == {0}


async def test_that_the_database_is_away_is_no_failure_of_a_payer(place: Workplace) -> None:
    await five_people(place)
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    await do_one_step(place)
    broken: Any = FailingPool(place.pool, "INSERT INTO ledger_entries", asyncpg.CannotConnectNowError("away"))

    for _ in range(MOST_FAILURES):
        with pytest.raises(UnavailableError):
            await SERVICE.jobs["close"](replace(place.bench, pool=broken))

    assert set(await failures_of(place)) == {0}


async def test_a_sealer_whose_lease_ran_out_does_not_set_aside_who_was_taken_up_anew(
    place: Workplace,
) -> None:
    await five_people(place)
    place.clock.now = CLOSING_DAY
    await begin_close(place)
    while (await show(place)).state != "settled":
        await do_one_step(place)
    quarter = Quarter.parse(QUARTER)
    async with place.pool.acquire() as connection:
        (claimed, other) = await leases.lease_settled(connection, quarter, 2, 60)
        await closes.park_payers(connection, quarter, [a_parking(claimed)])
    await begin_close(place)
    assert await do_one_step(place)

    async with place.pool.acquire() as connection:
        await closes.park_payers(connection, quarter, [a_parking(claimed)])
        noted = await leases.note_failures(connection, quarter, "settled", [claimed, other])

    parked = await place.pool.fetchval("SELECT count(*) FROM closing_payers WHERE stage = 'parked'")
    attempt = await place.pool.fetchval(
        "SELECT attempt FROM closing_payers WHERE payer_id = $1 AND stage = 'settled'", claimed.payer_id
    )
    assert (parked, attempt) == (0, claimed.attempt + 1)
    assert noted == {other.payer_id: 1}


def a_parking(payer: ClosingPayer) -> Parked:
    """What a sealer says of a payer in the attempt that it has claimed."""
    return Parked(
        payer_id=payer.payer_id, attempt=payer.attempt, reason="balances_disagree", expected="1", found="2"
    )


async def failures_of(place: Workplace) -> list[int]:
    return [row["failures"] for row in await place.pool.fetch("SELECT failures FROM closing_payers")]

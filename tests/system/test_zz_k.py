"""Two processes that are killed again and again close a quarter: the same comes of it as undisturbed."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from deploy.local.processes import running_in
from deploy.local.servers import Servers
from deploy.tool import clock
from shared.messages import paa_billing
from shared.messages.paa_billing import UsageRecord
from shared.messaging.ids import new_id
from tests.installation import until
from tests.system.asking import Postbox, a_desk, join_up
from tests.system.billing import (
    close,
    invite_and_join,
    is_closed,
    some_uses,
    statements_of,
    wait_until_closed,
)
from tests.system.courts import Court
from tests.system.effects import announced, nothing_is_left
from tests.system.running import CHEAP_PASSWORDS, System, a_system, a_twin_of

COURTS = ("ncwbk", "gubk", "nywbk")
CHICAGO = ZoneInfo("America/Chicago")
OPENING = datetime(2024, 3, 1, 9, 0, tzinfo=CHICAGO)
REPORTING_DAY = datetime(2024, 3, 31, 23, 0, tzinfo=CHICAGO)
CLOSING_DAY = datetime(2024, 4, 3, 9, 0, tzinfo=CHICAGO)
QUARTER, NEXT_QUARTER = "2024-Q1", "2024-Q2"
PEOPLE, MEMBERS, FIRMS = 60, 8, 2
USES, LATE_BATCH = 600, 20
REPLICAS = (1, 2)
LONGEST_LIFE_SECONDS = 0.25
BETWEEN_BATCHES_SECONDS = 0.2
MOST_KILLS, LEAST_KILLS = 5, 2
"""Of each process; it is left alone after so many, since on a busy machine it might never come to work."""
SETTINGS = {**CHEAP_PASSWORDS, "PAA_BILLING_CLOSE_CHUNK_PAYERS": "1"}
# The dead hold no lease any longer; taking one from the living too does no harm, it is the same once more.
END_LEASES = (
    "UPDATE closing_payers SET leased_until = NULL WHERE leased_until IS NOT NULL",
    "UPDATE statement_renderings SET leased_until = NULL WHERE leased_until IS NOT NULL",
)
pytestmark = pytest.mark.timeout(240)


@dataclass
class Closing:
    """A close under fire, and the same close undisturbed, in a system with the same rows."""

    system: System
    close_id: UUID
    kills: Counter[int] = field(default_factory=Counter)
    late: dict[tuple[str, str], UsageRecord] = field(default_factory=dict)
    undisturbed: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    undisturbed_entries: list[tuple[Any, ...]] = field(default_factory=list)

    async def disturb(self, accounts: list[str]) -> None:
        """Close with both replicas, kill each time and again, and report uses meanwhile."""
        async with a_desk(self.system) as desk:
            await close(desk, QUARTER, self.close_id)
            async with asyncio.TaskGroup() as group:
                for replica in REPLICAS:
                    group.create_task(self._kill_until_closed(replica))
                for court_id in COURTS:
                    group.create_task(self._report_until_closed(court_id, accounts))

    async def kill_while_files_are_made(self) -> None:
        """Kill both once more, when statements are being rendered, and let the files be made after all."""
        await until(lambda: self._count("statement_files"), "the first file")
        for replica in REPLICAS:
            self.system.kill("paa_billing", replica=replica)
        await until(self._are_helpers_gone, "rendering processes end with those who started them")
        await self.system.execute("paa_billing", *END_LEASES)
        for replica in REPLICAS:
            await self.system.start(("paa_billing",), replica=replica)
        await until(self._are_files_made, "all files are made", deadline_seconds=60)

    async def _kill_until_closed(self, replica: int) -> None:
        while self.kills[replica] < MOST_KILLS:
            await asyncio.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))  # the life of the process
            if await is_closed(self.system, QUARTER):
                return
            self.system.kill("paa_billing", replica=replica)
            self.kills[replica] += 1
            await self.system.execute("paa_billing", *END_LEASES)
            await self.system.start(("paa_billing",), replica=replica)

    async def _count(self, table: str) -> int:
        rows = await self.system.rows("paa_billing", f"SELECT count(*) AS found FROM {table}")  # noqa: S608
        return int(rows[0]["found"])

    async def _are_files_made(self) -> bool:
        return await self._count("statement_renderings") == 0

    async def _are_helpers_gone(self) -> bool:
        run = self.system.story.folder / "run"
        return not any(running_in(run / f"paa_billing-{replica}") for replica in REPLICAS)

    async def _report_until_closed(self, court_id: str, accounts: list[str]) -> None:
        court, chance = Court(self.system.story, court_id), random.Random()
        for number in itertools.count():
            first = CLOSING_DAY - timedelta(days=4)
            uses = some_uses(chance, f"late {number}", accounts, first, CLOSING_DAY, LATE_BATCH)
            self.late.update({(court_id, use.usage_id): use for use in uses})
            await court.report([uses])
            if await is_closed(self.system, QUARTER):
                break
            await asyncio.sleep(BETWEEN_BATCHES_SECONDS)
        await court.read_results()


@pytest.fixture(scope="module")
async def closing(servers: Servers, system_folder: Path) -> AsyncIterator[Closing]:
    folder = system_folder / "close"
    async with a_system(servers, folder, COURTS, SETTINGS, begins_at=OPENING) as system:
        await system.start()
        numbers = await populate(system)
        await clock.forward(system.story, CLOSING_DAY)
        await clock.wait_until_quiet(system.story)
        await system.stop()
        made = Closing(system, new_id(CLOSING_DAY))
        await close_undisturbed(made, folder.with_name("twin"))
        await system.start()
        await system.start(("paa_billing",), replica=REPLICAS[1])
        await made.disturb(numbers)
        await made.kill_while_files_are_made()
        await clock.wait_until_quiet(system.story)
        yield made


async def populate(system: System) -> list[str]:
    """People, firms, exemptions, a prepayment and a quarter's uses; answers the numbers of the people."""
    async with a_desk(system) as desk:
        postbox = Postbox(system.story.mail)
        async with asyncio.TaskGroup() as group:
            joining = [group.create_task(join_up(desk, postbox)) for _ in range(PEOPLE)]
            founding = [group.create_task(join_up(desk, postbox, kind="paa")) for _ in range(FIRMS)]
        people, firms = [task.result() for task in joining], [task.result() for task in founding]
        members = people[:MEMBERS]
        await clock.wait_until_quiet(system.story)
        for number, firm in enumerate(firms):
            await firm.enrol()
            await firm.ask(paa_billing.RegisterFirm(name=f"Firm {number}"), paa_billing.FirmRegistered)
            for member in members[number :: FIRMS + 1]:
                await invite_and_join(desk, firm, member)
        for person in members[FIRMS :: FIRMS + 1]:
            payment = paa_billing.RecordPayment(
                account_number=person.account_number,
                reference=f"check {person.user_name}",
                amount_cents=2_500,
            )
            await desk.as_operator(payment, paa_billing.PaymentRecorded)
    await system.execute("paa_billing", *(exemption_of(person.id) for person in people[::7]))
    await clock.forward(system.story, REPORTING_DAY)
    numbers = [person.account_number for person in people]
    chance = random.Random(4_711)
    for court_id in COURTS:
        first = OPENING + timedelta(hours=1)
        court = Court(system.story, court_id)
        await court.report([some_uses(chance, "use", numbers, first, REPORTING_DAY, USES // len(COURTS))])
        await court.read_results()
    return numbers


def exemption_of(account_id: UUID) -> str:
    """Free from charges at one court."""
    return f"""
        INSERT INTO exemptions (id, account_id, court_id, starts_at, must_be_claimed, reason)
        VALUES (gen_random_uuid(), '{account_id}', '{COURTS[0]}', '2024-01-01', false, 'trustee')
    """  # noqa: S608


async def close_undisturbed(made: Closing, folder: Path) -> None:
    """The same close of the same rows in a twin, by one process that nothing happens to."""
    async with a_twin_of(made.system, folder) as twin:
        await twin.start(("paa_billing",))
        async with a_desk(twin) as desk:
            await close(desk, QUARTER, made.close_id)
            await wait_until_closed(twin, QUARTER)
        made.undisturbed = await statements_of(twin, QUARTER)
        made.undisturbed_entries = await entries_of(twin)


async def entries_of(system: System) -> list[tuple[Any, ...]]:
    """The whole ledger, entry by entry, but for the instants."""
    rows = await system.rows(
        "paa_billing",
        """
        SELECT e.id, o.id AS operation_id, o.kind, o.quarter, e.debit_kind, e.debit_payer_id,
               e.debit_court_id, e.credit_kind, e.credit_payer_id, e.credit_court_id, e.amount_cents,
               e.reverses
          FROM ledger_entries AS e JOIN ledger_operations AS o ON o.id = e.operation_id
         ORDER BY e.id
        """,
    )
    return [tuple(row) for row in rows]


async def test_both_processes_were_killed_before_the_close_was_through(closing: Closing) -> None:
    print("KILLS", closing.kills, len(closing.late))
    assert min(closing.kills[replica] for replica in REPLICAS) >= LEAST_KILLS
    assert len(closing.late) > LATE_BATCH
    await nothing_is_left(closing.system)


async def test_the_statements_are_those_of_an_undisturbed_close(closing: Closing) -> None:
    statements = await statements_of(closing.system, QUARTER)

    assert len(statements) > PEOPLE - MEMBERS
    assert statements == closing.undisturbed


async def test_the_numbers_have_no_gap_and_each_statement_was_announced_once(closing: Closing) -> None:
    rows = await closing.system.rows("paa_billing", "SELECT number FROM statements ORDER BY number")
    events = await announced(closing.system, "paa_billing", "paa_billing.statement_issued.v1")

    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert len(events) == len(rows)


async def test_each_statement_has_its_three_files_and_its_json_is_what_was_issued(closing: Closing) -> None:
    rows = await closing.system.rows(
        "paa_billing",
        """
        SELECT s.sha256, array_agg(f.form ORDER BY f.form) AS forms,
               min(f.sha256) FILTER (WHERE f.form = 'json') AS json_sha256
          FROM statements AS s LEFT JOIN statement_files AS f ON f.statement_id = s.id
         GROUP BY s.id
        """,
    )

    assert {tuple(row["forms"]) for row in rows} == {("csv", "json", "pdf")}
    assert [row["json_sha256"] for row in rows] == [row["sha256"] for row in rows]


async def test_the_ledger_is_that_of_an_undisturbed_close(closing: Closing) -> None:
    assert await entries_of(closing.system) == closing.undisturbed_entries


async def test_the_books_say_what_the_lines_and_the_statements_say(closing: Closing) -> None:
    (lines,) = await closing.system.rows(
        "paa_billing",
        "SELECT sum(gross_cents)::int AS gross, sum(exempt_cents)::int AS exempt"
        " FROM usage_lines WHERE billed_quarter = $1",
        QUARTER,
    )
    totals = [each["totals"] for each in (await statements_of(closing.system, QUARTER)).values()]
    balances: Counter[str] = Counter()
    for entry in await entries_of(closing.system):
        balances[entry[4]] += entry[10]
        balances[entry[7]] -= entry[10]

    assert sum(balances.values()) == 0
    assert -balances["fees"] == lines["gross"] == sum(each["gross_cents"] for each in totals)
    assert balances["exempted"] == lines["exempt"] == sum(each["exempt_cents"] for each in totals) > 0
    assert balances["waived"] == sum(each["waived_cents"] for each in totals) > 0
    assert balances["receivable"] == sum(each["due_cents"] for each in totals) > 0
    assert -balances["unapplied_cash"] == sum(each["credit_cents"] for each in totals)


async def test_each_use_reported_meanwhile_is_one_line_of_the_next_quarter(closing: Closing) -> None:
    rows = await closing.system.rows(
        "paa_billing",
        "SELECT court_id, usage_id FROM usage_lines WHERE billed_quarter = $1 ORDER BY 1, 2",
        NEXT_QUARTER,
    )

    assert [tuple(row) for row in rows] == sorted(closing.late)

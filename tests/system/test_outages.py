"""Broker and database crash and go away under load: all that was accepted has had its effect, once."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from deploy.tool import clock
from shared.messages import accounts, paa_billing
from shared.messages.base import Command
from tests.system.asking import Mail, Postbox, a_desk, join_up
from tests.system.conftest import Pair
from tests.system.courts import Court, Told
from tests.system.effects import announced, each_was_received_once, handled, nothing_is_left, settle
from tests.system.running import CHEAP_PASSWORDS, System, a_system
from tests.system.storm import INVITED_OF_A_WAVE, Outage, Storm

COURTS = ("ncwbk", "gubk", "waebk", "nywbk", "debk")
WAVES = 4
CRASHES = 2
COMMANDS_UNDER_WAY, BATCHES_UNDER_WAY = 500, 50
"""So many at least are under way at the instant at which a server crashes."""
AWAY_SECONDS = 20
TRY_SECONDS = 25.0
"""Longer than what has piled up needs to be worked off, so that few requests come too late."""
COMMANDS: Mapping[str, tuple[type[Command], ...]] = {
    "accounts": (accounts.RegisterAccount, accounts.VerifyEmail),
    "paa_billing": (paa_billing.RecordPayment, paa_billing.InviteAccount),
}
"""All that the storm asks for and counts."""
SETTINGS = {
    **CHEAP_PASSWORDS,
    "ACCOUNTS_HASHING_WAITING_LIMIT": "1000",
    "ACCOUNTS_QUERY_WORKER_COUNT": "1010",
    # A mail whose sender could not write down that it is sent goes again after 30 s and twice this time.
    "NOTIFY_SMTP_TIMEOUT_SECONDS": "1",
}
pytestmark = pytest.mark.timeout(420)


@dataclass(frozen=True)
class Weathered:
    """A system after the storm, when all is quiet."""

    system: System
    storm: Storm
    told: dict[str, Told]
    mails: list[Mail]


@pytest.fixture(scope="module")
async def weathered(pair: Pair, system_folder: Path) -> AsyncIterator[Weathered]:
    async with a_system(pair.servers(), system_folder / "outages", COURTS, SETTINGS) as system:
        await system.start()
        postbox = Postbox(system.story.mail)
        async with a_desk(system, TRY_SECONDS) as desk:
            firm = await join_up(desk, postbox, kind="paa")
            await firm.enrol()
            await firm.ask(paa_billing.RegisterFirm(name="Storm & Sons"), paa_billing.FirmRegistered)
            async with asyncio.TaskGroup() as group:
                joining = [
                    group.create_task(join_up(desk, postbox)) for _ in range(WAVES * INVITED_OF_A_WAVE)
                ]
            await clock.wait_until_quiet(system.story)
            courts = [Court(system.story, court_id) for court_id in COURTS]
            storm = Storm(system, desk, postbox, courts, firm, [task.result() for task in joining])
            pair.rabbitmq.write_declarations()
            await storm.blow(outages(pair))
        await settle(system)
        told = {court.court_id: await court.read_results() for court in courts}
        yield Weathered(system, storm, told, postbox.mails())


def outages(pair: Pair) -> tuple[Outage, ...]:
    """Each server crashes under load, the second for a while; later each is stopped in good order.

    A quick machine has done some hundreds of the first pile before the broker is gone.
    """
    broker, database = pair.rabbitmq, pair.postgres
    return (
        Outage(broker.port, broker.kill, broker.start, commands=850, batches=50),
        Outage(database.port, database.kill, database.start, 600, 50, AWAY_SECONDS),
        Outage(database.port, database.stop, database.start, commands=60, batches=10),
        Outage(broker.port, broker.stop, broker.start, 60, 10, AWAY_SECONDS),
    )


async def test_much_was_under_way_whenever_a_server_went(weathered: Weathered) -> None:
    """Something is under way from its beginning until the transaction begins that keeps its effect."""
    storm = weathered.storm
    handled_commands = await handling_times(weathered, COMMANDS)
    handled_batches = await handling_times(weathered, {"paa_billing": (paa_billing.RecordUsage,)})

    commands = [each.commands - sum(at <= each.at for at in handled_commands) for each in storm.struck]
    batches = [each.batches - sum(at <= each.at for at in handled_batches) for each in storm.struck]

    assert len(storm.struck) == WAVES
    assert min(commands[:CRASHES]) >= COMMANDS_UNDER_WAY, commands
    assert min(batches[:CRASHES]) >= BATCHES_UNDER_WAY, batches
    assert min(commands) >= 20, commands


async def test_each_command_was_answered_and_each_command_and_batch_handled_once(
    weathered: Weathered,
) -> None:
    storm = weathered.storm
    handled_batches = await handling_times(weathered, {"paa_billing": (paa_billing.RecordUsage,)})

    assert storm.answered == storm.asked == len(await handling_times(weathered, COMMANDS))
    assert sum(len(court.confirmed) for court in storm.courts) == len(handled_batches)
    assert len(handled_batches) >= CRASHES * BATCHES_UNDER_WAY


async def handling_times(
    weathered: Weathered, kinds: Mapping[str, tuple[type[Command], ...]]
) -> list[datetime]:
    """When each message of these kinds was handled since the storm began, once and for all."""
    query = "SELECT handled_at FROM inbox WHERE type = ANY($1) AND handled_at >= $2"
    times: list[datetime] = []
    for service, commands in kinds.items():
        names = [kind.message_name() for kind in commands]
        rows = await weathered.system.rows(service, query, names, weathered.storm.began_at)
        times += [row["handled_at"] for row in rows]
    return times


async def test_nothing_is_parked_and_nothing_waits(weathered: Weathered) -> None:
    await nothing_is_left(weathered.system)


async def test_each_accepted_registration_made_one_account(weathered: Weathered) -> None:
    storm, system = weathered.storm, weathered.system
    before = {storm.firm.id, *(member.id for member in storm.members)}

    rows = await system.rows("accounts", "SELECT id, account_number, status FROM accounts")
    acts = await system.rows("accounts", "SELECT account_id, kind, count(*) FROM history GROUP BY 1, 2")

    made = {row["id"]: row["account_number"] for row in rows if row["id"] not in before}
    assert made == {known.account_id: known.account_number for known in storm.registered.values()}
    assert {row["id"] for row in rows if row["status"] == "active"} == before | storm.verified
    once = {tuple(row)[:2]: row["count"] for row in acts if row["kind"] in ("registered", "email_verified")}
    assert set(once.values()) == {1}
    assert {account_id for account_id, kind in once if kind == "registered"} == before | set(storm.registered)
    assert {account_id for account_id, kind in once if kind == "email_verified"} == before | storm.verified


async def test_each_accepted_invitation_was_made_once(weathered: Weathered) -> None:
    rows = await weathered.system.rows("paa_billing", "SELECT account_id FROM invitations")

    assert sorted(row["account_id"] for row in rows) == sorted(weathered.storm.invited)


async def test_each_accepted_payment_was_booked_once(weathered: Weathered) -> None:
    rows = await weathered.system.rows(
        "paa_billing",
        """
        SELECT payment.reference, payment.payer_id, payment.amount_cents,
               (SELECT sum(entry.amount_cents)
                  FROM ledger_entries AS entry
                 WHERE entry.operation_id = payment.operation_id AND entry.debit_kind = 'cash') AS booked
          FROM payments AS payment
        """,
    )

    assert {row["reference"]: (row["payer_id"], row["amount_cents"]) for row in rows} == weathered.storm.paid
    assert [row["booked"] for row in rows] == [row["amount_cents"] for row in rows]
    assert len(rows) == len(weathered.storm.paid)


async def test_each_use_of_an_accepted_batch_is_one_line_with_its_price(weathered: Weathered) -> None:
    storm = weathered.storm

    rows = await weathered.system.rows(
        "paa_billing",
        """
        SELECT line.court_id, line.usage_id, account.account_number, line.gross_cents
          FROM usage_lines AS line JOIN accounts AS account USING (account_id)
        """,
    )

    lines = Counter(tuple(row) for row in rows)
    uses = [
        (court_id, usage_id, use.account_number, min(use.pages or 0, 30) * 10)
        for (court_id, usage_id), use in storm.uses.items()
    ]
    assert lines == Counter(uses)


async def test_each_court_was_told_the_same_of_each_batch_however_often(weathered: Weathered) -> None:
    booked = 0
    for court in weathered.storm.courts:
        answers = weathered.told[court.court_id].answers
        assert sorted(answers) == sorted(court.confirmed)
        assert [len(distinct) for distinct in answers.values()] == [1] * len(answers)
        for settled in itertools.chain(*answers.values()):
            assert (settled.duplicate, settled.quarantined) == (0, ())
            booked += settled.booked + settled.waiting
    assert booked == len(weathered.storm.uses)


async def test_each_change_of_an_account_reached_both_that_listen(weathered: Weathered) -> None:
    system, changed = weathered.system, "accounts.account_changed.v1"

    changes = await announced(system, "accounts", changed)

    assert len(changes) >= len(weathered.storm.registered) + len(weathered.storm.verified)
    assert await handled(system, "linking", changed) == changes
    assert await handled(system, "paa_billing", changed) == changes


async def test_each_event_made_one_mail(weathered: Weathered) -> None:
    system = weathered.system
    mailing = ("accounts.email_verification_asked.v1", "accounts.account_activated.v1")
    events = await announced(system, "accounts", *mailing)
    events += await announced(
        system, "paa_billing", "paa_billing.member_invited.v1", "paa_billing.payment_recorded.v1"
    )

    rows = await system.rows("notify", "SELECT id, event_id, state, is_possible_duplicate FROM notifications")

    by_event = Counter(row["event_id"] for row in rows)
    assert {event: by_event[event] for event in events} == dict.fromkeys(events, 1)
    each_was_received_once(rows, weathered.mails)

"""A drill: services, broker and database are killed at random while people and courts are at work.

    python -m tests.faults.drill --commands 2000 --usages 20000 --kills 20 [--seed N] [--json]

Everybody asks until answered, under the same message ids. Afterwards each accepted command must have had its
effect once, each event must have reached each subscriber, each use must be one line, and the books of the
closed quarter must say what the lines say. Exits 1 if they don't.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from deploy.demo.desk import Desk
from deploy.local.homes import temporary_folder
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitNode
from deploy.tool import clock
from shared.messages import linking, paa_billing
from shared.messages.base import Message
from shared.messages.paa_billing import UsageRecord
from shared.messaging.ids import new_id
from shared.messaging.topology import SERVICES
from tests.faults.drill_report import Report, report_on
from tests.installation import until
from tests.system.asking import PatientPerson, Postbox, a_desk, a_person, join_up, register, verify
from tests.system.billing import close, some_uses, wait_until_closed
from tests.system.conftest import Pair
from tests.system.courts import Court
from tests.system.effects import settle
from tests.system.running import CHEAP_PASSWORDS, System, a_system
from tests.system.staff import load_filing_accounts

T = TypeVar("T")
M = TypeVar("M", bound=Message)
COURTS = ("ncwbk", "gubk", "waebk", "nywbk", "debk")
FILING_COURT, FILING_PASSWORD = COURTS[0], "old-court-word"
CHICAGO = ZoneInfo("America/Chicago")
OPENING = datetime(2024, 3, 1, 9, 0, tzinfo=CHICAGO)
CLOSING_DAY = datetime(2024, 4, 3, 9, 0, tzinfo=CHICAGO)
QUARTER = "2024-Q1"
COMMANDS_OF_A_JOURNEY = 5
USES_OF_A_BATCH = 500
AT_ONCE = 24
LONGEST_PEACE_SECONDS = 2.0
AWAY_SECONDS = 3.0
END_LEASES = "UPDATE notifications SET not_before = clock_timestamp() WHERE state IN ('queued', 'sending')"
SETTINGS = {
    **CHEAP_PASSWORDS,
    "ACCOUNTS_HASHING_WAITING_LIMIT": "600",
    "ACCOUNTS_QUERY_WORKER_COUNT": "610",
    "NOTIFY_SMTP_TIMEOUT_SECONDS": "1",
}


@dataclass
class Accepted:
    """What was answered or confirmed: by account, and uses by court and usage id."""

    commands: Counter[str] = field(default_factory=Counter)
    people: dict[UUID, PatientPerson] = field(default_factory=dict)
    uses: dict[tuple[str, str], UsageRecord] = field(default_factory=dict)
    batches: int = 0
    longest_seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)


@dataclass
class Drill:
    """People and courts at work, and somebody who kills."""

    pair: Pair
    system: System
    desk: Desk
    postbox: Postbox
    firm: PatientPerson
    logins: list[str]
    regulars: list[str]
    """Account numbers whose uses the courts report: they were there before the first kill."""
    chance: random.Random
    accepted: Accepted = field(default_factory=Accepted)
    is_over: bool = False

    async def run(self, commands: int, usages: int, kills: int) -> None:
        """So many commands and uses, begun bit by bit, and at least so many kills meanwhile."""
        journeys = iter(range(-(-commands // COMMANDS_OF_A_JOURNEY)))
        async with asyncio.TaskGroup() as group:
            killing = group.create_task(self._kill(kills))
            async with asyncio.TaskGroup() as working:
                for _ in range(AT_ONCE):
                    working.create_task(self._travel(journeys))
                for court_id in COURTS:
                    working.create_task(
                        self._report(Court(self.system.story, court_id), usages // len(COURTS))
                    )
            self.is_over = True
            await killing

    async def _travel(self, journeys: Iterator[int]) -> None:
        for _ in journeys:
            await self._go(self.logins.pop())

    async def _go(self, login: str) -> None:
        """From registration to a firm that pays and a court where one files: five commands."""
        person = a_person(self.desk)
        await self._command("register", lambda: register(person))
        await self._command("verify", lambda: verify(person, self.postbox))
        await person.sign_in()
        await until(lambda: self._is_known_to_billing(person), "billing knows", deadline_seconds=120)
        invite = paa_billing.InviteAccount(
            account_number=person.account_number, last_name=person.name.partition(" ")[2]
        )
        await self._ask(self.firm, invite, paa_billing.InvitationAsked)
        shown = await person.ask(paa_billing.MyInvitations(), paa_billing.InvitationsShown)
        accept = paa_billing.AcceptInvitation(invitation_id=shown.invitations[0].invitation_id)
        await self._ask(person, accept, paa_billing.MemberJoined)
        password = self.desk.sealed(FILING_PASSWORD, "linking")
        prove = linking.ProveFilingAccount(court_id=FILING_COURT, login=login, password=password)
        proved = await person.ask(prove, linking.FilingAccountProved)
        confirm = linking.ConfirmLink(proof_id=proved.proof_id)
        await self._ask(person, confirm, linking.FilingAccountLinked)
        self.accepted.people[person.id] = person

    async def _ask(self, person: PatientPerson, command: Message, expected: type[M]) -> M:
        return await self._command(command.message_name(), lambda: person.ask(command, expected))

    async def _command(self, name: str, act: Callable[[], Awaitable[T]]) -> T:
        began = time.monotonic()
        answer = await act()
        self.accepted.commands[name] += 1
        self.accepted.longest_seconds = max(self.accepted.longest_seconds, time.monotonic() - began)
        return answer

    async def _report(self, court: Court, usages: int) -> None:
        """A court's batches, one after the other, each until the broker has confirmed it."""
        until_ = self.desk.now() - timedelta(minutes=1)
        for number in range(-(-usages // USES_OF_A_BATCH)):
            count = min(USES_OF_A_BATCH, usages - number * USES_OF_A_BATCH)
            since = until_ - timedelta(days=20)
            uses = some_uses(self.chance, f"use {number}", self.regulars, since, until_, count)
            began = time.monotonic()
            await court.report([uses])
            self.accepted.longest_seconds = max(self.accepted.longest_seconds, time.monotonic() - began)
            self.accepted.batches += 1
            self.accepted.uses.update({(court.court_id, use.usage_id): use for use in uses})
            await asyncio.sleep(self.chance.uniform(0, 1))  # a court reports now and then

    async def _is_known_to_billing(self, person: PatientPerson) -> bool:
        query = "SELECT status FROM accounts WHERE account_id = $1"
        try:
            rows = await self.system.rows("paa_billing", query, person.id)
        except (
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            TimeoutError,
        ):
            return False
        return [row["status"] for row in rows] == ["active"]

    async def _kill(self, kills: int) -> None:
        """One after the other, each victim at random and up again before the next; at least so many."""
        bag: list[str] = []
        while self.accepted.kills.total() < kills or not self.is_over:
            await asyncio.sleep(self.chance.uniform(0, LONGEST_PEACE_SECONDS))
            if self.is_over and self.accepted.kills.total() >= kills:
                return
            if not bag:  # nobody is spared for long
                bag = [*SERVICES, *SERVICES, "broker", "database"]
                self.chance.shuffle(bag)
            victim = bag.pop()
            await self._strike(victim)
            self.accepted.kills[victim] += 1

    async def _strike(self, victim: str) -> None:
        if victim in SERVICES:
            self.system.kill(victim)
            await self.system.execute("notify", END_LEASES)  # the dead hold no lease: spares half a minute
            await self.system.start((victim,))
            return
        server = self.pair.rabbitmq if victim == "broker" else self.pair.postgres
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(self.chance.uniform(0, AWAY_SECONDS))
        await asyncio.to_thread(server.start)


async def play(commands: int, usages: int, kills: int, seed: int, folder: Path) -> Report:
    """The whole drill on servers of its own, and what came of it."""
    pair = Pair(
        postgres=PostgresServer(folder / "postgres"), rabbitmq=RabbitNode(folder / "rabbitmq"), folder=folder
    )
    try:
        await asyncio.to_thread(pair.postgres.start)
        await asyncio.to_thread(pair.rabbitmq.start)
        story = folder / "story"
        async with a_system(pair.servers(), story, COURTS, SETTINGS, begins_at=OPENING) as system:
            await system.start()
            async with _a_drill(pair, system, commands, seed) as drill:
                pair.rabbitmq.write_declarations()
                await drill.run(commands, usages, kills)
                await settle(system)
                await _close_the_quarter(system)
                return await report_on(system, drill.accepted, QUARTER, drill.postbox)
    finally:
        await asyncio.to_thread(pair.rabbitmq.kill)
        await asyncio.to_thread(pair.postgres.kill)


@asynccontextmanager
async def _a_drill(pair: Pair, system: System, commands: int, seed: int) -> AsyncIterator[Drill]:
    postbox = Postbox(system.story.mail)
    async with a_desk(system) as desk:
        logins = [f"holder{number}" for number in range(-(-commands // COMMANDS_OF_A_JOURNEY))]
        await load_filing_accounts(desk, postbox, FILING_COURT, dict.fromkeys(logins, FILING_PASSWORD))
        firm = await join_up(desk, postbox, kind="paa")
        await firm.enrol()
        await firm.ask(paa_billing.RegisterFirm(name="Drill & Sons"), paa_billing.FirmRegistered)
        regulars = [(await join_up(desk, postbox)).account_number for _ in range(20)]
        await settle(system)
        yield Drill(pair, system, desk, postbox, firm, logins, regulars, random.Random(seed))


async def _close_the_quarter(system: System) -> None:
    await clock.forward(system.story, CLOSING_DAY)
    async with a_desk(system) as desk:
        await close(desk, QUARTER, new_id(system.story.clock()))
    await wait_until_closed(system, QUARTER)
    await settle(system)


def main() -> None:
    """Read the arguments, drill, print the report, and exit 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--commands", type=int, default=2_000)
    parser.add_argument("--usages", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with temporary_folder() as folder:
        found = asyncio.run(play(options.commands, options.usages, options.kills, options.seed, Path(folder)))
    sys.stdout.write(f"seed {options.seed}\n{found.text()}\n")
    if options.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    sys.exit(0 if found.is_clean else 1)


if __name__ == "__main__":
    main()

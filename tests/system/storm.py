"""A storm: people, a firm and courts' machines at work on a pile of acts, while servers crash and go away."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from deploy.demo.desk import Desk
from deploy.local.ports import is_open
from shared.messages import accounts, paa_billing
from shared.messages.paa_billing import UsageRecord
from shared.messaging.broker import connect
from tests.installation import until
from tests.system.asking import PatientPerson, Postbox, a_person, register, verify
from tests.system.courts import Court
from tests.system.running import System

HELD_BY_SERVICES = 200
"""So many commands two paused services may hold beside those that wait in their queues."""
REGISTERED_EVERY, VERIFIED_EVERY = 2, 6
INVITED_OF_A_WAVE, USES_OF_A_BATCH = 5, 3
BEGUN_IN_AN_OUTAGE = 20
SEEN_BEFORE, SEEN_AFTER = 1, 10
"""How many answers show that work on the pile has begun, and that it goes on after an outage."""
PILE_SECONDS, SEEN_SECONDS = 60, 90
WORKING = ("accounts", "paa_billing")
Act = Coroutine[Any, Any, None]


@dataclass(frozen=True)
class Outage:
    """How a server goes away and comes back; away from when its port is closed, for so long at least.

    So many commands, and so many batches of each court, are piled up before it goes.
    """

    port: int
    strike: Callable[[], None]
    mend: Callable[[], None]
    commands: int
    batches: int
    away_seconds: float = 0


@dataclass(frozen=True)
class Struck:
    """The instant at which a server was gone, the commands begun by then, and the batches in the broker."""

    at: datetime
    commands: int
    batches: int


@dataclass
class Storm:
    """What was asked of a system, and what it accepted, by account id, reference, or court and usage id."""

    system: System
    desk: Desk
    postbox: Postbox
    courts: Sequence[Court]
    firm: PatientPerson
    members: Sequence[PatientPerson]
    registered: dict[UUID, accounts.AccountRegistered] = field(default_factory=dict)
    verified: set[UUID] = field(default_factory=set)
    invited: set[UUID] = field(default_factory=set)
    paid: dict[str, tuple[UUID, int]] = field(default_factory=dict)
    uses: dict[tuple[str, str], UsageRecord] = field(default_factory=dict)
    asked: int = 0
    answered: int = 0
    began_at: datetime | None = None
    struck: list[Struck] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def blow(self, outages: Sequence[Outage]) -> None:
        """One outage after the other, each when work on a pile of acts has only just begun."""
        self.began_at = self.desk.now()
        async with asyncio.TaskGroup() as group:
            for wave, outage in enumerate(outages):
                with self.system.paused(WORKING):
                    await self._pile_up(group, wave, outage)
                await self._see(SEEN_BEFORE)
                await self._strike(group, outage)
                await self._see(SEEN_AFTER)

    async def _pile_up(self, group: asyncio.TaskGroup, wave: int, outage: Outage) -> None:
        """Begin acts, until the broker has all batches, and the commands but for those that services hold."""
        start = wave * INVITED_OF_A_WAVE
        for person in self.members[start : start + INVITED_OF_A_WAVE]:
            group.create_task(self._invite(person))
        reporting = [
            group.create_task(court.report(self._batches(court, outage.batches))) for court in self.courts
        ]
        self._begin(group, outage.commands)

        async def is_piled_up() -> bool:
            return await self._count_waiting() >= outage.commands - HELD_BY_SERVICES

        await asyncio.wait(reporting)
        await until(is_piled_up, "commands wait in queues", deadline_seconds=PILE_SECONDS)

    async def _count_waiting(self) -> int:
        """The commands in queues, without those that the services hold."""
        waiting = 0
        for service in WORKING:
            async with connect(self.system.story.broker_url(service), name="storm") as connection:
                waiting += sum((await connection.count_ready([f"{service}.commands"])).values())
        return waiting

    def _begin(self, group: asyncio.TaskGroup, count: int) -> None:
        for number in itertools.islice(self._numbers, count):
            if number % REGISTERED_EVERY == 0:
                is_verified = number % (REGISTERED_EVERY * VERIFIED_EVERY) == 0
                group.create_task(self._register(is_verified=is_verified))
            else:
                group.create_task(self._pay(number))

    async def _strike(self, group: asyncio.TaskGroup, outage: Outage) -> None:
        """Let a server go, count what was under way when it was gone, and begin some more while it is."""

        async def is_gone() -> bool:
            return not is_open(outage.port)

        striking = group.create_task(asyncio.to_thread(outage.strike))
        await until(is_gone, "the server is gone", deadline_seconds=60)
        batches = sum(len(court.confirmed) for court in self.courts)
        self.struck.append(Struck(at=self.desk.now(), commands=self.asked, batches=batches))
        self._begin(group, BEGUN_IN_AN_OUTAGE)
        await asyncio.sleep(outage.away_seconds)  # the outage itself; nothing is waited for
        await striking
        await asyncio.to_thread(outage.mend)

    async def _see(self, count: int) -> None:
        target = self.answered + count
        async with asyncio.timeout(SEEN_SECONDS):
            while self.answered < target:
                await self._came.wait()
                self._came.clear()

    def _take_answer(self) -> None:
        self.answered += 1
        self._came.set()

    async def _register(self, *, is_verified: bool) -> None:
        person = a_person(self.desk)
        self.asked += 1
        registered = await register(person)
        self.registered[registered.account_id] = registered
        self._take_answer()
        if is_verified:
            self.asked += 1
            self.verified.add((await verify(person, self.postbox)).account_id)
            self._take_answer()

    async def _pay(self, number: int) -> None:
        person, reference, amount_cents = (
            self.members[number % len(self.members)],
            f"check {number}",
            1 + number,
        )
        payment = paa_billing.RecordPayment(
            account_number=person.account_number, reference=reference, amount_cents=amount_cents
        )
        self.asked += 1
        recorded = await self.desk.as_operator(payment, paa_billing.PaymentRecorded)
        assert recorded.reference == reference
        self.paid[reference] = (person.id, amount_cents)
        self._take_answer()

    async def _invite(self, person: PatientPerson) -> None:
        invite = paa_billing.InviteAccount(
            account_number=person.account_number, last_name=person.name.partition(" ")[2]
        )
        self.asked += 1
        await self.firm.ask(invite, paa_billing.InvitationAsked)
        self.invited.add(person.id)
        self._take_answer()

    def _batches(self, court: Court, count: int) -> list[list[UsageRecord]]:
        """Uses of members and of those who have registered by now; all ids are new."""
        numbers = [member.account_number for member in self.members]
        numbers += [registered.account_number for registered in self.registered.values()]
        first = len(self.uses)
        used_at = self.desk.now().replace(microsecond=0) - timedelta(hours=1)
        records = [
            UsageRecord(
                usage_id=f"use {first + n}",
                account_number=number,
                used_at=used_at,
                kind="document",
                pages=1 + n % 40,
            )
            for n, number in zip(range(count * USES_OF_A_BATCH), itertools.cycle(numbers), strict=False)
        ]
        self.uses.update({(court.court_id, record.usage_id): record for record in records})
        starts = range(0, len(records), USES_OF_A_BATCH)
        return [records[start : start + USES_OF_A_BATCH] for start in starts]

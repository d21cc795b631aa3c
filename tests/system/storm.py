"""A storm: people, a firm and courts' machines at work, wave after wave, while servers crash and go away."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from deploy.demo.desk import Desk
from deploy.local.ports import is_open
from shared.messages import accounts, paa_billing
from shared.messages.paa_billing import UsageRecord
from tests.installation import until
from tests.system.asking import PatientPerson, Postbox, a_person, register, verify
from tests.system.courts import Court

VERIFIED_EVERY = 3
BATCHES_OF_A_COURT, USES_OF_A_BATCH = 3, 40
SEEN_FIRST = 5
Act = Coroutine[Any, Any, None]


@dataclass(frozen=True)
class Outage:
    """How a server goes away and comes back; away from when its port is closed, for so long at least."""

    port: int
    strike: Callable[[], None]
    mend: Callable[[], None]
    away_seconds: float = 0


@dataclass
class Storm:
    """What was asked of a system, and what it accepted, by account id or by court and usage id."""

    desk: Desk
    postbox: Postbox
    courts: Sequence[Court]
    firm: PatientPerson
    members: Sequence[PatientPerson]
    registered: dict[UUID, accounts.AccountRegistered] = field(default_factory=dict)
    verified: set[UUID] = field(default_factory=set)
    invited: set[UUID] = field(default_factory=set)
    uses: dict[tuple[str, str], UsageRecord] = field(default_factory=dict)
    asked: int = 0
    answered: int = 0
    outstanding_at_strikes: list[int] = field(default_factory=list)

    async def blow(self, registrations: int, invited: Sequence[PatientPerson], outage: Outage) -> None:
        """One wave: half of all acts begin before the outage and are under way in it, half begin in it."""
        acts = [self._register(is_verified=n % VERIFIED_EVERY == 0) for n in range(registrations)]
        acts += [self._invite(person) for person in invited]
        acts += [court.report(self._batches(court)) for court in self.courts]
        target = self.answered + SEEN_FIRST

        async def are_some_answered() -> bool:
            return self.answered >= target

        async def is_gone() -> bool:
            return not is_open(outage.port)

        async with asyncio.TaskGroup() as group:
            for act in acts[::2]:
                group.create_task(act)
            await until(are_some_answered, f"{target} answers", deadline_seconds=60)
            outstanding = self.asked - self.answered + sum(court.unconfirmed for court in self.courts)
            self.outstanding_at_strikes.append(outstanding)
            striking = group.create_task(asyncio.to_thread(outage.strike))
            await until(is_gone, "the server is gone", deadline_seconds=60)
            for act in acts[1::2]:
                group.create_task(act)
            await asyncio.sleep(outage.away_seconds)  # the outage itself; nothing is waited for
            await striking
            await asyncio.to_thread(outage.mend)

    async def _register(self, *, is_verified: bool) -> None:
        person = a_person(self.desk)
        self.asked += 1
        registered = await register(person)
        self.registered[registered.account_id] = registered
        self.answered += 1
        if is_verified:
            self.asked += 1
            self.verified.add((await verify(person, self.postbox)).account_id)
            self.answered += 1

    async def _invite(self, person: PatientPerson) -> None:
        invite = paa_billing.InviteAccount(
            account_number=person.account_number, last_name=person.name.partition(" ")[2]
        )
        self.asked += 1
        await self.firm.ask(invite, paa_billing.InvitationAsked)
        self.invited.add(person.id)
        self.answered += 1

    def _batches(self, court: Court) -> list[list[UsageRecord]]:
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
            for n, number in zip(
                range(BATCHES_OF_A_COURT * USES_OF_A_BATCH), itertools.cycle(numbers), strict=False
            )
        ]
        self.uses.update({(court.court_id, record.usage_id): record for record in records})
        starts = range(0, len(records), USES_OF_A_BATCH)
        return [records[start : start + USES_OF_A_BATCH] for start in starts]

"""Services are killed at random moments while people go their way: they ask again, nothing is doubled."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from deploy.demo.desk import Desk
from deploy.local.servers import Servers
from shared.messages import linking, paa_billing
from shared.messaging.topology import SERVICES
from tests.installation import until
from tests.system.asking import Mail, PatientPerson, Postbox, a_desk, join_up
from tests.system.effects import each_was_received_once, nothing_is_left, settle
from tests.system.running import CHEAP_PASSWORDS, System, a_system
from tests.system.staff import load_filing_accounts

COURT = "ncwbk"
KILLS = 3
LONGEST_LIFE_SECONDS = 2.0
AT_ONCE = 16
TRY_SECONDS = 1.0
"""Shorter than a service needs to start, so that several copies of a request wait for it."""
MOST_JOURNEYS = 200
FILING_PASSWORD = "old-court-word"
END_LEASES = "UPDATE notifications SET not_before = clock_timestamp() WHERE state IN ('queued', 'sending')"
pytestmark = pytest.mark.timeout(240)


@dataclass
class Road:
    """People on their way from registration to a firm that pays and a court where they file."""

    system: System
    desk: Desk
    postbox: Postbox
    firm: PatientPerson
    logins: list[str]
    kills: Counter[str] = field(default_factory=Counter)
    arrived: dict[UUID, str] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)

    async def travel(self, chance: random.Random) -> None:
        """A few people at a time go on, each after the one before, until every service was killed often."""
        async with asyncio.TaskGroup() as group:
            for service in SERVICES:
                group.create_task(self._kill_often(service, random.Random(chance.random())))
            for _ in range(AT_ONCE):
                group.create_task(self._go_one_after_another())

    async def _go_one_after_another(self) -> None:
        while self.kills.total() < KILLS * len(SERVICES):
            await self._go(self.logins.pop())

    async def _go(self, login: str) -> None:
        person = await join_up(self.desk, self.postbox)
        await until(lambda: self._is_active_in_billing(person), "billing knows", deadline_seconds=60)
        invite = paa_billing.InviteAccount(
            account_number=person.account_number, last_name=person.name.partition(" ")[2]
        )
        await self.firm.ask(invite, paa_billing.InvitationAsked)
        shown = await person.ask(paa_billing.MyInvitations(), paa_billing.InvitationsShown)
        accept = paa_billing.AcceptInvitation(invitation_id=shown.invitations[0].invitation_id)
        await person.ask(accept, paa_billing.MemberJoined)
        password = self.desk.sealed(FILING_PASSWORD, "linking")
        prove = linking.ProveFilingAccount(court_id=COURT, login=login, password=password)
        proved = await person.ask(prove, linking.FilingAccountProved)
        confirm = linking.ConfirmLink(proof_id=proved.proof_id)
        linked = await person.ask(confirm, linking.FilingAccountLinked)
        assert linked.account_id == person.id
        self.arrived[person.id] = login

    async def _is_active_in_billing(self, person: PatientPerson) -> bool:
        query = "SELECT status FROM accounts WHERE account_id = $1"
        rows = await self.system.rows("paa_billing", query, person.id)
        return [row["status"] for row in rows] == ["active"]

    async def _kill_often(self, service: str, chance: random.Random) -> None:
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_SECONDS))  # the life of the process
            self.system.kill(service)
            if service == "notify":
                # The dead hold no lease any longer; without this, each would cost half a minute.
                await self.system.execute("notify", END_LEASES)
            await self.system.start((service,))
            self.kills[service] += 1


@pytest.fixture(scope="module")
async def road(servers: Servers, system_folder: Path) -> AsyncIterator[Road]:
    async with a_system(servers, system_folder / "kills", (COURT,), CHEAP_PASSWORDS) as system:
        await system.start()
        postbox = Postbox(system.story.mail)
        async with a_desk(system, TRY_SECONDS) as desk:
            logins = [f"holder{number}" for number in range(MOST_JOURNEYS)]
            await load_filing_accounts(desk, postbox, COURT, dict.fromkeys(logins, FILING_PASSWORD))
            firm = await join_up(desk, postbox, kind="paa")
            await firm.enrol()
            await firm.ask(paa_billing.RegisterFirm(name="Road & Sons"), paa_billing.FirmRegistered)
            made = Road(system, desk, postbox, firm, logins)
            await settle(system)
            await made.travel(random.Random())
        await settle(system)
        made.mails = postbox.mails()
        yield made


async def count_by_account(road: Road, service: str, query: str) -> dict[UUID, int]:
    """How often each account that arrived is named; `query` answers account ids."""
    counts = Counter(row["account_id"] for row in await road.system.rows(service, query))
    return {account_id: counts[account_id] for account_id in road.arrived}


async def test_every_service_was_killed_and_all_arrived(road: Road) -> None:
    assert road.kills == dict.fromkeys(SERVICES, KILLS)
    assert len(road.arrived) >= AT_ONCE
    await nothing_is_left(road.system)


@pytest.mark.parametrize(
    ("service", "query"),
    [
        ("accounts", "SELECT account_id FROM history WHERE kind = 'registered'"),
        ("accounts", "SELECT account_id FROM history WHERE kind = 'email_verified'"),
        ("paa_billing", "SELECT account_id FROM invitations"),
        ("paa_billing", "SELECT account_id FROM memberships"),
        ("linking", "SELECT account_id FROM links"),
    ],
)
async def test_each_step_of_each_person_was_done_once(road: Road, service: str, query: str) -> None:
    assert await count_by_account(road, service, query) == dict.fromkeys(road.arrived, 1)


@pytest.mark.parametrize(
    ("service", "type_name"),
    [
        ("accounts", "accounts.email_verification_asked.v1"),
        ("accounts", "accounts.account_activated.v1"),
        ("paa_billing", "paa_billing.member_invited.v1"),
        ("paa_billing", "paa_billing.member_joined.v1"),
        ("linking", "linking.filing_account_linked.v1"),
        ("accounts", "accounts.second_factor_required.v1"),
    ],
)
async def test_each_fact_was_announced_as_one_event(road: Road, service: str, type_name: str) -> None:
    query = f"""
        SELECT (convert_from(body, 'UTF8')::jsonb ->> 'account_id')::uuid AS account_id
          FROM announced WHERE type = '{type_name}'
    """  # noqa: S608

    assert await count_by_account(road, service, query) == dict.fromkeys(road.arrived, 1)


async def test_each_person_got_one_mail_of_each_kind(road: Road) -> None:
    rows = await road.system.rows(
        "notify", "SELECT id, account_id, kind, state, is_possible_duplicate FROM notifications"
    )

    each_was_received_once(rows, road.mails)
    kinds = {
        account_id: sorted(row["kind"] for row in rows if row["account_id"] == account_id)
        for account_id in road.arrived
    }
    expected = [
        "filing_account_linked",
        "invitation_received",
        "member_joined_person",
        "second_factor_required",
        "verify_email",
        "welcome",
    ]
    assert kinds == dict.fromkeys(road.arrived, expected)
    assert [row["kind"] for row in rows].count("member_joined_firm") == len(road.arrived)

"""A place where examples are played one after the other: a system, its people, and two firms that compete."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.desk import Desk
from shared.messages import paa_billing
from shared.messages.base import Message
from shared.messages.paa_billing import UsageRecord
from tests.installation import until
from tests.system.asking import PatientPerson, Postbox, join_up
from tests.system.courts import Court
from tests.system.plans import COURTS, Plan, Reported
from tests.system.running import System


@dataclass
class Place:
    """A system, and its firms once they are founded."""

    system: System
    postbox: Postbox
    firms: list[PatientPerson] = field(default_factory=list)

    async def join_up(self, desk: Desk, count: int) -> list[PatientPerson]:
        """New people whom billing knows."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(join_up(desk, self.postbox)) for _ in range(count)]
        people = [task.result() for task in tasks]

        async def are_known() -> bool:
            query = "SELECT 1 FROM accounts WHERE account_id = ANY($1) AND status = 'active'"
            rows = await self.system.rows("paa_billing", query, [person.id for person in people])
            return len(rows) == count

        await until(are_known, f"billing knows {count} people")
        return people

    async def found_firms(self, desk: Desk) -> None:
        """Two firms whose administrators are signed in, unless an example before has founded them."""
        for number in range(len(self.firms), 2):
            firm = await join_up(desk, self.postbox, kind="paa")
            await firm.enrol()
            await firm.ask(paa_billing.RegisterFirm(name=f"Firm {number}"), paa_billing.FirmRegistered)
            self.firms.append(firm)
        for firm in self.firms:
            firm.desk = desk

    async def prepare(self, person: PatientPerson, plan: Plan) -> None:
        """What is paid beforehand, and where the person is free from charges."""
        if plan.paid_cents:
            payment = paa_billing.RecordPayment(
                account_number=person.account_number,
                reference=f"check {person.user_name}",
                amount_cents=plan.paid_cents,
            )
            await person.desk.as_operator(payment, paa_billing.PaymentRecorded)
        if plan.exempt_court:
            exemption = f"""
                INSERT INTO exemptions (id, account_id, court_id, starts_at, must_be_claimed, reason)
                VALUES (gen_random_uuid(), '{person.id}', '{plan.exempt_court}', '2024-01-01', false, 'any')
            """  # noqa: S608
            await self.system.execute("paa_billing", exemption)

    async def act_at_once(self, person: PatientPerson, acts: Sequence[str]) -> list[Message]:
        """Both firms ask the person, who joins one, joins another, or leaves, all at the same time.

        The firm that pays already asks in vain, so that joining it is left out.
        """
        last_name = person.name.partition(" ")[2]
        invite = paa_billing.InviteAccount(account_number=person.account_number, last_name=last_name)
        for firm in self.firms:
            await firm.ask(invite, paa_billing.InvitationAsked)
        shown = await person.ask(paa_billing.MyInvitations(), paa_billing.InvitationsShown)
        invitation_ids = {each.firm_name: each.invitation_id for each in shown.invitations}
        commands: dict[str, Message] = {
            f"join {number}": paa_billing.AcceptInvitation(invitation_id=invitation_ids[f"Firm {number}"])
            for number in range(len(self.firms))
            if f"Firm {number}" in invitation_ids
        }
        commands["leave"] = paa_billing.LeaveFirm(remark="for a while")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(person.answer(commands[act])) for act in acts if act in commands]
        return [task.result().message for task in tasks]

    async def report(self, batches: Sequence[Sequence[Reported]]) -> None:
        """Each court reports its part of each batch, in this order, and reads what became of it."""
        async with asyncio.TaskGroup() as group:
            for court_id in COURTS:
                parts = [[record for court, record in batch if court == court_id] for batch in batches]
                group.create_task(self._report(court_id, [part for part in parts if part]))

    async def lines_of(self, person: PatientPerson) -> list[tuple[Any, ...]]:
        """A person's lines, by their place among the person's uses."""
        rows = await self.system.rows(
            "paa_billing",
            """
            SELECT usage_id, court_id, used_at, kind, page_count, client_code, gross_cents, exempt_cents,
                   reasons, used_quarter, billed_quarter, payer_id = account_id AS is_own
              FROM usage_lines WHERE account_id = $1 ORDER BY usage_id
            """,
            person.id,
        )
        return [(row["usage_id"].rpartition(" ")[2], *tuple(row)[1:]) for row in rows]

    async def _report(self, court_id: str, batches: list[list[UsageRecord]]) -> None:
        court = Court(self.system.story, court_id)
        await court.report(batches)
        for answers in (await court.read_results()).answers.values():
            assert [answer.quarantined for answer in answers] == [()] * len(answers)

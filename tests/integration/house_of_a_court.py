"""A court on a fresh system whose staff follow docs/go-live.md, down to the mails that come of it."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from deploy.local.mail_sink import MailSink, read_mails
from services.notify.service import SERVICE as NOTIFY
from shared.assertion import Assertion
from shared.messages.accounts import ContactChanged
from shared.messages.base import Command, Message, Query
from shared.messages.linking import ProveFilingAccount
from shared.messaging.registry import decode, messages_by_name
from shared.sealed import Sealed, to_be_sealed
from tests.installation import ROOT
from tests.integration.linking_builders import PASSWORD, account_changed, do_due_work, somebody, staff
from tests.messaging import Workplace

COURT, EMAIL = "nysbk", "ecf@nysb.example"
Steps = dict[int, set[str]]


@dataclass
class House:
    """A court on a fresh system: what its staff do by which step, and the mails that come of it."""

    linking: Workplace
    notify: Workplace
    sink: MailSink
    followed: Steps = field(default_factory=dict)
    passed_on: set[UUID] = field(default_factory=set)

    async def do(self, step: int, message: Message, by: Assertion | None = None) -> Any:
        """Send what the step names, as the court's staff unless somebody else is named."""
        self.followed.setdefault(step, set()).add(type(message).__name__)
        return await self.linking.send(message, by=by or self.clerk())

    def clerk(self) -> Assertion:
        """The court's staff, signed in just now."""
        return staff(self.linking, COURT)

    async def reach(self, instant: datetime) -> None:
        """Let the time come, with all that is due until then."""
        self.linking.clock.now = instant
        for place in (self.linking, self.notify):
            await place.pool.execute(
                "SELECT ensure_partitions($1, $2)", instant - timedelta(days=2), instant + timedelta(days=2)
            )
        while await do_due_work(self.linking):
            pass
        await self.linking.work_off("go-live reminders")

    async def mails(self) -> list[tuple[str, str]]:
        """Let every mail go out, and answer kind and address of each so far."""
        rows = await self.linking.pool.fetch(
            "SELECT message_id, type, body FROM outbox ORDER BY stored_at, message_id"
        )
        for row in rows:
            event = decode(row["type"], row["body"])
            is_ours = getattr(event, "court_id", COURT) == COURT
            if row["message_id"] not in self.passed_on and type(event) in NOTIFY.handles and is_ours:
                await self.notify.send(event, message_id=row["message_id"])
            self.passed_on.add(row["message_id"])
        await self.notify.work_off("mail")
        return sorted((mail.kind, mail.to) for mail in read_mails(self.sink.folder))

    async def a_person(self, email: str) -> Assertion:
        """Somebody with an account and a proved address."""
        who = somebody(self.linking)
        await self.linking.send(account_changed(who.account_id))
        contact = ContactChanged(account_id=who.account_id, version=1, name="Ann Lee", email=email)
        await self.notify.send(contact)
        return who

    def sealed(self, secret: str) -> Sealed:
        """What somebody types."""
        return to_be_sealed(secret, reader="linking", expires_at=self.linking.clock() + timedelta(minutes=1))

    def a_proof(self, login: str, password: str = PASSWORD) -> ProveFilingAccount:
        """A CM/ECF login and password, as somebody types them."""
        return ProveFilingAccount(court_id=COURT, login=login, password=self.sealed(password))


def steps_of_the_runbook() -> Steps:
    """The commands and queries that each numbered step names."""
    asked = {kind.__name__ for kind in messages_by_name().values() if issubclass(kind, Command | Query)}
    text = (ROOT / "docs" / "go-live.md").read_text()
    steps = re.findall(r"^(\d+)\. (.*)$", text, re.MULTILINE)
    return {int(number): {*re.findall(r"`([A-Za-z]+)`", step)} & asked for number, step in steps}

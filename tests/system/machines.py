"""A court's machine that speaks HTTP with the web edge, its credential, and whose token it is shown."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec

from deploy.demo.desk import Desk
from shared.messages import linking
from shared.messages.accounts.court_credentials import (
    CourtCredentialChanged,
    CourtCredentialIssued,
    EndCourtCredentialByOperator,
    IssueCourtCredentialByOperator,
)
from shared.messages.paa_billing import UsageRecord
from shared.messaging.ids import new_id
from tests.installation import until
from tests.system.asking import PatientPerson, Postbox, a_secret, join_up
from tests.system.conftest import Pair
from tests.system.running import System
from tests.system.staff import fast_verifier_of, load_filing_accounts

COURT, OTHER_COURT = "ncwbk", "gubk"
LOGIN, PASSWORD = "holder", a_secret()
BATCHES, FILERS = "/courts/v1/usage-batches", "/courts/v1/filers"
ASKING_SECONDS = 30


@dataclass
class Machine:
    """One court's machine; its answers are kept, so that a test can search them."""

    system: System
    client: httpx.AsyncClient
    court_id: str
    credential: str
    credential_id: UUID
    answers: list[httpx.Response] = field(default_factory=list)

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **how: Any
    ) -> httpx.Response:
        """One request, with the credential in its head."""
        head = {"authorization": f"Bearer {self.credential}", **(headers or {})}
        answer = await self.client.request(method, path, headers=head, **how)
        self.answers.append(answer)
        return answer

    def batch(self, records: Sequence[UsageRecord], **changes: Any) -> dict[str, Any]:
        """A batch as the machine sends it; name what differs."""
        usual = {
            "type": "paa_billing.record_usage.v1",
            "court_id": self.court_id,
            "batch_id": str(new_id(self.system.story.clock())),
            "records": [msgspec.to_builtins(record) for record in records],
        }
        return {**usual, **changes}

    async def report(self, batch: Mapping[str, Any]) -> httpx.Response:
        """Send a batch once."""
        return await self.ask("POST", BATCHES, json=batch)

    async def outcome(self, batch_id: str) -> dict[str, Any]:
        """What became of a batch until now."""
        answer = await self.ask("GET", f"{BATCHES}/{batch_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def settled(self, batch_id: str) -> dict[str, Any]:
        """What became of a batch, once something has."""

        async def found() -> dict[str, Any] | None:
            outcome = await self.outcome(batch_id)
            return outcome if outcome["state"] != "not_settled" else None

        settled: dict[str, Any] = await until(found, "the batch is settled", deadline_seconds=ASKING_SECONDS)
        return settled

    async def filers(self, token: str) -> httpx.Response:
        """Whose session is this token?"""
        return await self.ask("POST", FILERS, json={"token": token})


@asynccontextmanager
async def a_machine(
    system: System, desk: Desk, court_id: str, name: str = "CM/ECF"
) -> AsyncIterator[Machine]:
    """A machine with a credential that the operator has issued for it."""
    issue = IssueCourtCredentialByOperator(court_id=court_id, name=name)
    answer = await desk.operator.ask(issue)
    assert isinstance(answer.message, CourtCredentialIssued), answer.message
    async with httpx.AsyncClient(
        base_url=system.web_address, timeout=ASKING_SECONDS, trust_env=False
    ) as client:
        yield Machine(
            system=system,
            client=client,
            court_id=court_id,
            credential=desk.operator.open(answer, "credential"),
            credential_id=answer.message.credential_id,
        )


async def end_credential(desk: Desk, machine: Machine) -> None:
    """The operator ends a machine's credential."""
    end = EndCourtCredentialByOperator(court_id=machine.court_id, credential_id=machine.credential_id)
    await desk.as_operator(end, CourtCredentialChanged)


@dataclass
class Scene:
    """A system with its edge, a court's machine, another court's, and somebody who files at the first."""

    pair: Pair
    system: System
    desk: Desk
    postbox: Postbox
    machine: Machine
    other: Machine
    filer: PatientPerson

    @property
    def token(self) -> str:
        """The session that the court's machine is shown."""
        return self.filer._token

    def use(self, person: PatientPerson | None = None) -> UsageRecord:
        """Three pages that somebody has just read."""
        number = (person or self.filer).account_number
        return UsageRecord(
            usage_id=uuid4().hex,
            account_number=number,
            used_at=self.system.story.clock(),
            kind="document",
            pages=3,
        )

    async def is_whole(self) -> None:
        """Return once every service answers again, after one was away."""

        async def is_answered() -> bool:
            return (await self.machine.filers(self.token)).status_code == 200

        await until(is_answered, "accounts and linking answer", deadline_seconds=ASKING_SECONDS)

    async def lines(self, uses: Sequence[UsageRecord]) -> int:
        """How many lines these uses have."""
        query = "SELECT count(*) AS lines FROM usage_lines WHERE usage_id = ANY($1)"
        (row,) = await self.system.rows("paa_billing", query, [use.usage_id for use in uses])
        return int(row["lines"])


async def link(desk: Desk, postbox: Postbox) -> PatientPerson:
    """Somebody who files at the court."""
    await load_filing_accounts(desk, postbox, COURT, {LOGIN: PASSWORD}, fast_verifier_of)
    person = await join_up(desk, postbox)
    await person.enrol()
    prove = linking.ProveFilingAccount(court_id=COURT, login=LOGIN, password=desk.sealed(PASSWORD, "linking"))
    proved = await person.ask(prove, linking.FilingAccountProved)
    await person.ask(linking.ConfirmLink(proof_id=proved.proof_id), linking.FilingAccountLinked)
    return person

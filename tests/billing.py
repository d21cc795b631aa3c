"""Builders for tests of billing: accounts, firms, batches of usage, and who asks."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from services.paa_billing.service import SERVICE
from services.paa_billing.settings import Resources
from shared.assertion import Assertion
from shared.messages.accounts import AccountChanged
from shared.messages.paa_billing import (
    AcceptInvitation,
    InviteAccount,
    RecordUsage,
    RegisterFirm,
    UsageBatchSettled,
)
from shared.messaging.due_work import take_due
from shared.messaging.envelope import Envelope
from shared.messaging.groups import Member, judge_group, read_member
from shared.messaging.ids import new_id
from shared.messaging.registry import decode
from shared.policies import Policies, read_policies
from tests.messaging import NOON, Workplace, an_assertion

COURT = "ncwbk"


@dataclass(frozen=True, kw_only=True)
class Holder:
    """An account in a test, and the assertion with which its holder asks."""

    changed: AccountChanged

    @property
    def account_id(self) -> UUID:
        return self.changed.account_id

    @property
    def number(self) -> str:
        return self.changed.account_number

    def asks(self, now: datetime = NOON, **changes: Any) -> Assertion:
        """The assertion of a session proved at `now`."""
        usual = {
            "account_id": self.account_id,
            "account_number": self.number,
            "kind": self.changed.kind,
            "generation": self.changed.generation,
            "status": self.changed.status,
            "account_version": self.changed.version,
        }
        return an_assertion("paa_billing", now, **(usual | changes))


@dataclass(frozen=True, kw_only=True)
class FirmHolder(Holder):
    """An administrator with a registered firm."""

    paa_id: UUID


def an_account(**changes: Any) -> AccountChanged:
    """An upgraded, active individual; name what differs."""
    usual: dict[str, Any] = {
        "account_id": uuid4(),
        "version": 1,
        "account_number": f"{secrets.randbelow(10**7):07}",
        "first_name": "Ada",
        "last_name": "Member",
        "kind": "individual",
        "generation": "upgraded",
        "status": "active",
        "email_verified": True,
        "is_search_active": True,
        "has_second_factor": True,
    }
    return AccountChanged(**(usual | changes))


def resources(**billing: Any) -> Resources:
    """The shipped policies; name those of billing that differ."""
    shipped: Policies = read_policies()
    changed = msgspec.structs.replace(shipped.billing, **billing)
    return Resources(policies=msgspec.structs.replace(shipped, billing=changed))


async def opened(place: Workplace) -> Workplace:
    """The workplace after the service's start."""
    assert SERVICE.prepares is not None
    await SERVICE.prepares(place.bench)
    return place


async def a_person(place: Workplace, **changes: Any) -> Holder:
    """An account that billing knows."""
    changed = an_account(**changes)
    await place.send(changed)
    return Holder(changed=changed)


async def a_firm(place: Workplace, name: str = "Hale & Partner", **changes: Any) -> FirmHolder:
    """A firm registered by its administrator."""
    changed = an_account(kind="paa", first_name="", last_name=name, **changes)
    await place.send(changed)
    holder = Holder(changed=changed)
    registered = await place.send(RegisterFirm(name=name), by=holder.asks(place.clock()))
    return FirmHolder(changed=changed, paa_id=registered.paa_id)


async def invite(place: Workplace, firm: FirmHolder, person: Holder) -> UUID:
    """Ask a person; answers the invitation's id."""
    invited = InviteAccount(account_number=person.number, last_name=person.changed.last_name, remark="hello")
    await place.send(invited, by=firm.asks(place.clock()))
    invitation_id: UUID = await place.pool.fetchval(
        """
        SELECT invitation_id FROM invitations
         WHERE paa_id = $1 AND account_id = $2 AND state = 'open'
        """,
        firm.paa_id,
        person.account_id,
    )
    return invitation_id


async def join(place: Workplace, firm: FirmHolder, person: Holder) -> Any:
    """Let a firm pay for a person, from the workplace's instant on."""
    invitation_id = await invite(place, firm, person)
    return await place.send(AcceptInvitation(invitation_id=invitation_id), by=person.asks(place.clock()))


def a_use(person: Holder | str, used_at: object = NOON, **changes: Any) -> dict[str, Any]:
    """A document of three pages, as a court reports it; name what differs, None leaves a field out."""
    usual: dict[str, Any] = {
        "usage_id": secrets.token_hex(8),
        "account_number": person if isinstance(person, str) else person.number,
        "used_at": used_at.isoformat() if isinstance(used_at, datetime) else used_at,
        "kind": "document",
        "pages": 3,
        "case_number": "3:24-bk-00001",
        "client_code": "smith",
        "description": "Motion",
    }
    return {field: value for field, value in (usual | changes).items() if value is not None}


def a_batch(*records: dict[str, Any] | bytes, court_id: str = COURT) -> RecordUsage:
    """A batch of records; bytes go as they are."""
    raw = [record if isinstance(record, bytes) else msgspec.json.encode(record) for record in records]
    return RecordUsage(court_id=court_id, batch_id=uuid4(), records=[msgspec.Raw(each) for each in raw])


async def report(
    place: Workplace, *records: dict[str, Any] | bytes, court_id: str = COURT
) -> UsageBatchSettled:
    """Send a batch as its court does, and answer what became of it."""
    batch = a_batch(*records, court_id=court_id)
    await place.send(batch, sender=court_id, message_id=new_id(place.clock()))
    return next(e for e in await place.emitted(UsageBatchSettled) if e.batch_id == batch.batch_id)


def a_member(place: Workplace, batch: RecordUsage, sender: str = "") -> Member:
    """A batch as it arrives from its court, to be handled with others."""
    message_id = new_id(place.clock())
    envelope = Envelope(
        message_id=message_id,
        type=batch.message_name(),
        sender=sender or batch.court_id,
        time=place.clock(),
        correlation_id=message_id,
    )
    read = read_member(place.bench, "paa_billing.bulk", envelope, msgspec.json.encode(batch))
    assert read is not None
    return read


async def report_together(place: Workplace, *batches: RecordUsage) -> list[UsageBatchSettled]:
    """Send batches that share a transaction, and answer what became of each."""
    await judge_group(place.bench, [a_member(place, batch) for batch in batches])
    settled = {each.batch_id: each for each in await place.emitted(UsageBatchSettled)}
    return [settled[batch.batch_id] for batch in batches]


async def do_due_work(place: Workplace) -> int:
    """Turn what is due into commands and handle them, as relay and consumer do; answers how many."""
    async with place.pool.acquire() as connection, connection.transaction():
        rows = await take_due(connection, place.clock(), 100)
    for row in rows:
        await place.send(decode(row.kind, row.body), sender="paa_billing")
    return len(rows)


async def lines_of(place: Workplace) -> list[dict[str, Any]]:
    """All lines in order of court and id, without what differs with each delivery."""
    rows = await place.pool.fetch(
        """
        SELECT court_id, usage_id, account_id, payer_id, paa_id, used_at, kind, page_count, byte_count,
               record_count, description, case_number, client_code, schedule_effective_on, gross_cents,
               exempt_cents, exemption_id, reasons, used_quarter, billed_quarter
          FROM usage_lines ORDER BY court_id, usage_id
        """
    )
    return [dict(row) for row in rows]


def later(holder: Holder, **changes: Any) -> Holder:
    """The same account one version later; name what differs."""
    changed = msgspec.structs.replace(holder.changed, version=holder.changed.version + 1, **changes)
    return replace(holder, changed=changed)

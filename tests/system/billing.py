"""Accounts that use PACER for a quarter, and what its close makes of that."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from deploy.demo.desk import Desk
from services.paa_billing.statements import canonical_json, digest_of, issue_statement, read_draft
from shared.messages import paa_billing
from shared.messages.paa_billing import UsageRecord
from tests.installation import until
from tests.system.asking import PatientPerson
from tests.system.running import System

KINDS = ("document", "docket_report", "name_search", "transcript", "opinion")
CLOSE_SECONDS = 120
WHENEVER = datetime(2000, 1, 1, tzinfo=UTC)


def some_uses(
    chance: random.Random, name: str, numbers: Sequence[str], since: datetime, until_: datetime, count: int
) -> list[UsageRecord]:
    """So many uses by these accounts between two instants; the ids begin with the name."""
    seconds = int((until_ - since).total_seconds())
    return [
        UsageRecord(
            usage_id=f"{name} {place}",
            account_number=chance.choice(numbers),
            used_at=since + timedelta(seconds=chance.randrange(seconds)),
            kind=chance.choice(KINDS),
            pages=chance.randint(1, 60),
            client_code=chance.choice(("", "matter-1", "matter-2")),
        )
        for place in range(count)
    ]


async def invite_and_join(desk: Desk, firm: PatientPerson, person: PatientPerson) -> None:
    """The firm pays for the person from now on; billing must know both."""
    invite = paa_billing.InviteAccount(
        account_number=person.account_number, last_name=person.name.partition(" ")[2]
    )
    await firm.ask(invite, paa_billing.InvitationAsked)
    shown = await person.ask(paa_billing.MyInvitations(), paa_billing.InvitationsShown)
    accept = paa_billing.AcceptInvitation(invitation_id=shown.invitations[0].invitation_id)
    await person.ask(accept, paa_billing.MemberJoined)


async def close(desk: Desk, quarter: str, message_id: UUID) -> None:
    """Say that a quarter is to be closed; it goes on in the background."""
    answer = await desk.operator.ask(paa_billing.CloseQuarter(quarter=quarter), message_id=message_id)
    assert isinstance(answer.message, paa_billing.QuarterClosing), answer.message


async def wait_until_closed(system: System, quarter: str) -> None:
    """Return once every statement of the quarter is issued."""

    async def is_it() -> bool:
        return await is_closed(system, quarter)

    await until(is_it, f"{quarter} is closed", deadline_seconds=CLOSE_SECONDS)


async def is_closed(system: System, quarter: str) -> bool:
    rows = await system.rows("paa_billing", "SELECT state FROM quarters WHERE quarter = $1", quarter)
    return [row["state"] for row in rows] == ["closed"]


async def statements_of(system: System, quarter: str) -> dict[UUID, dict[str, Any]]:
    """What stands on each payer's statement, without the instants of cutting off and issuing.

    Each is made anew from its draft, and must have the digest that was kept of it when it was issued.
    """
    rows = await system.rows(
        "paa_billing",
        """
        SELECT s.payer_id, s.number, s.issued_at, s.sha256, d.canonical
          FROM statements AS s JOIN statement_drafts AS d USING (quarter, payer_id)
         WHERE s.quarter = $1
        """,
        quarter,
    )
    found = {}
    for row in rows:
        issued = issue_statement(read_draft(row["canonical"]), row["number"], row["issued_at"])
        assert digest_of(canonical_json(issued)) == row["sha256"]
        timeless = msgspec.structs.replace(issued, issued_at=WHENEVER, cut_off_at=WHENEVER)
        found[row["payer_id"]] = msgspec.json.decode(canonical_json(timeless))
    return found

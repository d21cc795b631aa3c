"""What the tests of mail share: people, courts, events, and the state of what was queued."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from services.notify.settings import MailServer, Resources, Sender
from shared.messages.accounts import ContactChanged, EmailVerificationAsked
from shared.messages.linking import CourtChanged
from shared.policies import read_policies
from shared.sealed import to_be_sealed
from tests.messaging import NOON, Workplace

SENDER = Sender(
    address="no-reply@accounts.example", name="NextGen Accounts", portal_url="https://accounts.example"
)
TOKEN = "one-time-token-Zm9vYmFy"


def resources_for(port: int, timeout_seconds: float = 5) -> Resources:
    """Mail goes to this port of the loopback."""
    server = MailServer(host="127.0.0.1", port=port, security="none", timeout_seconds=timeout_seconds)
    return Resources(policies=read_policies(), server=server, sender=SENDER)


def a_contact(account_id: UUID | None = None, **changes: Any) -> ContactChanged:
    """A person with a verified address."""
    usual: dict[str, Any] = {
        "account_id": account_id or uuid4(),
        "version": 1,
        "name": "Ann Lee",
        "email": "ann@example.org",
    }
    return ContactChanged(**{**usual, **changes})


def a_court(**changes: Any) -> CourtChanged:
    """A court with a contact address, in the Eastern zone."""
    usual: dict[str, Any] = {
        "court_id": "ncwbk",
        "version": 1,
        "name": "North Carolina Western Bankruptcy Court",
        "time_zone": "America/New_York",
        "go_live_at": NOON,
        "help_desk": "(555) 010-0100",
        "contact_email": "help@ncwb.example",
    }
    return CourtChanged(**{**usual, **changes})


def a_verification(name: str = "Ann Lee", email: str = "ann@example.org") -> EmailVerificationAsked:
    """An address that waits to be proved, for a week."""
    expires_at = NOON + timedelta(days=7)
    recipient = msgspec.json.encode({"name": name, "email": email}).decode()
    return EmailVerificationAsked(
        account_id=uuid4(),
        recipient=to_be_sealed(recipient, reader="notify", expires_at=expires_at),
        token=to_be_sealed(TOKEN, reader="notify", expires_at=expires_at),
    )


async def a_known_person(place: Workplace, **changes: Any) -> UUID:
    """Make a person known and answer the account id."""
    contact = a_contact(**changes)
    await place.send(contact)
    return contact.account_id


async def notifications(place: Workplace) -> list[dict[str, Any]]:
    """All queued and settled mail, in the order in which it was queued."""
    rows = await place.pool.fetch(
        """
        SELECT id, event_id, correlation_id, recipient, kind, mail_class, state, reason, attempts,
               is_possible_duplicate,
               extract(epoch FROM not_before - clock_timestamp())::float8 AS waits_seconds
          FROM notifications
         ORDER BY queued_at, id
        """
    )
    return [dict(row) for row in rows]


async def let_waits_pass(place: Workplace) -> None:
    """As if all waits and leases were over."""
    await place.pool.execute("UPDATE notifications SET not_before = clock_timestamp() - interval '1 second'")


async def everything_in(place: Workplace) -> str:
    """All rows of all tables of the service, as text."""
    tables = await place.pool.fetch(
        "SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT')"
    )
    found = [await place.pool.fetch(f'SELECT t::text AS row FROM "{table["name"]}" t') for table in tables]  # noqa: S608
    return "\n".join(row["row"] for rows in found for row in rows)

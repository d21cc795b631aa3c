"""Whom letters are expected to go to: for a rule and an event, each kind of letter with its address."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from services.notify.model import Contact, Court, Directory, Letter
from services.notify.settings import Sender
from shared.messages.base import Event
from shared.sealed import Sealed
from tests.messaging import NOON

Expected = tuple[Callable[[Any, Directory], tuple[Letter, ...]], Event, dict[str, str]]
UNHEARD = {
    "accounts.account_changed.v1",
    "linking.export_part_made.v1",
    "linking.staff_used_data.v1",
    "paa_billing.client_code_rule_changed.v1",
    "paa_billing.export_part_made.v1",
    "paa_billing.staff_used_data.v1",
}
"""Events that other services announce, and no mail needs."""
PERSON, ADMINISTRATOR = uuid4(), uuid4()
"""Ann Lee at ann@example.org, and Bob Ray at bob@firm.example."""
SEALED = Sealed(reader="notify", public_key=b"key", ciphertext=b"text", expires_at=NOON + timedelta(days=7))
SENDER = Sender(address="no-reply@accounts.example", name="NextGen", portal_url="https://accounts.example")


def a_directory(**changes: Any) -> Directory:
    """A directory that knows both, and a court; name what differs."""
    usual: dict[str, Any] = {
        "contacts": {
            PERSON: Contact(account_id=PERSON, name="Ann Lee", email="ann@example.org"),
            ADMINISTRATOR: Contact(account_id=ADMINISTRATOR, name="Bob Ray", email="bob@firm.example"),
        },
        "found_court": Court(
            court_id="ncwbk",
            name="North Carolina Western Bankruptcy Court",
            time_zone="America/New_York",
            help_desk="(555) 010-0100",
            contact_email="help@ncwb.example",
        ),
        "business_zone": ZoneInfo("America/Chicago"),
    }
    return Directory(**{**usual, **changes})
